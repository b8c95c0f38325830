package ranger_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// drawn draws files of Hive with everything that policies can have.
type drawn struct{ *rand.Rand }

type object = map[string]any

func (d drawn) one(of ...string) string { return of[d.IntN(len(of))] }
func (d drawn) often(percent int) bool  { return d.IntN(100) < percent }

// some draws a few of a list, sometimes none.
func (d drawn) some(most int, of ...string) []string {
	made := []string{}
	for range d.IntN(most + 1) {
		made = append(made, d.one(of...))
	}
	return made
}

func (d drawn) resource(excludes int, of ...string) object {
	return object{"values": append(d.some(1, of...), d.one(of...)), "isExcludes": d.often(excludes)}
}

func (d drawn) tables(columns bool) object {
	made := object{"database": d.resource(10, "a", "ab", "*", "a*", "?b", "A", "*b", "{USER}"), "table": d.resource(10, "t", "tt", "*", "t*", "T?", "*")}
	if columns {
		made["column"] = d.resource(15, "c", "cc", "*", "*", "c*", "?", "d")
	}
	if d.often(4) {
		delete(made, "table")
	}
	return made
}

func (d drawn) item(prefix string, accesses ...string) object {
	made := object{"users": d.some(1, "u1", "u2", "u3", "", "{OWNER}", "{USER}"), "groups": d.some(1, "g1", "g2", "public"), "roles": d.some(1, "r1", "r2", "r3")}
	if d.often(60) {
		made["users"] = d.some(2, "u1", "u2", "u3")
	}
	var given []object
	for _, access := range append(d.some(1, accesses...), accesses[0]) {
		given = append(given, object{"type": prefix + access, "isAllowed": !d.often(5)})
	}
	made["accesses"] = given
	if d.often(8) {
		made["conditions"] = []object{{"type": d.one("country", "unheard of"), "values": []string{"CN"}}}
	}
	return made
}

func (d drawn) items(percent int, prefix string) []object {
	made := []object{}
	for d.often(percent) && len(made) < 3 {
		made = append(made, d.item(prefix, "select", "update", "all", "drop"))
	}
	return made
}

func (d drawn) schedules() []object {
	if !d.often(12) {
		return nil
	}
	made := object{"startTime": d.one("", "2026/03/01 00:00:00", "2027/01/01 00:00:00"), "endTime": d.one("", "2026/03/02 10:00:00", "2026/02/01 00:00:00", "2030/01/01 00:00:00"), "timeZone": d.one("", "Asia/Shanghai")}
	if d.often(50) {
		made["recurrences"] = []object{{
			"schedule": object{"minute": d.one("0", "30", "*", "0,30"), "hour": d.one("8", "22", "9-17", "*"), "dayOfWeek": d.one("*", "2-6", "1,7", ""), "dayOfMonth": d.one("*", "", "", "1"), "month": d.one("*", "", "3"), "year": "*"},
			"interval": object{"hours": d.IntN(13), "minutes": d.IntN(50)},
		}}
	}
	return []object{made}
}

func (d drawn) policy(id int, tag bool) object {
	made := object{"id": id, "name": "p" + strconv.Itoa(id), "isEnabled": !d.often(8), "validitySchedules": d.schedules()}
	prefix := ""
	if tag {
		prefix = "hive:"
	}
	if d.often(30) {
		made["policyPriority"] = d.one("1", "1", "2")
	}
	if d.often(5) {
		made["conditions"] = []object{{"type": "country", "values": []string{"CN"}}}
	}
	resources := func(columns bool) object {
		if tag {
			return object{"tag": d.resource(5, "X", "Y", "X*", "*", "Z")}
		}
		return d.tables(columns)
	}
	switch kind := d.IntN(10); {
	case kind < 2:
		made["policyType"], made["resources"] = 1, resources(true)
		items := []object{}
		for range 1 + d.IntN(3) {
			item := d.item(prefix, "select")
			if !d.often(4) {
				item["dataMaskInfo"] = object{"dataMaskType": prefix + d.one("MASK", "MASK_NONE", "MASK_NULL", "MASK_HASH", "MASK_SHOW_LAST_4", "SHUFFLE")}
			}
			items = append(items, item)
		}
		made["dataMaskPolicyItems"], made["isDenyAllElse"] = items, d.often(8)
	case kind < 4:
		made["policyType"], made["resources"] = 2, resources(false)
		items := []object{}
		for range 1 + d.IntN(3) {
			item := d.item(prefix, "select")
			if !d.often(4) {
				item["rowFilterInfo"] = object{"filterExpr": d.one("", "c = 'x'", "c <> 'x' and d is not null", "upper(c) = 'X'", "1=1", "1=0", "d = current_user()", "n > 3 or c in ('x','y')", "not (n between 1 and 5)", "c like 'x%'")}
			}
			items = append(items, item)
		}
		made["rowFilterPolicyItems"], made["isDenyAllElse"] = items, d.often(8)
	default:
		made["resources"] = resources(true)
		made["policyItems"], made["denyPolicyItems"] = d.items(70, prefix), d.items(30, prefix)
		made["allowExceptions"], made["denyExceptions"] = d.items(20, prefix), d.items(20, prefix)
		made["isDenyAllElse"] = d.often(8)
		if d.often(5) && !tag {
			made["additionalResources"] = []object{d.tables(true)}
		}
		if d.often(3) {
			made["zoneName"] = "z"
		}
	}
	return made
}

func (d drawn) file() object {
	var accesses, tagAccesses []object
	for _, name := range []string{"select", "update", "drop"} {
		accesses = append(accesses, object{"name": name})
		tagAccesses = append(tagAccesses, object{"name": "hive:" + name})
	}
	accesses = append(accesses, object{"name": "all", "impliedGrants": []string{"select", "update", "drop"}})
	tagAccesses = append(tagAccesses, object{"name": "hive:all", "impliedGrants": []string{"hive:select", "hive:update", "hive:drop"}})
	conditions := []object{{"name": "country", "evaluator": d.one("RangerSimpleMatcher", "of.somebody.Else"), "evaluatorOptions": object{"CONTEXT_NAME": "country"}}}
	wild := d.one("true", "true", "false")
	levels := []object{{"name": "database"}, {"name": "table", "parent": "database"}, {"name": "column", "parent": "table"}, {"name": "udf", "parent": "database"}}
	limited := []object{{"name": "database", "matcherOptions": object{"wildCard": wild}}, {"name": "table", "matcherOptions": object{"wildCard": wild}}, {"name": "column"}}
	made := object{
		"serviceName": "h", "userRoles": object{"u1": []string{"r1"}, "u2": []string{"r3"}}, "groupRoles": object{"g1": []string{"r2"}}, "roleRoles": object{"r3": []string{"r2"}},
		"serviceDef": object{
			"name": "hive", "resources": levels, "accessTypes": accesses, "policyConditions": conditions,
			"dataMaskDef": object{"resources": limited}, "rowFilterDef": object{"resources": limited[:2]},
		},
	}
	policies := []object{}
	if d.often(70) {
		everything := object{"values": "*"}
		policies = append(policies, object{
			"id": 100, "name": "everybody", "resources": object{"database": everything, "table": everything, "column": everything},
			"policyItems": []object{{"accesses": []object{{"type": "all"}}, "groups": []string{"public"}}},
		})
	}
	for id := range 1 + d.IntN(5) {
		policies = append(policies, d.policy(id+1, false))
	}
	made["policies"] = policies
	if d.often(50) {
		tags := []object{}
		for id := range 1 + d.IntN(4) {
			tags = append(tags, d.policy(id+1, true))
		}
		made["tagPolicies"] = object{"serviceName": "tags", "policies": tags, "serviceDef": object{
			"name": "tag", "accessTypes": tagAccesses, "policyConditions": conditions,
			"resources": []object{{"name": "tag", "matcherOptions": object{"ignoreCase": d.one("false", "false", "false", "true")}}},
		}}
	}
	if d.often(5) {
		made["superUsers"] = []string{"u3"}
	}
	if d.often(5) {
		made["securityZones"] = object{"z": object{"resources": []object{{"database": []string{d.one("ab", "a*", "?b")}}}, "policies": []object{d.policy(50, false)}}}
	}
	return made
}

// TestConvertedPoliciesOfDrawnFiles does the same with files that are drawn.
func TestConvertedPoliciesOfDrawnFiles(t *testing.T) {
	t.Parallel()
	files := 25
	if given, err := strconv.Atoi(os.Getenv("YITONG_SOAK")); err == nil {
		files *= given
	} else if testing.Short() {
		files = 10
	}
	// Not the last moment of a schedule, which counts in Ranger only.
	moments := []time.Time{
		time.Date(2026, 3, 2, 10, 7, 13, 0, time.UTC), time.Date(2026, 3, 1, 23, 15, 8, 0, time.UTC), time.Date(2028, 6, 10, 9, 0, 1, 0, time.UTC),
	}
	var total ranger.Tally
	for seed := range files {
		text, err := json.Marshal(drawn{rand.New(rand.NewPCG(uint64(seed), 7))}.file())
		require.NoError(t, err)
		file, err := ranger.Read(strings.NewReader(string(text)))
		require.NoError(t, err)
		options := ranger.ConvertOptions{Zone: "UTC"}
		if seed%4 == 3 {
			options.Databases = []string{"a", "ab", "u1", "z"}
		}
		made, err := ranger.Convert(file, options)
		require.NoError(t, err, "%s", text)
		compared, err := ranger.Compare(file, made, moments[seed%len(moments)], 6000)
		require.NoError(t, err)
		if compared.Select.Wider+compared.Update.Wider+compared.Unnoted > 0 {
			policies, err := json.Marshal(made)
			require.NoError(t, err)
			require.Fail(t, "more is shown, or less without a note", "seed %d: %+v\n%s\n%s", seed, compared.Differences[:min(3, len(compared.Differences))], text, policies)
		}
		total = plus(total, compared.Select)
	}
	t.Logf("%d files, %s", files, counted(total))
}
