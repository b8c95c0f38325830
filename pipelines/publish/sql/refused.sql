CREATE OR REPLACE TEMP TABLE refused AS
SELECT *, row_number() OVER (PARTITION BY code, field, raw ORDER BY row) AS nth,
       row_number() OVER (ORDER BY row, code, raw) AS number
FROM (
    SELECT v._row AS row, r.code, r.field, r.reason, {{.Raw}} AS raw
    FROM {{.Landed}} l JOIN {{.Verdicts}} v ON l.rowid = v._rid
    JOIN (VALUES {{.Reasons}}) r (number, code, field, reason) ON v._fail = r.number
    WHERE v._fail > 0
    UNION ALL
    SELECT row, code, coalesce(field, ''), reason, CAST(json_object('_raw', raw) AS VARCHAR)
    FROM landing.meta.rejects WHERE dataset = ?
)
