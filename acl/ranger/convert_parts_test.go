package ranger_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/ranger"
	"github.com/yitong-hub/yitong/internal/fault"
)

// hive is a file of Hive's with policies that are given.
func hive(t *testing.T, policies ...string) *ranger.File {
	t.Helper()
	file, err := ranger.Read(strings.NewReader(`{"serviceName": "lake", "serviceDef": {"name": "hive",
		"resources": [{"name": "database"}, {"name": "table", "parent": "database"}, {"name": "column", "parent": "table"}],
		"accessTypes": [{"name": "select"}, {"name": "update"}],
		"dataMaskDef": {"resources": [{"name": "database"}, {"name": "table"}, {"name": "column"}]},
		"rowFilterDef": {"resources": [{"name": "database"}, {"name": "table"}]}
	}, "policies": [` + strings.Join(policies, ",") + `]}`))
	require.NoError(t, err)
	return file
}

const (
	onTable    = `"resources": {"database": {"values": ["hr"]}, "table": {"values": ["staff"]}}`
	onColumns  = `"resources": {"database": {"values": ["hr"]}, "table": {"values": ["staff"]}, "column": {"values": ["*"]}}`
	selectItem = `"accesses": [{"type": "select"}], "groups": ["public"]`
	everybody  = `{"id": 1, "name": "all", ` + onColumns + `, "policyItems": [{` + selectItem + `}]}`
)

func TestConvertedRowFilters(t *testing.T) {
	t.Parallel()
	const nothing, everything = "no rows are shown", "all rows are shown"
	for filter, want := range map[string]string{
		"":                                      everything,
		"location='US'":                         "not (location = 'US')",
		`Location == "U'S"`:                     "not (location = 'U''S')",
		`x = 'a\'b'`:                            "not (x = 'a''b')",
		"`col x` <> 1 OR `and` < -2.5":          `not ("col x" != 1 or "and" < -2.5)`,
		"5 < age and 'x' != y":                  "not (age > 5 and y != 'x')",
		"not (a = 1 or b = 2) and c = 3":        "not (not (a = 1 or b = 2) and c = 3)",
		"(a = 1 or b = 2) and c = 3":            "not ((a = 1 or b = 2) and c = 3)",
		"a = 1 or b = 2 and c = 3":              "not (a = 1 or b = 2 and c = 3)",
		"a in ('x', 'y') and b not in (1,2)":    "not (a in ('x', 'y') and not (b in (1, 2)))",
		"a is null or b is NOT null":            "not (a is null or b is not null)",
		"name like '张%' and not name like '%_'": "not (name like '张%' and not (name like '%_'))",
		"a not like 'x%'":                       "not (not (a like 'x%'))",
		"n between 1 and 5 and m = 2":           "not (n >= 1 and n <= 5 and m = 2)",
		"n not between 1 and 5 or m = 2":        "not (not (n >= 1 and n <= 5) or m = 2)",
		"a <=> 'x'":                             "not (a = 'x' and a is not null)",
		"active":                                "not (active = true)",
		"active = false":                        "not (active = false)",
		"owner = current_user()":                "not (owner = @id)",
		"current_user() <> owner":               "not (owner != @id)",
		"owner = '${{USER._name}}'":             "not (owner = @id)",
		"1=1":                                   everything,
		"true":                                  everything,
		"'a' = 'a' or x = 1":                    everything,
		"1 = 0":                                 "",
		"false and x = 1":                       "",
		"1.0 >= 1 and x = 'y'":                  "not (x = 'y')",
		"not (2 > 1)":                           "",
		"dept = '${{USER.dept}}'":               nothing,
		"team in (${{GET_UG_ATTR_Q_CSV('t')}})": nothing,
		"name like '${{USER._name}}%'":          nothing,
		"upper(a) = 'X'":                        nothing,
		"a = b":                                 nothing,
		"a = 'it''s'":                           nothing,
		`a = 'x\ty'`:                            nothing,
		`a like 'x\\_%'`:                        nothing,
		"a rlike 'x'":                           nothing,
		"a = 1e5":                               nothing,
		"a = 10L":                               nothing,
		"a = 2020-01-01":                        nothing,
		"a > date '2020-01-01'":                 nothing,
		"t.a = 1":                               nothing,
		"a = null":                              nothing,
		"a in (select x from y)":                nothing,
		"a is true":                             nothing,
		"a + 1 = 2":                             nothing,
		"'open":                                 nothing,
		"`":                                     nothing,
		"``= 1":                                 nothing,
		"a = 1; drop table x":                   nothing,
		"a = 1 --":                              nothing,
		"and":                                   nothing,
		"a":                                     "not (a = true)",
		"a =":                                   nothing,
		"(a = 1":                                nothing,
		"a = 1)":                                nothing,
		"hire_date >= '2020-01-01' and current_date > hire_date":    nothing,
		strings.Repeat("(", 60) + "a = 1" + strings.Repeat(")", 60): nothing,
		strings.Repeat("not ", 100_000) + "a":                       nothing,
		"a = 'x" + strings.Repeat("y", 20_000) + "'":                nothing,
	} {
		text, err := json.Marshal(filter)
		require.NoError(t, err)
		made, err := ranger.Convert(hive(t, everybody, `{"id": 2, "policyType": 2, `+onTable+`, "rowFilterPolicyItems": [{`+selectItem+`, "rowFilterInfo": {"filterExpr": `+string(text)+`}}]}`), ranger.ConvertOptions{})
		require.NoError(t, err, filter)
		noted := slices.ContainsFunc(made.Notes, func(n ranger.Note) bool { return n.Policy == "ranger:2" && n.Consequence == nothing })
		require.Equal(t, want == nothing, noted, "%s: %+v", filter, made.Notes)
		if want == everything {
			require.Len(t, made.Policies, 1, filter)
			continue
		}
		require.Len(t, made.Policies, 2, filter)
		if want == nothing {
			want = ""
		}
		require.Equal(t, want, made.Policies[1].Rows, filter)
		require.Equal(t, acl.Deny, made.Policies[1].Effect)
		require.Nil(t, made.Policies[1].Mask)
	}
}

func TestConvertedMasks(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"MASK": `constant "xxxx"`, "MASK_SHOW_LAST_4": "last 4", "MASK_SHOW_FIRST_4": "first 4", "MASK_HASH": "hash", "MASK_NULL": "null", "NULL": "null",
		"MASK_DATE_SHOW_YEAR": "year", "CUSTOM": "null", "SHUFFLE": "null", "": "null", "mask_none": "null", "MASK_NONE": "",
	} {
		made, err := ranger.Convert(hive(t, everybody, `{"id": 2, "policyType": 1, `+onColumns+`, "dataMaskPolicyItems": [{`+selectItem+`, "dataMaskInfo": {"dataMaskType": "`+name+`"}}]}`), ranger.ConvertOptions{})
		require.NoError(t, err)
		if want == "" {
			require.Len(t, made.Policies, 1)
			continue
		}
		require.Len(t, made.Policies, 2, name)
		require.Equal(t, want, made.Policies[1].Mask.String(), name)
		require.Equal(t, []acl.Right{acl.View}, made.Policies[1].Rights, "which is of hold and transmit as well")
	}
}

func TestConvertedForDatabases(t *testing.T) {
	t.Parallel()
	policy := func(databases string) string {
		return `{"id": 1, "resources": {"database": ` + databases + `, "table": {"values": ["t"]}, "column": {"values": ["*"]}}, "policyItems": [{` + selectItem + `}]}`
	}
	for databases, want := range map[string]string{
		`{"values": ["*"]}`:                             "hr.t finance.t lib.t",
		`{"values": ["?r", "FIN*"]}`:                    "hr.t finance.t",
		`{"values": ["lib", "hr"], "isExcludes": true}`: "finance.t",
		`{"values": ["elsewhere"]}`:                     "",
		`{"values": []}`:                                "hr.t finance.t lib.t",
		`{"values": ["{USER}"]}`:                        "",
	} {
		made, err := ranger.Convert(hive(t, policy(databases)), ranger.ConvertOptions{Databases: []string{"hr", "finance", "lib"}})
		require.NoError(t, err)
		var found []string
		for _, one := range made.Policies {
			found = append(found, one.Resource.Datasets...)
		}
		require.Equal(t, want, strings.Join(found, " "), databases)
		require.Equal(t, want == "", len(made.Notes) > 0, "%s: %+v", databases, made.Notes)
	}
	made, err := ranger.Convert(hive(t, policy(`{"values": ["*"]}`)), ranger.ConvertOptions{})
	require.NoError(t, err)
	require.Equal(t, []string{"*.t"}, made.Policies[0].Resource.Datasets)
	require.Equal(t, ranger.ShowsMore, made.Notes[0].Shows, "the catalog may have other systems")
}

// TestConvertedRecurrences holds hours against what the engine makes of recurrences.
func TestConvertedRecurrences(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("Asia/Shanghai", 8*60*60)
	hours, reported, all := 0, 0, 0
	for _, minute := range []string{"0", "45", "0,30", ""} {
		for _, hour := range []string{"8", "23", "9-12", "20,21,22", "*", "9,15"} {
			for _, days := range []string{"*|*", "2-6|", "1|", "|*", "7,1|*", "|", "*|15", "9|"} {
				for _, length := range []string{`"minutes": 30`, `"hours": 1`, `"hours": 10, "minutes": 20`, `"days": 1`, `"days": 2`} {
					if all++; all%9 != 1 && os.Getenv("YITONG_SOAK") == "" {
						continue
					}
					week, month, _ := strings.Cut(days, "|")
					schedule := fmt.Sprintf(`"validitySchedules": [{"recurrences": [{"schedule": {"minute": %q, "hour": %q, "dayOfWeek": %q, "dayOfMonth": %q, "month": "*", "year": ""}, "interval": {%s}}]}]`, minute, hour, week, month, length)
					file := hive(t, everybody, `{"id": 2, `+onColumns+`, `+schedule+`, "denyPolicyItems": [{"accesses": [{"type": "select"}], "users": ["eve"]}]}`,
						`{"id": 3, `+onColumns+`, `+schedule+`, "policyItems": [{"accesses": [{"type": "update"}], "users": ["li"]}]}`)
					made, err := ranger.Convert(file, ranger.ConvertOptions{})
					require.NoError(t, err)
					limits := slices.ContainsFunc(made.Notes, func(n ranger.Note) bool { return strings.Contains(n.What, "recurrence") })
					for step := range 28 {
						at := time.Date(2026, 3, 1+step/4, (step*7)%24, 7+15*(step%4), 30, 0, zone)
						found := same(t, file, made, at, 200)
						if !limits {
							require.Zero(t, found.Select.Stricter+found.Update.Stricter, "%s at %s: %+v", schedule, at, made.Policies)
						}
					}
					if limits {
						reported++
					} else {
						hours++
					}
				}
			}
		}
	}
	t.Logf("%d recurrences are hours, %d are reported", hours, reported)
	require.Greater(t, hours, 30)
}

func TestConvertedHoursOfTheNight(t *testing.T) {
	t.Parallel()
	for hour, want := range map[string]map[string]bool{"8": {"Asia/Shanghai": true, "Europe/Berlin": true}, "22": {"": true, "Europe/Berlin": false}, "1": {"UTC": true, "America/Chicago": false}} {
		for zone, sayable := range want {
			made, err := ranger.Convert(hive(t, `{"id": 1, `+onColumns+`, "policyItems": [{`+selectItem+`}], "validitySchedules": [{"recurrences": [
				{"schedule": {"minute": "0", "hour": "`+hour+`", "dayOfMonth": "*"}, "interval": {"hours": 8}}]}]}`), ranger.ConvertOptions{Zone: zone})
			require.NoError(t, err)
			require.Equal(t, sayable, len(made.Policies) == 1, "%s in %s: %+v", hour, zone, made.Notes)
			require.Equal(t, !sayable, len(made.Notes) == 1)
			if sayable {
				require.Equal(t, zone, made.Policies[0].Hours.Zone)
			}
		}
	}
	_, err := ranger.Convert(hive(t), ranger.ConvertOptions{Zone: "Campus"})
	require.True(t, fault.Is(err, fault.Invalid))
}

func TestConvertedExport(t *testing.T) {
	t.Parallel()
	export := func(policies ...string) (ranger.Converted, error) {
		file, err := ranger.Read(strings.NewReader(`{"metaDataInfo": {"Host name": "admin"}, "policies": [` + strings.Join(policies, ",") + `]}`))
		require.NoError(t, err)
		made, err := ranger.Convert(file, ranger.ConvertOptions{})
		if err == nil {
			same(t, file, made, moments(file)[0], 10_000)
		}
		return made, err
	}
	policy := func(service, kind string) string {
		return `{"id": 1, "service": "` + service + `", "serviceType": "` + kind + `", ` + onColumns + `, "policyItems": [{"accesses": [{"type": "all"}], "groups": ["public"]}]}`
	}
	tag := `{"id": 2, "service": "tags", "serviceType": "tag", "resources": {"tag": {"values": ["PII"]}}, "denyPolicyItems": [{"accesses": [{"type": "hive:all"}], "users": ["eve"]}]}`
	made, err := export(policy("lake", "hive"), tag, policy("files", "hdfs"))
	require.NoError(t, err)
	require.Equal(t, "ranger:lake", made.Origin())
	require.Len(t, made.Policies, 2)
	require.Equal(t, []acl.Right{acl.View, acl.Hold, acl.Create}, made.Policies[0].Rights)
	require.Equal(t, []string{"PII"}, made.Policies[1].Resource.Tags)
	require.Equal(t, []acl.Right{acl.View, acl.Create}, made.Policies[1].Rights)
	require.Contains(t, fmt.Sprint(made.Notes), "the service files")

	made, err = export(policy("lake", "hive"))
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(made.Notes), "tag policies", "their absence is said: what they deny is not denied")
	for text, policies := range map[string][]string{
		"name one of lake, pond":  {policy("lake", "hive"), policy("pond", "hive")},
		"no policies of Hive":     {policy("files", "hdfs")},
		"tag policies of several": {policy("lake", "hive"), tag, strings.Replace(tag, "tags", "more_tags", 1)},
	} {
		_, err := export(policies...)
		require.True(t, fault.Is(err, fault.Invalid))
		require.Contains(t, fault.Public(err), text)
	}
	_, err = ranger.Convert(nil, ranger.ConvertOptions{})
	require.True(t, fault.Is(err, fault.Invalid))
}

// TestConvertedNames narrows what is given and widens what is taken where names
// cannot be said here.
func TestConvertedNames(t *testing.T) {
	t.Parallel()
	item := func(kind string) string {
		return `"` + kind + `": [{"accesses": [{"type": "select"}], "users": ["e\u200bve", "li"]}]`
	}
	made, err := ranger.Convert(hive(t,
		`{"id": 1, `+onColumns+`, `+item("policyItems")+`}`, `{"id": 2, `+onColumns+`, `+item("denyPolicyItems")+`}`,
		`{"id": 3, "resources": {"database": {"values": ["hr"]}, "table": {"values": ["a?c", "d"]}, "column": {"values": ["*"]}}, `+item("policyItems")+`}`,
		`{"id": 4, "resources": {"database": {"values": ["hr"]}, "table": {"values": ["a?c"]}, "column": {"values": ["x?"], "isExcludes": true}}, "denyPolicyItems": [{`+selectItem+`}]}`,
		`{"id": 5, "resources": {"database": {"values": ["hr"]}, "table": {"values": ["*"], "isExcludes": true}, "column": {"values": ["*"]}}, "policyItems": [{`+selectItem+`}]}`,
	), ranger.ConvertOptions{})
	require.NoError(t, err)
	byID := map[string]acl.Policy{}
	for _, policy := range made.Policies {
		byID[policy.ID] = policy
	}
	require.Equal(t, acl.Subject{Persons: []string{"li"}, Applications: []string{"li"}}, byID["ranger:1/allow/1"].Subject)
	require.Equal(t, acl.Subject{Anyone: true}, byID["ranger:2/deny/1"].Subject)
	require.Equal(t, []string{"hr.d"}, byID["ranger:3/allow/1"].Resource.Datasets)
	require.Equal(t, []string{"hr.a*c"}, byID["ranger:4/deny/1"].Resource.Datasets)
	require.Empty(t, byID["ranger:4/deny/1"].Except, "what is not denied is narrowed, here to nothing")
	require.Len(t, byID, 4)
	noted := map[string]bool{}
	for _, note := range made.Notes {
		require.NotEmpty(t, note.Why)
		require.NotEmpty(t, note.Consequence)
		noted[note.Policy] = true
	}
	require.Equal(t, map[string]bool{"ranger:1": true, "ranger:2": true, "ranger:3": true, "ranger:4": true}, noted)
}

func TestConvertRefusesSchedulesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const broken = `"validitySchedules": [{"startTime": "soon"}]`
	_, err := ranger.Convert(hive(t, `{"id": 7, "name": "x", `+onColumns+`, `+broken+`}`), ranger.ConvertOptions{})
	require.True(t, fault.Is(err, fault.Invalid))
	require.Contains(t, fault.Public(err), "policy 7 (x)")
	made, err := ranger.Convert(hive(t, `{"id": 7, "isEnabled": false, `+onColumns+`, `+broken+`}`), ranger.ConvertOptions{})
	require.NoError(t, err)
	require.Len(t, made.Notes, 1)
	require.Empty(t, made.Policies)
}

func TestConvertedTags(t *testing.T) {
	t.Parallel()
	file := hive(t, everybody)
	require.NoError(t, file.ReadTags(strings.NewReader(`{
		"tags": {"5": {"type": "PII"}, "6": {"type": "OLD", "validityPeriods": [{"endTime": "2026/01/01 00:00:00"}]}},
		"serviceResources": [{"id": 1, "resourceElements": {"database": {"values": ["HR"]}, "table": {"values": ["staff"]}, "column": {"values": ["phone"]}}}],
		"resourceToTagIds": {"1": [5, 6, 7]}
	}`)))
	made, err := ranger.Convert(file, ranger.ConvertOptions{})
	require.NoError(t, err)
	require.Equal(t, []ranger.Tagged{{Of: "hr.staff.phone", Tags: []string{"PII", "OLD"}}}, made.Tags)
	require.Len(t, made.Notes, 1)
	require.Contains(t, made.Notes[0].What, "OLD")
}

// FuzzConvert holds that no file makes the conversion panic, or show more.
func FuzzConvert(f *testing.F) {
	for _, pattern := range []string{"*.json", filepath.Join("convert", "*.json")} {
		paths, err := filepath.Glob(filepath.Join("testdata", pattern))
		require.NoError(f, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := ranger.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		made, err := ranger.Convert(file, ranger.ConvertOptions{})
		if err != nil {
			return
		}
		found, err := ranger.Compare(file, made, time.Date(2026, 3, 2, 10, 7, 13, 0, time.UTC), 500)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), err)
			return
		}
		require.Zero(t, found.Select.Wider+found.Update.Wider, "%+v", found.Differences)
	})
}
