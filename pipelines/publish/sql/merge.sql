CREATE OR REPLACE TABLE {{.Landed}} AS
WITH joined AS (
    SELECT g.*, {{.Twice}} AS "is:twice", coalesce(w."is:here", false) AS "is:here",
           coalesce({{.May}}, false) AS "is:mine"{{.Was}}
    FROM (SELECT l.*, {{.GivenKey}} FROM {{.Staged}} l) g
    LEFT JOIN (
        SELECT {{.WasNames}}, true AS "is:here"{{.Permits}}
        FROM (SELECT {{.Names}}, {{.WasKey}} FROM {{.Published}} p)
    ) w ON {{.GivenMatch}}
)
SELECT {{.Kept}}, "is:index" + 1 AS _row, "is:twice", "is:here" AND "is:mine" AS "is:known", "is:here" AND NOT "is:mine" AS "is:hidden"{{.Values}}
FROM joined l
