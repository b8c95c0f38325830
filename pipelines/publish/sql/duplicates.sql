UPDATE {{.Verdicts}} SET _fail = r.fail
FROM (
    SELECT _rid AS rid,
        {{- if eq .Keep "reject_all"}}
        CASE WHEN min(_hash) OVER w <> max(_hash) OVER w OR min(_gone) OVER w <> max(_gone) OVER w THEN {{.Number}}
             WHEN row_number() OVER (PARTITION BY {{.KeyNames}} ORDER BY _row) > 1 THEN -1 END AS fail
        {{- else}}
        CASE WHEN row_number() OVER w = 1 THEN NULL
             WHEN {{.Quiet}} OR (_hash = first_value(_hash) OVER w AND _gone = first_value(_gone) OVER w) THEN -1
             ELSE {{.Number}} END AS fail
        {{- end}}
    FROM {{.Verdicts}} a
    SEMI JOIN (SELECT {{.KeyNames}} FROM {{.Verdicts}} WHERE _fail IS NULL
               GROUP BY {{.KeyNames}} HAVING count(*) > 1) b ON {{.KeyMatch}}
    WHERE _fail IS NULL
    WINDOW w AS (PARTITION BY {{.KeyNames}}{{if ne .Keep "reject_all"}} ORDER BY {{.Order}}{{end}})
) r
WHERE _rid = r.rid AND r.fail IS NOT NULL
