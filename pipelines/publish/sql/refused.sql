CREATE OR REPLACE TEMP TABLE refused AS
SELECT *, row_number() OVER (PARTITION BY code, field, raw ORDER BY row) AS nth,
       row_number() OVER (ORDER BY row, code, raw) AS number
FROM (
    SELECT a.row, r.code, r.field, concat_ws(' · ', r.reason{{.Further}}) AS reason, a.raw
    FROM (
        SELECT v._row AS row, v._fail AS fail, v._gone AS _gone, {{.Raw}} AS raw, {{.Values}}{{.Bads}}
        FROM {{.Landed}} l JOIN {{.Verdicts}} v ON l.rowid = v._rid
        WHERE v._fail > 0
    ) a JOIN (VALUES {{.Reasons}}) r (number, code, field, reason) ON a.fail = r.number
    UNION ALL
    SELECT row, code, coalesce(field, ''), reason, CAST(json_object('_raw', raw) AS VARCHAR)
    FROM landing.meta.rejects WHERE dataset = ?
)
