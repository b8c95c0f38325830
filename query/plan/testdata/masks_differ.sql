-- allow born, masked by year, where college = 'law'
-- allow born, masked by first 1
-- allow born, where #person = @campus_id
-- shows born: clear string
-- withholds id
-- withholds name
-- withholds college
-- withholds pay
SELECT "born", "_person"
  FROM (SELECT CASE
      WHEN (coalesce("id" IN (CAST(? AS VARCHAR)), FALSE)) THEN CAST("born" AS VARCHAR)
      WHEN (coalesce("college" = CAST(? AS VARCHAR), FALSE)) THEN CAST(TRY(make_date(year("born"), 1, 1)) AS VARCHAR)
      ELSE CASE
      WHEN CAST("born" AS VARCHAR) IS NULL THEN NULL
      WHEN length(CAST("born" AS VARCHAR)) <= 1 THEN '***'
      ELSE left(CAST("born" AS VARCHAR), 1) || '***' END END AS "born", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
-- with 1
-- with law
