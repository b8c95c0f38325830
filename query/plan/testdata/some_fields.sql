-- allow name, college
-- shows college: clear string
-- shows name: clear string
-- withholds id
-- withholds born
-- withholds pay
SELECT "college", "name", "_person"
  FROM (SELECT "name" AS "name", "college" AS "college", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
