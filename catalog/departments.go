package catalog

import (
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Department is a unit of the university that owns systems.
type Department struct {
	ID    string          `json:"id" yaml:"id"`
	Title definition.Text `json:"title" yaml:"title"`
}

// Departments reads the departments that come with the product, in the order
// of its list, and refuses an id that occurs twice.
func Departments() ([]Department, error) {
	var all []Department
	seen := map[string]bool{}
	err := readDocuments("standards/departments.yaml", func(departments []Department) error {
		for _, department := range departments {
			if seen[department.ID] {
				return fault.New(fault.Invalid, "department %s occurs twice", department.ID)
			}
			seen[department.ID] = true
		}
		all = append(all, departments...)
		return nil
	})
	return all, err
}
