\conninfo
\dn
\l
\du
\df
\dt hr.*
\d hr.staff
\d+ hr.staff
\d hr.nobody
\dv
\di
\dT
\dp hr.*
\dd
\dX
\dL
\dconfig
\dx
\set who 'it''s'
SELECT :'who' AS who, name FROM hr.staff WHERE id = '1';
\set FETCH_COUNT 2
SELECT id, name FROM hr.staff ORDER BY id;
\unset FETCH_COUNT
SELECT id, pay FROM hr.staff ORDER BY id \g (format=csv)
SELECT id, big FROM hr.staff WHERE id < '3' \gx
SELECT id FROM hr.staff \gdesc
SELECT id FROM hr.staff WHERE id = '2' \gset
\echo :id
\pset null (null)
SELECT id, name, name IS NULL AS missing FROM hr.staff ORDER BY id;
\copy (SELECT id FROM hr.staff) TO STDOUT
SHOW yitong.purpose;
SHOW yitong.right;
SELECT secret_field FROM hr.staff;
SELECT * FROM hidden_system.hidden_table;
SELECT * FROM hr.staff, pg_class;
SELECT nothing(1);
DELETE FROM hr.staff;
BEGIN; SELECT 1; COMMIT;
\errverbose
-- what completion by the tabulator asks
SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND substring(pg_catalog.quote_ident(c.relname),1,3)='sta' AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog') UNION SELECT pg_catalog.quote_ident(n.nspname) || '.' FROM pg_catalog.pg_namespace n WHERE substring(pg_catalog.quote_ident(n.nspname) || '.',1,3)='hr.' AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_namespace WHERE substring(pg_catalog.quote_ident(nspname) || '.',1,3) = substring('hr.',1,pg_catalog.length(pg_catalog.quote_ident(nspname))+1)) > 0 LIMIT 1000;
