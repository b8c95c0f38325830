package acl

import (
	"slices"

	"github.com/yitong-hub/yitong/internal/fault"
)

// Check says what is wrong with a delegation by itself; whether the names in it
// exist is the catalog's matter.
func (d Delegation) Check() error {
	for _, party := range []struct{ role, id string }{{"from", d.From}, {"to", d.To}} {
		if err := checkName(party.id); err != nil {
			return fault.New(fault.Invalid, "delegation, %s: name who lends and who acts (%s)", party.role, fault.Public(err))
		}
	}
	if d.From == d.To {
		return fault.New(fault.Invalid, "delegation: %s cannot act for themselves", d.From)
	}
	if len(d.Rights) == 0 {
		return fault.New(fault.Invalid, "delegation, rights: name at least one of view, hold, create and transmit")
	}
	for _, right := range d.Rights {
		if !slices.Contains(Rights(), right) {
			return fault.New(fault.Invalid, "delegation, rights: %q is none of view, hold, create and transmit", right)
		}
	}
	if d.Valid.Until.IsZero() {
		return fault.New(fault.Invalid, "delegation: say until when it counts")
	}
	if !d.Valid.From.IsZero() && !d.Valid.From.Before(d.Valid.Until) {
		return fault.New(fault.Invalid, "delegation: the period %s is empty", d.Valid)
	}
	return d.checkResource()
}

func (d Delegation) checkResource() error {
	if d.Resource.empty() {
		return fault.New(fault.Invalid, `delegation, resource: say what is lent; everything is datasets: ["*"]`)
	}
	// What is lent does not depend on who uses it: "@department" would fit nothing.
	if slices.Contains(d.Resource.Departments, ownDepartment) {
		return fault.New(fault.Invalid, "delegation, resource: name the department in place of %s", ownDepartment)
	}
	var wrong error
	err := d.Resource.checkNames(func(list string, names []string) {
		if wrong == nil {
			wrong = checkList(list, names)
		}
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return fault.New(fault.Invalid, "delegation, %s", fault.Public(err))
	}
	return nil
}
