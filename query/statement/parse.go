package statement

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// MaxText bounds the text of a statement, in bytes.
	MaxText = 64 << 10
	// maxDepth bounds how deep a statement is nested.
	maxDepth = 500
	// maxTables bounds the places at which a statement names a dataset: each is
	// planned by itself.
	maxTables = 50
)

// Engine parses SQL and writes it again; the warehouse does.
type Engine interface {
	Get(ctx context.Context, statement string, args []any, into ...any) error
}

// Statement is a checked SELECT. It is for one use at a time.
type Statement struct {
	// Tables are the datasets that it names, each once, in order of their ids.
	Tables []string
	// System are the tables of the catalog that it names, as pg_catalog.pg_class.
	System []string
	// Unlisted are the functions that it uses and that may not be used over datasets.
	Unlisted []string
	// Parameters is the highest number of a parameter $1, $2 …; ? counts as the
	// next one.
	Parameters int

	// session says that it names something about the session.
	session bool

	root map[string]any
}

// Name is how a statement calls what is shown of a dataset, after Parse. No
// dataset and no table of the engine has such a name.
func Name(dataset string) string { return namePrefix + dataset }

const namePrefix = "governed:"

// Parse reads and checks one SELECT. What it does beside reading datasets, and
// what is not known to do nothing else, is an Invalid fault that names it.
func Parse(ctx context.Context, engine Engine, text string) (*Statement, error) {
	if len(text) > MaxText {
		return nil, because(ErrSize, "the statement is longer than %d bytes", MaxText)
	}
	if strings.ContainsRune(text, 0) {
		return nil, fault.New(fault.Invalid, "the statement has a character that cannot be seen")
	}
	root, err := parse(ctx, engine, withoutQualifiers(text))
	if err != nil {
		return nil, err
	}
	made := &Statement{root: root}
	w := &walker{statement: made, listed: scalars(), bare: map[string]string{}}
	if err := w.visit(root, nil, 0); err != nil {
		return nil, err
	}
	if w.named > maxTables {
		return nil, because(ErrSize, "the statement names datasets at more than %d places", maxTables)
	}
	slices.Sort(made.Tables)
	shorten(root, w.bare)
	return made, nil
}

// parse gives the tree of the only statement of a text.
func parse(ctx context.Context, engine Engine, text string) (map[string]any, error) {
	var tree string
	err := engine.Get(ctx, "SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)", []any{text}, &tree)
	if fault.Is(err, fault.Canceled) {
		return nil, err
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the statement cannot be read as SQL")
	}
	var parsed struct {
		Error      bool             `json:"error"`
		Type       string           `json:"error_type"`
		Message    string           `json:"error_message"`
		Position   string           `json:"position"`
		Statements []map[string]any `json:"statements"`
	}
	decoder := json.NewDecoder(strings.NewReader(tree))
	decoder.UseNumber() // places are numbers that a float cannot hold
	if err := decoder.Decode(&parsed); err != nil {
		return nil, fmt.Errorf("read the tree of a statement: %w", err)
	}
	switch {
	case parsed.Error && parsed.Type == "not implemented":
		return nil, because(ErrWrites, "only SELECT is taken: the statement is of another kind")
	case parsed.Error:
		return nil, because(ErrSyntax, "the statement cannot be read as SQL: %s%s", firstLine(parsed.Message), place(parsed.Position))
	case len(parsed.Statements) == 0:
		return nil, because(ErrSyntax, "there is no statement")
	case len(parsed.Statements) > 1:
		return nil, because(ErrSyntax, "one statement at a time is taken, and there are %d", len(parsed.Statements))
	}
	return parsed.Statements[0], nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// place tells a position, which the engine counts from 0.
func place(position string) string {
	before, err := strconv.Atoi(position)
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (at character %d)", before+1)
}

// SQL writes the statement for the engine.
func (s *Statement) SQL(ctx context.Context, engine Engine) (string, error) {
	return write(ctx, engine, s.root)
}

func write(ctx context.Context, engine Engine, root map[string]any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"error": false, "statements": []any{root}}); err != nil {
		return "", fmt.Errorf("write a statement: %w", err)
	}
	var sql string
	if err := engine.Get(ctx, "SELECT json_deserialize_sql(CAST(? AS JSON))", []any{text.String()}, &sql); err != nil {
		if fault.Is(err, fault.Canceled) {
			return "", err
		}
		return "", fault.Wrap(err, fault.Invalid, "the statement has a form that cannot be written for the engine")
	}
	return sql, nil
}

// With puts common table expressions before a statement that SQL gave.
func With(sql string, names, bodies []string) string {
	if len(names) == 0 {
		return sql
	}
	var made strings.Builder
	rest, recursive := strings.CutPrefix(sql, "WITH RECURSIVE ")
	more := recursive
	if !recursive {
		rest, more = strings.CutPrefix(sql, "WITH ")
	}
	made.WriteString("WITH ")
	if recursive {
		made.WriteString("RECURSIVE ")
	}
	for i, name := range names {
		if i > 0 {
			made.WriteString(", ")
		}
		fmt.Fprintf(&made, "%s AS (%s)", name, bodies[i])
	}
	if more {
		made.WriteString(", ")
	} else {
		made.WriteString(" ")
	}
	made.WriteString(rest)
	return made.String()
}
