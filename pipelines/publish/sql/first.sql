INSERT INTO {{.Published}} ({{.Names}}, _since, _hash, _run)
SELECT {{.ValueNames}}, ?, {{.RowHash}}, ?
FROM (SELECT {{.Values}} FROM {{.Landed}} l
{{- if .Some}} WHERE l.rowid NOT IN (SELECT _rid FROM {{.Verdicts}} WHERE _fail IS NOT NULL OR _gone){{end}})
