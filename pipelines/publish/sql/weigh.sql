SELECT _row, CASE
    {{- if .Delete}} WHEN NOT "is:known" THEN 'not_found'
    {{- else}} WHEN "is:hidden" OR NOT ({{.May}}) THEN 'denied'
    {{- end}} END AS "is:code"
FROM (
    SELECT *{{.Permits}}
    FROM (
        SELECT v._row AS _row, l."is:known", l."is:hidden"{{.Given}}, {{.NamedValues}}
        FROM {{.Landed}} l JOIN {{.Verdicts}} v ON l.rowid = v._rid
        WHERE {{if .Failed}}v._fail > 0{{else}}v._fail IS NULL{{end}}
    )
)
WHERE "is:code" IS NOT NULL
ORDER BY _row
