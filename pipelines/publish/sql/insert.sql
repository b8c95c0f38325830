INSERT INTO {{.Published}} ({{.Names}}, _since, _hash, _run)
SELECT {{.ValueNames}}, ?, {{.RowHash}}, ?
FROM (SELECT {{.Values}} FROM {{.Landed}} l WHERE l.rowid IN (SELECT rid FROM delta WHERE kind <> 'd'))
