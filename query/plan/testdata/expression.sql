-- allow born, masked by expression decade
-- shows born: masked int32
-- withholds id
-- withholds name
-- withholds college
-- withholds pay
SELECT "born", "_person"
  FROM (SELECT CASE
      WHEN TRY("born") IS NULL THEN TRY(CAST(((year(CAST(NULL AS DATE)) // 10) * 10) AS INTEGER))
      ELSE TRY(CAST(((year(TRY("born")) // 10) * 10) AS INTEGER)) END AS "born", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
