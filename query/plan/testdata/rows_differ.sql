-- allow id, name, where college = @college
-- allow pay, where #person = @campus_id
-- shows id: clear string on some rows
-- shows name: clear string on some rows
-- shows pay: clear decimal(10,2) on some rows
-- withholds college
-- withholds born
SELECT "id", "name", "pay", "_person"
  FROM (SELECT CASE
      WHEN (coalesce("college" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)), FALSE)) THEN "id"
      ELSE CAST(NULL AS VARCHAR) END AS "id",
    CASE WHEN (coalesce("college" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)), FALSE)) THEN "name"
      ELSE CAST(NULL AS VARCHAR) END AS "name",
    CASE WHEN (coalesce("id" IN (CAST(? AS VARCHAR)), FALSE)) THEN "pay"
      ELSE CAST(NULL AS DECIMAL(10,2)) END AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff"
  WHERE ((("college" IN (CAST(? AS VARCHAR), CAST(? AS VARCHAR)))) OR (("id" IN (CAST(? AS VARCHAR)))))) AS governed
  WHERE TRUE
  LIMIT 100
-- with math
-- with law
-- with math
-- with law
-- with 1
-- with math
-- with law
-- with 1
