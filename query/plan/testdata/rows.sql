-- allow *, where college = @college
-- shows id: clear string
-- shows name: clear string
-- shows college: clear string
-- shows born: clear date
-- shows pay: clear decimal(10,2)
SELECT "id", "name", "college", "born", "pay", "_person"
  FROM (SELECT "id" AS "id", "name" AS "name", "college" AS "college", "born" AS "born", "pay" AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff"
  WHERE ((("college" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)))))) AS governed
  WHERE TRUE
  LIMIT 100
-- with math
-- with law
