INSERT INTO {{.History}} ({{.Names}}, _since, _until, _hash, _run)
SELECT {{.Names}}, _since, ?, _hash, ? FROM {{.Published}} WHERE rowid IN (SELECT pid FROM delta WHERE pid IS NOT NULL)
