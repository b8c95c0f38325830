SELECT a.row, r.code, r.field, concat_ws(' · ', r.reason{{.Further}}) AS reason
FROM (
    SELECT v._row AS row, v._fail AS fail, v._gone AS _gone, {{.Values}}{{.Bads}}
    FROM {{.Landed}} l JOIN {{.Verdicts}} v ON l.rowid = v._rid
    WHERE v._fail > 0
) a JOIN (VALUES {{.Reasons}}) r (number, code, field, reason) ON a.fail = r.number
ORDER BY a.row
