SELECT count(*)
FROM (SELECT rowid AS pid, {{.PublishedKey}} FROM {{.Published}}) a
ANTI JOIN ({{if .Full}}SELECT * FROM {{.Verdicts}}{{else}}SELECT {{.LiveKey}} FROM {{.LiveKeys}} l{{end}}) b ON {{.KeyMatch}}
