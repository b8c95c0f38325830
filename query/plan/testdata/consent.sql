-- allow id, name
-- shows id: clear string
-- shows name: clear string
-- withholds college
-- withholds born
-- withholds pay
SELECT "id", "name", "_person"
  FROM (SELECT "id" AS "id", "name" AS "name", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff"
  WHERE CAST("id" AS VARCHAR) IN (SELECT unnest(CAST(? AS VARCHAR[])))) AS governed
  WHERE TRUE
  LIMIT 100
-- with [7 1]
