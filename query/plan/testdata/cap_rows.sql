-- allow *
-- deny name, masked by name, where college = 'law'
-- shows id: clear string
-- shows name: clear string
-- shows college: clear string
-- shows born: clear date
-- shows pay: clear decimal(10,2)
SELECT "id", "name", "college", "born", "pay", "_person"
  FROM (SELECT "id" AS "id",
    CASE WHEN (coalesce("college" = CAST(? AS VARCHAR), TRUE)) THEN CASE
      WHEN "name" IS NULL THEN NULL
      ELSE CASE
      WHEN length("name") < 2 THEN '**'
      ELSE left("name", 1) || '**' END END
      WHEN (coalesce("college" = CAST(? AS VARCHAR), TRUE)) THEN CAST(NULL AS VARCHAR)
      ELSE "name" END AS "name", "college" AS "college", "born" AS "born", "pay" AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
-- with law
-- with law
