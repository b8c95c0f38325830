-- allow name, college, where college = 'law'
-- shows name: clear string
-- shows college: clear string
-- withholds id
-- withholds born
-- withholds pay
SELECT "name", "college", "_person"
  FROM (SELECT "name" AS "name", "college" AS "college", CAST("id" AS VARCHAR) AS "_person"
  FROM (SELECT "id", "name", "college", "born", "pay"
  FROM "warehouse"."published"."hr.staff"
  WHERE _since <= ?
  UNION ALL SELECT "id", "name", "college", "born", "pay"
  FROM "warehouse"."history"."hr.staff"
  WHERE _since <= ? AND _until > ?) AS was
  WHERE ((("college" = CAST(? AS VARCHAR))))) AS governed
  WHERE TRUE
  LIMIT 100
-- with 2026-01-31 00:00:00 +0000 UTC
-- with 2026-01-31 00:00:00 +0000 UTC
-- with 2026-01-31 00:00:00 +0000 UTC
-- with law
