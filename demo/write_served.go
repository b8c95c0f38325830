package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeDirectory writes data/ldap/directory.ldif (RFC 2849). The first column
// names the entry.
func writeDirectory(ctx context.Context, dir string, s system, fill filler) error {
	folder := filepath.Join(dir, "ldap")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	return writeFile(filepath.Join(folder, "directory.ldif"), func(w io.Writer) error {
		if _, err := io.WriteString(w, "version: 1\n"); err != nil {
			return err
		}
		for _, t := range s.tables {
			names := columnNames(t)
			err := fill(t, func(values ...any) error {
				_, err := io.WriteString(w, ldifEntry(names, values))
				return errors.Join(err, ctx.Err())
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func ldifEntry(names []string, values []any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\ndn: uid=%s,ou=people,dc=demo,dc=edu\nobjectClass: inetOrgPerson\nobjectClass: eduPerson\n", values[0])
	for i, name := range names {
		texts, many := values[i].([]string)
		if !many {
			texts = []string{cellText(values[i])}
		}
		for _, text := range texts {
			if text != "" {
				fmt.Fprintf(&b, "%s:: %s\n", name, base64.StdEncoding.EncodeToString([]byte(text)))
			}
		}
	}
	return b.String()
}

// writeSacct writes data/<system>/<file>: fields joined by bars, as
// sacct --parsable2 does, without any quoting.
func writeSacct(ctx context.Context, dir string, s system, fill filler) error {
	for _, t := range s.tables {
		if err := os.MkdirAll(filepath.Join(dir, s.id), 0o750); err != nil {
			return err
		}
		err := writeFile(filepath.Join(dir, s.id, t.name), func(w io.Writer) error {
			if _, err := io.WriteString(w, strings.Join(columnNames(t), "|")+"\n"); err != nil {
				return err
			}
			return fill(t, func(values ...any) error {
				texts := make([]string, len(values))
				for i, value := range values {
					texts[i] = cellText(value)
				}
				_, err := io.WriteString(w, strings.Join(texts, "|")+"\n")
				return errors.Join(err, ctx.Err())
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
