UPDATE {{.Verdicts}} SET _fail = {{.Number}}
WHERE _fail IS NULL AND NOT _gone AND {{.Column}} IS NOT NULL
{{- if .HoldersKeep}}
AND _rid NOT IN (SELECT a._rid FROM {{.Verdicts}} a JOIN (SELECT {{.Field}} AS u, {{.PublishedKey}} FROM {{.Published}}) b ON {{.KeyMatch}} AND a.{{.Column}} = b.u)
{{- end}}
AND (
    {{.Column}} IN (SELECT {{.Column}} FROM {{.Verdicts}} WHERE _fail IS NULL AND NOT _gone
                    GROUP BY {{.Column}} HAVING count(*) > 1 AND count(DISTINCT ({{.KeyNames}})) > 1)
{{- if .AgainstPublished}}
    OR {{.Column}} IN (SELECT a.u FROM (SELECT {{.Field}} AS u, {{.PublishedKey}} FROM {{.Published}}) a
                       ANTI JOIN (SELECT * FROM {{.Verdicts}} WHERE _fail IS NULL) b ON {{.KeyMatch}})
{{- end}}
)
