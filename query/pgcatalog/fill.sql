-- What there is, in the tables of PostgreSQL's catalog. The tables of given come
-- from the caller; numbers of PostgreSQL's own things are its own.

INSERT INTO "postgres:pg_catalog".pg_namespace BY NAME
SELECT _s_oid AS oid, _s_name AS nspname, 10 AS nspowner FROM given.schemas;

INSERT INTO "postgres:pg_catalog".pg_type BY NAME
SELECT _t_oid AS oid, _t_name AS typname, 11 AS typnamespace, 10 AS typowner, _t_len AS typlen, _t_byval AS typbyval, _t_kind AS typtype, _t_category AS typcategory,
  _t_preferred AS typispreferred, true AS typisdefined, _t_delim AS typdelim, 0 AS typrelid, '-' AS typsubscript, _t_elem AS typelem, _t_arr AS typarray,
  _t_input AS typinput, _t_output AS typoutput, '-' AS typreceive, '-' AS typsend, '-' AS typmodin, '-' AS typmodout, '-' AS typanalyze, _t_align AS typalign,
  _t_storage AS typstorage, false AS typnotnull, 0 AS typbasetype, -1 AS typtypmod, 0 AS typndims, _t_coll AS typcollation
FROM given.types;

INSERT INTO "postgres:pg_catalog".pg_class BY NAME
SELECT _r_oid AS oid, _r_name AS relname, _s_oid AS relnamespace, 0 AS reltype, 0 AS reloftype, 10 AS relowner, CASE _r_kind WHEN 'r' THEN 2 ELSE 0 END AS relam, 0 AS relfilenode,
  0 AS reltablespace, 0 AS relpages, -1 AS reltuples, 0 AS relallvisible, 0 AS reltoastrelid, false AS relhasindex, false AS relisshared, 'p' AS relpersistence,
  _r_kind AS relkind, (SELECT count(*) FROM given.columns WHERE _c_relation = _r_oid) AS relnatts, 0 AS relchecks, false AS relhasrules, false AS relhastriggers,
  false AS relhassubclass, false AS relrowsecurity, false AS relforcerowsecurity, true AS relispopulated, 'd' AS relreplident, false AS relispartition,
  0 AS relrewrite, 0 AS relfrozenxid, 0 AS relminmxid, [quote_ident(current_user) || '=r/yitong_owner'] AS relacl
FROM given.relations JOIN given.schemas ON _s_name = _r_schema;

INSERT INTO "postgres:pg_catalog".pg_attribute BY NAME
SELECT _c_relation AS attrelid, _c_name AS attname, _c_type AS atttypid, -1 AS attstattarget, _t_len AS attlen, _c_number AS attnum, 0 AS attndims, -1 AS attcacheoff,
  _c_modifier AS atttypmod, _t_byval AS attbyval, _t_align AS attalign, _t_storage AS attstorage, '' AS attcompression, _c_not_null AS attnotnull, false AS atthasdef,
  false AS atthasmissing, '' AS attidentity, '' AS attgenerated, false AS attisdropped, true AS attislocal, 0 AS attinhcount, _t_coll AS attcollation
FROM given.columns JOIN given.types ON _t_oid = _c_type;

INSERT INTO "postgres:pg_catalog".pg_description BY NAME
SELECT _d_object AS objoid, _d_class AS classoid, _d_part AS objsubid, _d_text AS description FROM given.comments;

INSERT INTO "postgres:pg_catalog".pg_database BY NAME
SELECT 16383 AS oid, 'yitong' AS datname, 10 AS datdba, 6 AS encoding, 'c' AS datlocprovider, false AS datistemplate, true AS datallowconn, -1 AS datconnlimit,
  0 AS datfrozenxid, 0 AS datminmxid, 1663 AS dattablespace, 'C' AS datcollate, 'C.UTF-8' AS datctype;

INSERT INTO "postgres:pg_catalog".pg_roles BY NAME
SELECT _o_oid AS oid, _o_name AS rolname, false AS rolsuper, true AS rolinherit, false AS rolcreaterole, false AS rolcreatedb, _o_login AS rolcanlogin, false AS rolreplication,
  -1 AS rolconnlimit, '********' AS rolpassword, false AS rolbypassrls
FROM given.roles;

INSERT INTO "postgres:pg_catalog".pg_user BY NAME
SELECT _o_name AS usename, _o_oid AS usesysid, false AS usecreatedb, false AS usesuper, false AS userepl, false AS usebypassrls, '********' AS passwd FROM given.roles WHERE _o_login;

INSERT INTO "postgres:pg_catalog".pg_settings BY NAME
SELECT _g_name AS name, _g_setting AS setting, 'Yitong' AS category, _g_about AS short_desc, 'user' AS context, 'string' AS vartype, 'default' AS source, _g_setting AS boot_val, _g_setting AS reset_val,
  false AS pending_restart
FROM given.settings;

INSERT INTO "postgres:pg_catalog".pg_am BY NAME SELECT 2 AS oid, 'heap' AS amname, 'heap_tableam_handler' AS amhandler, 't' AS amtype;
INSERT INTO "postgres:pg_catalog".pg_tablespace BY NAME SELECT 1663 AS oid, 'pg_default' AS spcname, 10 AS spcowner;
INSERT INTO "postgres:pg_catalog".pg_collation BY NAME
SELECT col0 AS oid, col1 AS collname, 11 AS collnamespace, 10 AS collowner, col2 AS collprovider, true AS collisdeterministic, -1 AS collencoding
FROM (VALUES (100, 'default', 'd'), (950, 'C', 'c'), (951, 'POSIX', 'c'));

INSERT INTO "postgres:pg_catalog".pg_tables BY NAME
SELECT _r_schema AS schemaname, _r_name AS tablename, 'yitong_owner' AS tableowner, false AS hasindexes, false AS hasrules, false AS hastriggers, false AS rowsecurity
FROM given.relations WHERE _r_kind = 'r';

INSERT INTO "postgres:information_schema".schemata BY NAME
SELECT 'yitong' AS catalog_name, _s_name AS schema_name, 'yitong_owner' AS schema_owner FROM given.schemas;

INSERT INTO "postgres:information_schema".tables BY NAME
SELECT 'yitong' AS table_catalog, _r_schema AS table_schema, _r_name AS table_name, CASE _r_kind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type,
  'NO' AS is_insertable_into, 'NO' AS is_typed
FROM given.relations;

INSERT INTO "postgres:information_schema".columns BY NAME
SELECT 'yitong' AS table_catalog, _r_schema AS table_schema, _r_name AS table_name, _c_name AS column_name, _c_number AS ordinal_position,
  CASE WHEN _c_not_null THEN 'NO' ELSE 'YES' END AS is_nullable,
  CASE WHEN _t_elem > 0 AND _t_len = -1 THEN 'ARRAY' ELSE _t_shown END AS data_type,
  CASE _c_type WHEN 21 THEN 16 WHEN 23 THEN 32 WHEN 20 THEN 64 WHEN 700 THEN 24 WHEN 701 THEN 53 WHEN 1700 THEN numeric_precision(_c_modifier) END AS numeric_precision,
  CASE WHEN _c_type IN (20, 21, 23, 700, 701) THEN 2 WHEN _c_type = 1700 THEN 10 END AS numeric_precision_radix,
  CASE WHEN _c_type IN (20, 21, 23) THEN 0 WHEN _c_type = 1700 THEN numeric_scale(_c_modifier) END AS numeric_scale,
  CASE WHEN _c_type IN (1083, 1114, 1184, 1186) THEN 6 WHEN _c_type = 1082 THEN 0 END AS datetime_precision,
  'yitong' AS udt_catalog, 'pg_catalog' AS udt_schema, _t_name AS udt_name, _c_number::VARCHAR AS dtd_identifier, 'NO' AS is_self_referencing, 'NO' AS is_identity,
  'NO' AS identity_cycle, 'NEVER' AS is_generated, 'NO' AS is_updatable
FROM given.columns JOIN given.relations ON _r_oid = _c_relation JOIN given.types ON _t_oid = _c_type;

INSERT INTO "postgres:information_schema".table_privileges BY NAME
SELECT 'yitong_owner' AS grantor, current_user AS grantee, 'yitong' AS table_catalog, _r_schema AS table_schema, _r_name AS table_name, 'SELECT' AS privilege_type,
  'NO' AS is_grantable, 'NO' AS with_hierarchy
FROM given.relations;
INSERT INTO "postgres:information_schema".role_table_grants BY NAME FROM "postgres:information_schema".table_privileges;
INSERT INTO "postgres:information_schema".information_schema_catalog_name BY NAME SELECT 'yitong' AS catalog_name;
INSERT INTO "postgres:information_schema".enabled_roles BY NAME SELECT current_user AS role_name;
