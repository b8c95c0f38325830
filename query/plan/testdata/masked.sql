-- allow *, masked by auto
-- allow id, masked by hash
-- shows id: masked string
-- shows name: masked string
-- shows college: masked string
-- shows born: masked date
-- shows pay: masked decimal(10,2)
SELECT "id", "name", "college", "born", "pay", "_person"
  FROM (SELECT CASE
      WHEN "id" IS NULL THEN NULL
      WHEN length("id") <= 1 THEN '***'
      ELSE left("id", 1) || '***' END AS "id",
    CASE WHEN "name" IS NULL THEN NULL
      ELSE CASE
      WHEN length("name") < 2 THEN '**'
      ELSE left("name", 1) || '**' END END AS "name",
    CASE WHEN "college" IS NULL THEN NULL
      WHEN length("college") <= 1 THEN '***'
      ELSE left("college", 1) || '***' END AS "college", TRY(make_date(year("born"), 1, 1)) AS "born", CAST(NULL AS DECIMAL(10,2)) AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
