-- allow *
-- deny pay, where pay > 20000
-- deny name, where college = 'law'
-- shows id: clear string
-- shows name: clear string on some rows
-- shows college: clear string
-- shows born: clear date
-- shows pay: clear decimal(10,2) on some rows
SELECT "id", "name", "college", "born", "pay", "_person"
  FROM (SELECT "id" AS "id",
    CASE WHEN (coalesce("college" = CAST(? AS VARCHAR), TRUE)) THEN CAST(NULL AS VARCHAR)
      ELSE "name" END AS "name", "college" AS "college", "born" AS "born",
    CASE WHEN (coalesce("pay" > CAST(? AS DECIMAL(10,2)), TRUE)) THEN CAST(NULL AS DECIMAL(10,2))
      ELSE "pay" END AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
-- with law
-- with 20000.00
