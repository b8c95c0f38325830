#!/usr/bin/env bash
# Runs every fuzz test for a while: FUZZ_SECONDS each (60 when not given).
set -euo pipefail

seconds=${FUZZ_SECONDS:-60}
grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
  package=$(dirname "$file")
  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/^func //' | while read -r name; do
    echo "== $package $name for ${seconds}s"
    go test -tags duckdb_arrow -run '^$' -fuzz "^$name\$" -fuzztime "${seconds}s" "$package"
  done
done
