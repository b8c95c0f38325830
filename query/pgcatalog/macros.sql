-- Functions of PostgreSQL that clients ask the catalog with. Those about rights say
-- yes: what may not be read is not there.

-- the session
CREATE MACRO version() AS 'PostgreSQL 15.0 (Yitong), read-only';
CREATE MACRO current_user() AS (SELECT _o_name FROM given.roles WHERE _o_login);
CREATE MACRO session_user() AS (SELECT _o_name FROM given.roles WHERE _o_login);
CREATE MACRO "user"() AS (SELECT _o_name FROM given.roles WHERE _o_login);
CREATE MACRO current_role() AS (SELECT _o_name FROM given.roles WHERE _o_login);
CREATE MACRO current_database() AS 'yitong';
CREATE MACRO current_catalog() AS 'yitong';
CREATE MACRO current_schema() AS 'public';
CREATE MACRO current_schemas(_implicit) AS CASE WHEN _implicit THEN ['pg_catalog', 'public'] ELSE ['public'] END;
CREATE MACRO current_setting(_name) AS coalesce((SELECT _g_setting FROM given.settings WHERE lower(_g_name) = lower(_name)), error('unrecognized configuration parameter')),
  (_name, _missing) AS (SELECT _g_setting FROM given.settings WHERE lower(_g_name) = lower(_name));
CREATE MACRO set_config(_name, _value, _local) AS CASE WHEN lower(_name) LIKE 'yitong.%' THEN error('write SET, and not set_config') ELSE CAST(_value AS VARCHAR) END;
CREATE MACRO pg_backend_pid() AS 0;
CREATE MACRO pg_is_in_recovery() AS false;
CREATE MACRO pg_postmaster_start_time() AS CAST(NULL AS TIMESTAMPTZ);
CREATE MACRO pg_conf_load_time() AS CAST(NULL AS TIMESTAMPTZ);
CREATE MACRO inet_server_addr() AS CAST(NULL AS VARCHAR);
CREATE MACRO inet_server_port() AS CAST(NULL AS INTEGER);
CREATE MACRO inet_client_addr() AS CAST(NULL AS VARCHAR);
CREATE MACRO inet_client_port() AS CAST(NULL AS INTEGER);
CREATE MACRO pg_my_temp_schema() AS CAST(0 AS BIGINT);
CREATE MACRO pg_is_other_temp_schema(_oid) AS false;
CREATE MACRO txid_current() AS CAST(1 AS BIGINT);
CREATE MACRO getdatabaseencoding() AS 'UTF8';
CREATE MACRO pg_client_encoding() AS 'UTF8';

-- names
CREATE MACRO quote_ident(_name) AS CASE WHEN regexp_full_match(_name, '[a-z_][a-z0-9_$]*') THEN CAST(_name AS VARCHAR) ELSE '"' || replace(_name, '"', '""') || '"' END;
CREATE MACRO quote_literal(_text) AS '''' || replace(CAST(_text AS VARCHAR), '''', '''''') || '''';
CREATE MACRO quote_nullable(_text) AS coalesce('''' || replace(CAST(_text AS VARCHAR), '''', '''''') || '''', 'NULL');
CREATE MACRO bare(_name) AS replace(replace(CAST(_name AS VARCHAR), 'pg_catalog.', ''), '"', '');
CREATE MACRO to_regclass(_name) AS coalesce(TRY_CAST(_name AS BIGINT), (
  SELECT min(_r_oid) FROM given.relations WHERE _r_schema || '.' || _r_name = bare(_name) OR _r_schema IN ('pg_catalog', 'public') AND _r_name = bare(_name)));
CREATE MACRO name_of_regclass(_oid) AS coalesce((
  SELECT CASE WHEN _r_schema IN ('pg_catalog', 'public') THEN '' ELSE quote_ident(_r_schema) || '.' END || quote_ident(_r_name) FROM given.relations WHERE _r_oid = CAST(_oid AS BIGINT)), CAST(_oid AS VARCHAR));
CREATE MACRO numeric_precision(_modifier) AS CASE WHEN _modifier >= 4 THEN (_modifier - 4) >> 16 END;
CREATE MACRO numeric_scale(_modifier) AS CASE WHEN _modifier >= 4 THEN (_modifier - 4) & 65535 END;
CREATE MACRO format_type(_oid, _modifier) AS CASE WHEN _oid IS NULL THEN NULL ELSE coalesce((
  SELECT CASE WHEN _t_oid = 1700 AND _modifier >= 4 THEN 'numeric(' || numeric_precision(_modifier) || ',' || numeric_scale(_modifier) || ')' ELSE _t_shown END
  FROM given.types WHERE _t_oid = CAST(_oid AS BIGINT)), '???') END;
CREATE MACRO to_regtype(_name) AS coalesce(TRY_CAST(_name AS BIGINT), (SELECT min(_t_oid) FROM given.types WHERE lower(bare(_name)) IN (_t_name, _t_shown)));
CREATE MACRO name_of_regtype(_oid) AS format_type(_oid, NULL);
CREATE MACRO to_regnamespace(_name) AS coalesce(TRY_CAST(_name AS BIGINT), (SELECT _s_oid FROM given.schemas WHERE _s_name = bare(_name)));
CREATE MACRO name_of_regnamespace(_oid) AS coalesce((SELECT _s_name FROM given.schemas WHERE _s_oid = CAST(_oid AS BIGINT)), CAST(_oid AS VARCHAR));
CREATE MACRO to_regrole(_name) AS coalesce(TRY_CAST(_name AS BIGINT), (SELECT _o_oid FROM given.roles WHERE _o_name = bare(_name)));
CREATE MACRO name_of_regrole(_oid) AS coalesce((SELECT _o_name FROM given.roles WHERE _o_oid = CAST(_oid AS BIGINT)), CAST(_oid AS VARCHAR));
CREATE MACRO to_regproc(_name) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_get_userbyid(_oid) AS coalesce((SELECT _o_name FROM given.roles WHERE _o_oid = _oid), 'unknown (OID=' || _oid || ')');
CREATE MACRO pg_encoding_to_char(_encoding) AS CASE _encoding WHEN 6 THEN 'UTF8' WHEN 0 THEN 'SQL_ASCII' ELSE '' END;
CREATE MACRO pg_char_to_encoding(_name) AS CASE WHEN upper(_name) IN ('UTF8', 'UTF-8', 'UNICODE') THEN 6 ELSE -1 END;
CREATE MACRO pg_typeof(_value) AS lower(typeof(_value));

-- what is visible, and rights
CREATE MACRO pg_table_is_visible(_oid) AS EXISTS (SELECT 1 FROM given.relations WHERE _r_oid = _oid AND _r_schema IN ('pg_catalog', 'public'));
CREATE MACRO pg_type_is_visible(_oid) AS true;
CREATE MACRO pg_function_is_visible(_oid) AS true;
CREATE MACRO pg_operator_is_visible(_oid) AS true;
CREATE MACRO pg_collation_is_visible(_oid) AS true;
CREATE MACRO pg_statistics_obj_is_visible(_oid) AS true;
CREATE MACRO pg_opclass_is_visible(_oid) AS true;
CREATE MACRO pg_opfamily_is_visible(_oid) AS true;
CREATE MACRO pg_ts_parser_is_visible(_oid) AS true;
CREATE MACRO pg_ts_template_is_visible(_oid) AS true;
CREATE MACRO pg_conversion_is_visible(_oid) AS true;
CREATE MACRO pg_ts_config_is_visible(_oid) AS true;
CREATE MACRO pg_ts_dict_is_visible(_oid) AS true;
CREATE MACRO has_table_privilege(_what, _right) AS upper(_right) LIKE 'SELECT%', (_who, _what, _right) AS upper(_right) LIKE 'SELECT%';
CREATE MACRO has_any_column_privilege(_what, _right) AS upper(_right) LIKE 'SELECT%', (_who, _what, _right) AS upper(_right) LIKE 'SELECT%';
CREATE MACRO has_column_privilege(_what, _column, _right) AS upper(_right) LIKE 'SELECT%', (_who, _what, _column, _right) AS upper(_right) LIKE 'SELECT%';
CREATE MACRO has_schema_privilege(_what, _right) AS upper(_right) LIKE 'USAGE%', (_who, _what, _right) AS upper(_right) LIKE 'USAGE%';
CREATE MACRO has_database_privilege(_what, _right) AS upper(_right) LIKE 'CONNECT%', (_who, _what, _right) AS upper(_right) LIKE 'CONNECT%';
CREATE MACRO has_function_privilege(_what, _right) AS true, (_who, _what, _right) AS true;
CREATE MACRO has_sequence_privilege(_what, _right) AS false, (_who, _what, _right) AS false;
CREATE MACRO has_tablespace_privilege(_what, _right) AS false, (_who, _what, _right) AS false;
CREATE MACRO has_language_privilege(_what, _right) AS false, (_who, _what, _right) AS false;
CREATE MACRO has_type_privilege(_what, _right) AS true, (_who, _what, _right) AS true;
CREATE MACRO has_server_privilege(_what, _right) AS false, (_who, _what, _right) AS false;
CREATE MACRO pg_has_role(_what, _right) AS false, (_who, _what, _right) AS false;
CREATE MACRO row_security_active(_what) AS true;

-- comments and definitions
CREATE MACRO obj_description(_oid) AS (SELECT min(_d_text) FROM given.comments WHERE _d_object = _oid AND _d_part = 0),
  (_oid, _class) AS (SELECT min(_d_text) FROM given.comments WHERE _d_object = _oid AND _d_part = 0 AND _d_class = CASE bare(_class) WHEN 'pg_class' THEN 1259 WHEN 'pg_namespace' THEN 2615 END);
CREATE MACRO col_description(_oid, _number) AS (SELECT min(_d_text) FROM given.comments WHERE _d_object = _oid AND _d_part = _number AND _d_class = 1259);
CREATE MACRO shobj_description(_oid, _class) AS CASE WHEN _class = 'pg_database' THEN 'The datasets that you may read' END;
CREATE MACRO pg_get_expr(_expression, _relation) AS CAST(NULL AS VARCHAR), (_expression, _relation, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_constraintdef(_oid) AS CAST(NULL AS VARCHAR), (_oid, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_indexdef(_oid) AS CAST(NULL AS VARCHAR), (_oid, _column, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_viewdef(_oid) AS CAST(NULL AS VARCHAR), (_oid, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_ruledef(_oid) AS CAST(NULL AS VARCHAR), (_oid, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_triggerdef(_oid) AS CAST(NULL AS VARCHAR), (_oid, _pretty) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_functiondef(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_function_result(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_function_arguments(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_function_identity_arguments(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_function_sqlbody(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_partkeydef(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_partition_constraintdef(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_serial_sequence(_relation, _column) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_get_statisticsobjdef_columns(_oid) AS CAST(NULL AS VARCHAR);
CREATE MACRO pg_relation_is_publishable(_oid) AS false;
CREATE MACRO pg_relation_is_updatable(_oid, _triggers) AS 0;
CREATE MACRO pg_column_is_updatable(_oid, _column, _triggers) AS false;
CREATE MACRO pg_tablespace_location(_oid) AS '';
CREATE MACRO pg_sequence_last_value(_oid) AS CAST(NULL AS BIGINT);

-- sizes are nobody's business here
CREATE MACRO pg_relation_size(_what) AS CAST(NULL AS BIGINT), (_what, _fork) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_total_relation_size(_what) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_table_size(_what) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_indexes_size(_what) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_database_size(_what) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_tablespace_size(_what) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_size_pretty(_bytes) AS CAST(_bytes AS VARCHAR) || ' bytes';
CREATE MACRO pg_stat_get_numscans(_oid) AS CAST(NULL AS BIGINT);
CREATE MACRO pg_stat_get_live_tuples(_oid) AS CAST(NULL AS BIGINT);

-- arrays
CREATE MACRO array_upper(_list, _dimension) AS CASE WHEN _dimension = 1 AND len(_list) > 0 THEN len(_list) END;
CREATE MACRO array_lower(_list, _dimension) AS CASE WHEN _dimension = 1 AND len(_list) > 0 THEN 1 END;
-- Not by printf, whose widths make as long a text as they are told to.
CREATE MACRO format(_f) AS _f, (_f, _a) AS regexp_replace(_f, '%[sIL]', CAST(_a AS VARCHAR)),
    (_f, _a, _b) AS regexp_replace(regexp_replace(_f, '%[sIL]', CAST(_a AS VARCHAR)), '%[sIL]', CAST(_b AS VARCHAR)),
    (_f, _a, _b, _c) AS regexp_replace(regexp_replace(regexp_replace(_f, '%[sIL]', CAST(_a AS VARCHAR)), '%[sIL]', CAST(_b AS VARCHAR)), '%[sIL]', CAST(_c AS VARCHAR));
CREATE MACRO array_ndims(_list) AS CASE WHEN len(_list) > 0 THEN 1 END;
CREATE MACRO array_remove(_list, _value) AS list_filter(_list, lambda _one: _one IS DISTINCT FROM _value);
CREATE MACRO _pg_expandarray(_list) AS unnest(list_transform(_list, lambda _one, _place: {'x': _one, 'n': _place}));

-- tables
CREATE MACRO pg_get_keywords() AS TABLE SELECT col0 AS word, 'R' AS catcode, true AS barelabel, 'reserved' AS catdesc, 'can be bare label' AS baredesc
  FROM (VALUES ('analyse'), ('ilike'), ('isnull'), ('limit'), ('notnull'), ('offset'), ('qualify'), ('returning'), ('sample'));
CREATE MACRO pg_options_to_table(_options) AS TABLE SELECT '' AS option_name, '' AS option_value WHERE false;
CREATE MACRO aclexplode(_list) AS TABLE SELECT 0 AS grantor, 0 AS grantee, '' AS privilege_type, false AS is_grantable WHERE false;
CREATE MACRO pg_show_all_settings() AS TABLE SELECT * FROM "postgres:pg_catalog".pg_settings;
CREATE MACRO pg_partition_ancestors(_oid) AS TABLE SELECT CAST(_oid AS BIGINT) AS relid WHERE false;
CREATE MACRO pg_partition_tree(_oid) AS TABLE SELECT CAST(_oid AS BIGINT) AS relid, CAST(NULL AS BIGINT) AS parentrelid, true AS isleaf, 0 AS level WHERE false;
