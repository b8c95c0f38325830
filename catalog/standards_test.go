package catalog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/schema"
)

func TestStandardsAreComplete(t *testing.T) {
	t.Parallel()
	set, err := catalog.Standards()
	require.NoError(t, err)
	require.Len(t, set.Elements, 273)
	for id, want := range map[string]int{
		"sex": 4, "ethnic_group": 56, "political_status": 13, "nationality": 249,
		"division": 3348, "campus_role": 11,
	} {
		codes, known := set.CodeSet(id)
		require.True(t, known, id)
		require.Len(t, codes.Codes, want, id)
	}
}

func TestStandardsSpotChecks(t *testing.T) {
	t.Parallel()
	set, err := catalog.Standards()
	require.NoError(t, err)
	for _, test := range []struct{ set, code, zh string }{
		{"division", "110000", "北京市"}, {"division", "110101", "东城区"}, {"division", "320100", "南京市"},
		{"nationality", "CHN", "中国"}, {"nationality", "TWN", "中国台湾"}, {"nationality", "DEU", "德国"},
	} {
		codes, _ := set.CodeSet(test.set)
		require.Contains(t, names(codes), test.code)
		require.Equal(t, test.zh, names(codes)[test.code])
	}
	number, known := set.Element("person.id_number")
	require.True(t, known)
	require.Equal(t, schema.L4, number.Level)
	require.Contains(t, number.Tags, "pipl_sensitive")
	require.Contains(t, number.Synonyms, "SFZJH")
	cost, known := set.Element("cloud.billed_cost")
	require.True(t, known)
	require.Equal(t, schema.DecimalOf(38, 12), cost.Type)
}

func TestSensitivePersonalInformationIsHighlySensitive(t *testing.T) {
	t.Parallel()
	set, err := catalog.Standards()
	require.NoError(t, err)
	count := 0
	for _, element := range set.Elements {
		for _, tag := range element.Tags {
			if tag == "pipl_sensitive" {
				require.Equal(t, schema.L4, element.Level, element.ID)
				count++
			}
		}
	}
	require.Equal(t, 9, count)
}

func TestDepartments(t *testing.T) {
	t.Parallel()
	departments, err := catalog.Departments()
	require.NoError(t, err)
	require.Len(t, departments, 16)
	require.Equal(t, "president_office", departments[0].ID)
	require.Equal(t, "党政办公室", departments[0].Title.ZH)
}

func names(codes catalog.CodeSet) map[string]string {
	out := map[string]string{}
	for _, code := range codes.Codes {
		out[code.Code] = code.ZH
	}
	return out
}
