-- allow college
-- allow name, where #person = @campus_id
-- allow pay, born, in statistics of 5 people by college, born
-- shows college: clear string
-- shows count: clear int64
-- shows avg_pay: statistics float64
-- withholds id
SELECT *
  FROM (WITH base AS (SELECT CASE
      WHEN (coalesce("id" IN (CAST(? AS VARCHAR)), FALSE)) THEN "name"
      ELSE CAST(NULL AS VARCHAR) END AS "name", "college" AS "college", "born" AS "born", "pay" AS "pay", CAST("id" AS VARCHAR) AS "_person",
    NOT (((FALSE OR coalesce((("id" IN (CAST(? AS VARCHAR)))), FALSE) OR coalesce((1=1), FALSE)) AND FALSE AND coalesce((1=1), FALSE))) AS _hidden,
    NOT (FALSE) AS _c0
  FROM "warehouse"."published"."hr.staff"),
atoms AS (SELECT "born" AS _d0, "college" AS _d1,
    count(DISTINCT CASE
      WHEN _hidden THEN coalesce(_person, '') END) AS _people,
    CASE WHEN count(DISTINCT CASE
      WHEN _hidden THEN coalesce(_person, '') END) >= 5 THEN count(DISTINCT CASE
      WHEN _c0 AND "pay" IS NOT NULL THEN coalesce(_person, '') END)
      ELSE count(DISTINCT CASE
      WHEN _c0 AND "pay" IS NOT NULL AND NOT _hidden THEN coalesce(_person, '') END) END AS _v0,
    CASE WHEN count(DISTINCT CASE
      WHEN _hidden THEN coalesce(_person, '') END) >= 5 THEN count(DISTINCT CASE
      WHEN _c0 AND "pay" IS NULL THEN coalesce(_person, '') END)
      ELSE count(DISTINCT CASE
      WHEN _c0 AND "pay" IS NULL AND NOT _hidden THEN coalesce(_person, '') END) END AS _m0
  FROM base
  GROUP BY "born", "college") SELECT "base"."college" AS "college",
    count(*) AS "count", CAST(avg(CASE
      WHEN NOT _c0 OR (_v0 >= 5 AND (_m0 = 0 OR _m0 >= 5)) THEN "base"."pay" END) AS DOUBLE) AS "avg_pay"
  FROM base
  JOIN atoms ON (TRUE AND "base"."born" IS NOT DISTINCT FROM atoms._d0 AND "base"."college" IS NOT DISTINCT FROM atoms._d1)
  WHERE (NOT _hidden OR _people >= 5) AND "born" < CAST(? AS DATE)
  GROUP BY "base"."college") AS figures
  LIMIT 100
-- with 1
-- with 1
-- with 2000-01-01
