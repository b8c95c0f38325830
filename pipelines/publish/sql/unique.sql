UPDATE {{.Verdicts}} SET _fail = {{.Number}}
WHERE _fail IS NULL AND NOT _gone AND {{.Column}} IS NOT NULL AND (
    {{.Column}} IN (SELECT {{.Column}} FROM {{.Verdicts}} WHERE _fail IS NULL AND NOT _gone
                    GROUP BY {{.Column}} HAVING count(*) > 1 AND count(DISTINCT ({{.KeyNames}})) > 1)
{{- if .AgainstPublished}}
    OR {{.Column}} IN (SELECT a.u FROM (SELECT {{.Field}} AS u, {{.PublishedKey}} FROM {{.Published}}) a
                       ANTI JOIN {{.Verdicts}} b ON {{.KeyMatch}})
{{- end}}
)
