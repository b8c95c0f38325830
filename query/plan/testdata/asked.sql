-- allow *
-- deny born, masked by year
-- shows name: clear string
SELECT "name", "_person"
  FROM (SELECT "name" AS "name", "college" AS "college",
    CASE WHEN TRUE THEN TRY(make_date(year("born"), 1, 1))
      WHEN TRUE THEN CAST(NULL AS DATE)
      ELSE "born" END AS "born", "pay" AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE ("born" >= CAST(? AS DATE) AND (NOT (regexp_full_match("college", CAST(? AS VARCHAR)) OR "pay" IN (CAST(? AS DECIMAL(10,2)), CAST(? AS DECIMAL(10,2))))))
  ORDER BY "born" DESC NULLS LAST, "name" ASC NULLS LAST
  LIMIT 100 OFFSET 20
-- with 2000-01-01
-- with (?s).*a..*b
-- with 1.00
-- with 2.50

-- people concerned
SELECT DISTINCT "_person"
  FROM (SELECT "name" AS "name", "college" AS "college",
    CASE WHEN TRUE THEN TRY(make_date(year("born"), 1, 1))
      WHEN TRUE THEN CAST(NULL AS DATE)
      ELSE "born" END AS "born", "pay" AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE ("born" >= CAST(? AS DATE) AND (NOT (regexp_full_match("college", CAST(? AS VARCHAR)) OR "pay" IN (CAST(? AS DECIMAL(10,2)), CAST(? AS DECIMAL(10,2)))))) AND "_person" IS NOT NULL
