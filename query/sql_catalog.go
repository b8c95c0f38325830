package query

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/query/pgcatalog"
	"github.com/yitong-hub/yitong/query/statement"
)

// aboutCatalog parses a statement and says whether it is about the catalog or the
// session alone: then it reads no dataset, and there is nothing to record.
func (g *Gate) aboutCatalog(ctx context.Context, request SQLRequest) (*statement.Statement, error) {
	parsed, err := statement.Parse(ctx, g.Warehouse, request.Text)
	if err != nil || !parsed.OfCatalog() {
		return nil, nil //nolint:nilerr // it is said by who carries it out
	}
	if request.Args == nil {
		request.Args = make([]*string, parsed.Parameters)
	}
	return parsed, parsed.Bind(request.Args, request.Types...)
}

// catalogSQL answers a statement about the catalog.
func (g *Gate) catalogSQL(ctx context.Context, principal acl.Principal, request SQLRequest, parsed *statement.Statement) (*SQLResult, error) {
	asked, err := g.askSQL(&request)
	if err != nil {
		return nil, err
	}
	contents, err := g.contents(ctx, principal, request)
	if err != nil {
		return nil, err
	}
	reader, more, err := g.mirrors.Answer(ctx, g.Warehouse, contents, parsed, asked.limit)
	if err != nil {
		return nil, err
	}
	if err := asked.tooMany(more); err != nil {
		reader.Release()
		return nil, err
	}
	return &SQLResult{Reader: reader, Datasets: []Shown{}, More: more}, nil
}

func (g *Gate) describeCatalogSQL(ctx context.Context, principal acl.Principal, request SQLRequest, parsed *statement.Statement) (*arrow.Schema, error) {
	if _, err := g.askSQL(&request); err != nil {
		return nil, err
	}
	contents, err := g.contents(ctx, principal, request)
	if err != nil {
		return nil, err
	}
	return g.mirrors.Describe(ctx, g.Warehouse, contents, parsed)
}

// contents are what a principal's catalog tells: what Tables lists, and no more.
func (g *Gate) contents(ctx context.Context, principal acl.Principal, request SQLRequest) (pgcatalog.Contents, error) {
	tables, err := g.Tables(ctx, principal, request.Right, request.Purpose)
	if err != nil {
		return pgcatalog.Contents{}, err
	}
	made := pgcatalog.Contents{
		User:   principal.ID(),
		Tables: make([]pgcatalog.Table, len(tables)),
		Settings: map[string]string{
			"server_version": "15.0", "server_version_num": "150000", "server_encoding": "UTF8", "client_encoding": "UTF8", "TimeZone": "UTC", "DateStyle": "ISO, MDY",
			"standard_conforming_strings": "on", "max_index_keys": "32", "max_identifier_length": "63", "default_transaction_isolation": "read committed",
			"transaction_isolation": "read committed", "transaction_read_only": "on", "default_transaction_read_only": "on", "search_path": `"$user", public`,
			"integer_datetimes": "on", "is_superuser": "off", "lc_collate": "C", "lc_ctype": "C.UTF-8",
			"yitong.right": string(request.Right), "yitong.purpose": request.Purpose,
		},
	}
	for i, table := range tables {
		made.Tables[i] = pgcatalog.Table{Schema: table.System, Name: table.Name, Comment: comment(table.Title), Columns: make([]pgcatalog.Column, len(table.Columns))}
		for j, column := range table.Columns {
			made.Tables[i].Columns[j] = pgcatalog.Column{Name: column.Name, Comment: comment(column.Title), Type: pgcatalog.TypeOf(storedAs(column))}
		}
	}
	return made, nil
}

// storedAs gives the type in which the engine gives a column: UUIDs as texts.
func storedAs(column Column) arrow.DataType {
	of := column.Type.Arrow()
	if extension, is := of.(arrow.ExtensionType); is && extension.ExtensionName() == "arrow.uuid" {
		return arrow.BinaryTypes.String
	}
	return of
}

func comment(title definition.Text) string {
	if title.EN == "" || title.ZH == "" {
		return title.ZH + title.EN
	}
	return title.ZH + " (" + title.EN + ")"
}
