-- allow name
-- shows name: clear string
-- withholds id
-- withholds college
-- withholds born
-- withholds pay
SELECT "name", CAST("name" AS VARCHAR) AS _cursor0, CAST("_key0" AS VARCHAR) AS _cursor1, "_person"
  FROM (SELECT "name" AS "name", CAST("id" AS VARCHAR) AS "_person", sha256(? || "id") AS "_key0"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE AND (FALSE OR ("name" IS NULL AND ("_key0" > CAST(? AS VARCHAR) OR "_key0" IS NULL)))
  ORDER BY "name" DESC NULLS LAST, "_key0" ASC NULLS LAST
  LIMIT 100
-- with secret
-- with 
