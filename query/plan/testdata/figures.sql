-- allow college, born
-- allow pay, where #person = @campus_id
-- shows college: clear string
-- shows count: clear int64
-- shows total: clear decimal(38,2)
-- shows count_distinct_born: clear int64
-- withholds id
-- withholds name
SELECT *
  FROM (SELECT "base"."college" AS "college",
    count(*) AS "count", CAST(sum("base"."pay") AS DECIMAL(38,2)) AS "total",
    count(DISTINCT "base"."born") AS "count_distinct_born"
  FROM (SELECT "college" AS "college", "born" AS "born",
    CASE WHEN (coalesce("id" IN (CAST(? AS VARCHAR)), FALSE)) THEN "pay"
      ELSE CAST(NULL AS DECIMAL(10,2)) END AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS base
  WHERE "college" IS NOT NULL
  GROUP BY "base"."college") AS figures
  ORDER BY "total" DESC NULLS LAST
  LIMIT 100
-- with 1
