CREATE TABLE mixed AS
SELECT i AS id, i * 7 AS v, '张三丰' || i AS name, '计算机科学与技术学院'::varchar(60) AS college, '湖北省武汉市洪山区珞喻路' || i % 900 || '号' AS address,
       E'备注\n第二行，"引号"'::text AS remark, (i % 50000 / 100.0)::numeric(5,2) AS score, (i * 7919 % 90000000 / 10000.0)::numeric(18,4) AS amount,
       (i * 12345678901234567.123456)::numeric(30,6) AS total, timestamptz '2023-11-14 22:13:20+00' + i * interval '1.000003 second' AS at,
       date '1970-01-01' + (i % 20000)::int AS day, md5(i::text)::uuid AS uuid, i % 3 = 0 AS flag, (i % 1000000)::int AS n1, (i % 7)::int AS n2, i / 3.0::double precision AS f,
       'K' || i % 5000 AS code, '138' || 10000000 + i % 89999999 AS phone, CASE WHEN i % 4 > 0 THEN '值' END AS maybe, CASE WHEN i % 10 = 0 THEN i END AS rare
FROM generate_series(1::bigint, $1::bigint) AS i
