package definition_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/schema"
)

func TestDraftIsADefinition(t *testing.T) {
	t.Parallel()
	var connection yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte("{url: {secret: LIBRARY_URL}}"), &connection))
	system := definition.System{ID: "library", Department: "library", Connector: "postgres", Connection: *connection.Content[0], Title: definition.Text{ZH: "图书馆"}}
	found := []schema.Dataset{
		{Name: "借阅", Key: []string{"读者号", "BOOK-ID"}, Columns: []schema.Column{{Name: "读者号"}, {Name: "BOOK-ID"}, {Name: "2nd", Comment: "续借: 次数"}, {Name: "_"}, {Name: "book_id"}}},
		{Name: "yes", Columns: []schema.Column{{Name: "no"}}},
	}
	text, err := definition.Draft(system, found, nil)
	require.NoError(t, err)
	require.Equal(t, `system: library
title: {zh: 图书馆}
department: library
connector: postgres
connection: {url: {secret: LIBRARY_URL}}
datasets:
  - name: jieyue
    source: 借阅
    key: [读者号, BOOK-ID]
    load: full
    fields:
      - {name: duzhehao, from: 读者号}
      - {name: book_id, from: BOOK-ID}
      - {name: x_2nd, from: 2nd, description: '续借: 次数'}
      - {name: x, from: _}
      - {name: book_id_2, from: book_id}
  - name: yes
    source: yes
    load: full
    fields:
      - {name: no, from: no}
`, string(text))
	mistakes, err := definition.Validate(text)
	require.NoError(t, err)
	require.Empty(t, mistakes)
	parsed, err := definition.Parse("library.yaml", text)
	require.NoError(t, err)
	require.Equal(t, []string{"读者号", "BOOK-ID"}, parsed.Datasets[0].Key)
	_, err = definition.Draft(system, found, []string{"借阅表"})
	require.True(t, fault.Is(err, fault.NotFound))
	require.ErrorContains(t, err, "is 借阅 meant?")
}
