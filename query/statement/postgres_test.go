package statement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/internal/warehouse"
	"github.com/yitong-hub/yitong/query/statement"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, " ; ;; -- x": nil, "SELECT 1": {"SELECT 1"}, "a; b ;c": {"a", "b ", "c"}, "SELECT ';' ; SELECT \";\"": {"SELECT ';' ", "SELECT \";\""},
		"SELECT $a$;$$;$a$; b": {"SELECT $a$;$$;$a$", "b"}, "SELECT E'\\';'; b": {"SELECT E'\\';'", "b"}, "a /* ; /* ; */ ; */ b; c": {"a /* ; /* ; */ ; */ b", "c"},
		"SELECT $1;SELECT 'it''s;'": {"SELECT $1", "SELECT 'it''s;'"},
	} {
		got, err := statement.Split(text)
		require.NoError(t, err, "%s", text)
		require.Equal(t, want, got, "%s", text)
	}
	for _, text := range []string{"'", "\"", "$$", "/* /* */", "E'\\'"} {
		_, err := statement.Split(text)
		require.ErrorIs(t, err, statement.ErrSyntax, "%s", text)
	}
}

// TestPostgresTermsInTermsOfTheEngine writes statements about the catalog.
func TestPostgresTermsInTermsOfTheEngine(t *testing.T) {
	t.Parallel()
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	relations, functions := map[string]bool{"pg_catalog.pg_class": true}, map[string]bool{"version": true, "unnest": true, "~*": true, "!~*": true}
	for text, want := range map[string]string{
		"SELECT pg_catalog.version()":                                                                     `SELECT "version"() AS "version"`,
		"SELECT oid FROM pg_catalog.pg_class c":                                                           `SELECT oid FROM "postgres:pg_catalog".pg_class AS c`,
		"SELECT pg_catalog.pg_class.oid FROM \"pg_catalog\".pg_class":                                     `SELECT pg_class.oid FROM "postgres:pg_catalog".pg_class AS pg_class`,
		"SELECT 1 FROM pg_class WHERE relname OPERATOR(pg_catalog.~) '^x' COLLATE pg_catalog.default":     `SELECT 1 AS "?column?" FROM "postgres:pg_catalog".pg_class AS pg_class WHERE regexp_matches(relname, '^x')`,
		"SELECT 1 FROM pg_class WHERE relname !~* 'x'":                                                    `SELECT 1 AS "?column?" FROM "postgres:pg_catalog".pg_class AS pg_class WHERE (NOT regexp_matches(relname, 'x', 'i'))`,
		"SELECT c.oid::pg_catalog.regclass::pg_catalog.text, 'pg_class'::regclass FROM pg_class c":        `SELECT CAST(name_of_regclass(c.oid) AS VARCHAR) AS oid, to_regclass('pg_class') AS regclass FROM "postgres:pg_catalog".pg_class AS c`,
		"SELECT c.oid::regclass::oid, c.tableoid FROM pg_class c":                                         `SELECT CAST(c.oid AS BIGINT) AS oid, to_regclass('pg_catalog.pg_class') FROM "postgres:pg_catalog".pg_class AS c`,
		"SELECT relname FROM pg_class WHERE relkind = ANY ('{r,v}'::text[]) AND relname = 'pg_catalog.x'": `SELECT relname FROM "postgres:pg_catalog".pg_class AS pg_class WHERE ((relkind = ANY(SELECT unnest(CAST(list_value('r', 'v') AS VARCHAR[])) AS unnest)) AND (relname = 'pg_catalog.x'))`,
		"SELECT i FROM pg_class, generate_series(1, 2) i":                                                 `SELECT i FROM "postgres:pg_catalog".pg_class AS pg_class , generate_series(1, 2) AS i(i)`,
	} {
		parsed, err := statement.Parse(t.Context(), opened, text)
		require.NoError(t, err, "%s", text)
		require.True(t, parsed.OfCatalog(), "%s", text)
		require.NoError(t, parsed.Catalog(relations, functions), "%s", text)
		got, err := parsed.SQL(t.Context(), opened)
		require.NoError(t, err, "%s", text)
		require.Equal(t, want, got, "%s", text)
	}
	for text, why := range map[string]error{"SELECT * FROM pg_proc": statement.ErrTable, "SELECT getenv('x') FROM pg_class": statement.ErrFunction, "SELECT system.main.version()": statement.ErrFunction} {
		parsed, err := statement.Parse(t.Context(), opened, text)
		require.NoError(t, err, "%s", text)
		require.ErrorIs(t, parsed.Catalog(relations, functions), why, "%s", text)
	}
}

// TestValuesOfATypeByName binds values with the type that a client named.
func TestValuesOfATypeByName(t *testing.T) {
	t.Parallel()
	opened, err := warehouse.Open(t.Context(), warehouse.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	value := "1"
	for kind, want := range map[string]string{"": "SELECT '1'", "INTEGER": "SELECT CAST('1' AS INTEGER)", "DECIMAL(38,2)": "SELECT CAST('1' AS DECIMAL(38,2))", "TIMESTAMP WITH TIME ZONE": "SELECT CAST('1' AS TIMESTAMP WITH TIME ZONE)"} {
		parsed, err := statement.Parse(t.Context(), opened, "SELECT $1")
		require.NoError(t, err)
		require.NoError(t, parsed.Bind([]*string{&value}, kind))
		got, err := parsed.SQL(t.Context(), opened)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, kind := range []string{"x", "DECIMAL(38,39)", "DECIMAL(38,2", "DECIMAL(38,-1)", "VARCHAR; DROP TABLE x", "regclass"} {
		parsed, err := statement.Parse(t.Context(), opened, "SELECT $1")
		require.NoError(t, err)
		err = parsed.Bind([]*string{&value}, kind)
		require.True(t, fault.Is(err, fault.Invalid), "%s", kind)
	}
}
