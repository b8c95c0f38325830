package ranger_test

import (
	"fmt"
	"strings"

	"github.com/yitong-hub/yitong/acl/ranger"
)

// A site's policies are read with its service definition, and asked.
func Example() {
	file, err := ranger.Read(strings.NewReader(`{
		"serviceName": "lake",
		"serviceDef": {
			"name": "lake",
			"resources": [{"name": "table", "level": 1}, {"name": "column", "level": 2, "parent": "table"}],
			"accessTypes": [{"name": "select"}]
		},
		"policies": [
			{"id": 1, "name": "staff", "resources": {"table": {"values": ["staff"]}, "column": {"values": ["*"]}},
				"policyItems": [{"accesses": [{"type": "select"}], "groups": ["hr"]}]},
			{"id": 2, "name": "phones", "policyType": 1, "resources": {"table": {"values": ["staff"]}, "column": {"values": ["phone"]}},
				"dataMaskPolicyItems": [{"accesses": [{"type": "select"}], "groups": ["public"], "dataMaskInfo": {"dataMaskType": "MASK_SHOW_LAST_4"}}]}
		]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := ranger.NewEngine(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	request := ranger.Request{
		Resource: ranger.Resource{Elements: map[string]ranger.Element{
			"table": ranger.One("staff"), "column": ranger.One("phone"),
		}},
		AccessType: "select", User: "li", Groups: []string{"hr"},
	}
	access, mask := engine.Access(request), engine.Mask(request)
	fmt.Println(access.Allowed, access.PolicyID, mask.MaskType, mask.PolicyID)
	// Output: true 1 MASK_SHOW_LAST_4 2
}
