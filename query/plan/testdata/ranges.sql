-- allow pay, masked by range of 1000
-- allow name
-- shows name: clear string
-- shows pay: masked string
-- withholds id
-- withholds college
-- withholds born
SELECT "name", "pay", "_person"
  FROM (SELECT "name" AS "name",
    CASE WHEN TRY("pay") IS NULL THEN NULL
      ELSE TRY(CAST(CAST((CAST(CAST(TRY("pay") AS DECIMAL(38,2)) * CAST(100 AS BIGINT) AS HUGEINT) - (((CAST(CAST(TRY("pay") AS DECIMAL(38,2)) * CAST(100 AS BIGINT) AS HUGEINT) % CAST('100000' AS HUGEINT)) + CAST('100000' AS HUGEINT)) % CAST('100000' AS HUGEINT))) // CAST('100000' AS HUGEINT) AS BIGINT) * CAST('1000' AS DECIMAL(18,0)) AS VARCHAR) || '–' || CAST((CAST((CAST(CAST(TRY("pay") AS DECIMAL(38,2)) * CAST(100 AS BIGINT) AS HUGEINT) - (((CAST(CAST(TRY("pay") AS DECIMAL(38,2)) * CAST(100 AS BIGINT) AS HUGEINT) % CAST('100000' AS HUGEINT)) + CAST('100000' AS HUGEINT)) % CAST('100000' AS HUGEINT))) // CAST('100000' AS HUGEINT) AS BIGINT) + 1) * CAST('1000' AS DECIMAL(18,0)) AS VARCHAR)) END AS "pay", CAST("id" AS VARCHAR) AS "_person"
  FROM "warehouse"."published"."hr.staff") AS governed
  WHERE TRUE
  LIMIT 100
