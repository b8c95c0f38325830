DELETE FROM {{.Published}} WHERE rowid IN (SELECT pid FROM delta WHERE pid IS NOT NULL)
