SELECT DISTINCT person
FROM (
    SELECT unnest([CAST({{.Old}} AS VARCHAR), CAST({{.Value}} AS VARCHAR)]) AS person
    FROM {{.Landed}} l JOIN {{.Verdicts}} v ON l.rowid = v._rid
    WHERE v._fail IS NULL
)
WHERE person IS NOT NULL
LIMIT ?
