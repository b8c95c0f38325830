CREATE OR REPLACE TABLE {{.Verdicts}} AS
SELECT _rid, _row, _gone, _hash, _fail, {{.KeyValues}}{{.Extra}}
FROM (
    SELECT *, {{.RowHash}} AS _hash, CAST({{.Fail}} AS INTEGER) AS _fail
    FROM (
        SELECT l.rowid AS _rid, l._row AS _row, {{.Gone}} AS _gone, {{.Values}}{{.Bads}}{{.Orders}}
        FROM {{.Landed}} l
    )
)
