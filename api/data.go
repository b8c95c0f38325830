package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/yitong-hub/yitong/access"
	"github.com/yitong-hub/yitong/acl"
	"github.com/yitong-hub/yitong/acl/condition"
	"github.com/yitong-hub/yitong/api/contract"
	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/catalog/definition"
	"github.com/yitong-hub/yitong/internal/fault"
	"github.com/yitong-hub/yitong/query"
	"github.com/yitong-hub/yitong/query/plan"
)

// value gives what a pointer points to, or the zero value.
func value[T any](pointer *T) T {
	var none T
	if pointer == nil {
		return none
	}
	return *pointer
}

func rightOf(right *contract.ByRight) acl.Right {
	if right == nil {
		return acl.View
	}
	return acl.Right(*right)
}

func textOf(text definition.Text) contract.Text { return contract.Text{Zh: &text.ZH, En: &text.EN} }

// ListDatasets lists the datasets of which the caller gets anything.
func (s *Server) ListDatasets(c *gin.Context, params contract.ListDatasetsParams) {
	sights, err := s.sights(c, s.Policies.Current(), principalOf(c), acl.Request{Right: rightOf(params.Right), Purpose: value(params.Purpose), At: s.Now()})
	if err != nil {
		s.fail(c, err)
		return
	}
	datasets, err := s.Catalog.Datasets(c, "")
	if err != nil {
		s.fail(c, err)
		return
	}
	listed := []contract.DatasetSummary{}
	for _, dataset := range datasets {
		at := slices.IndexFunc(sights, func(sight access.Sight) bool { return sight.Dataset == dataset.ID })
		if at < 0 {
			continue
		}
		made := contract.DatasetSummary{
			Id: dataset.ID, Title: textOf(dataset.Title), Department: dataset.Department, Version: dataset.Version,
			PublishedAt: dataset.PublishedAt, Fields: len(sights[at].Fields),
		}
		// How many rows there are is for those who see all of them.
		if slices.ContainsFunc(sights[at].Fields, func(f access.SeenField) bool { return !f.SomeRows && f.Access != acl.Statistics.String() }) && !sights[at].Consent {
			made.Rows = dataset.Rows
		}
		listed = append(listed, made)
	}
	c.JSON(http.StatusOK, gin.H{"datasets": listed})
}

func (s *Server) sights(c *gin.Context, policies *acl.Set, principal acl.Principal, request acl.Request) ([]access.Sight, error) {
	resources, err := access.Resources(c, s.Catalog)
	if err != nil {
		return nil, err
	}
	return access.WhatCanSee(policies, principal, resources, request)
}

// GetDataset describes a dataset as the caller may see it. One of which nothing
// may be seen looks as if it were not there.
func (s *Server) GetDataset(c *gin.Context, id contract.DatasetId, params contract.GetDatasetParams) {
	dataset, decision, err := s.Gate.Decide(c, principalOf(c), rightOf(params.Right), value(params.Purpose), id)
	if err == nil && !decision.Allowed() {
		err = fault.New(fault.NotFound, "there is no dataset %q; yitong catalog datasets lists them", id)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	made := contract.Dataset{
		Id: dataset.ID, Title: textOf(dataset.Title), Department: dataset.Department, Version: dataset.Version, PublishedAt: dataset.PublishedAt,
		Fields: []contract.SeenField{}, Withheld: []contract.Withheld{},
	}
	if dataset.Description != "" {
		made.Description = &dataset.Description
	}
	if dataset.Steward != "" {
		made.Steward = &dataset.Steward
	}
	for _, field := range dataset.Fields {
		seen, withheld := describe(field, decision)
		if withheld != nil {
			made.Withheld = append(made.Withheld, *withheld)
		} else {
			made.Fields = append(made.Fields, seen)
		}
	}
	c.JSON(http.StatusOK, made)
}

func describe(field catalog.Field, decision *acl.Decision) (contract.SeenField, *contract.Withheld) {
	access := decision.Field(field.Name)
	best, reason := access.Best(), decision.Reason(field.Name)
	if best.Access == acl.Denied {
		return contract.SeenField{}, &contract.Withheld{Field: field.Name, Reason: reason}
	}
	title, level := textOf(field.Title), field.Level.Effective().String()
	kind, some := decision.TypeOf(access.Field, best).String(), !access.Whole()
	made := contract.SeenField{
		Name: field.Name, Title: &title, Level: &level, Access: contract.SeenFieldAccess(best.Access.String()), Type: &kind, SomeRows: &some, Reason: reason,
	}
	if field.Element != "" {
		made.Element = &field.Element
	}
	if best.Access == acl.Masked {
		mask := best.Mask.String()
		made.Mask = &mask
	}
	return made, nil
}

// ListRows gives rows in the form that the caller accepts.
func (s *Server) ListRows(c *gin.Context, dataset contract.DatasetId, params contract.ListRowsParams) {
	format, err := negotiate(c.GetHeader("Accept"))
	if err != nil {
		s.fail(c, err)
		return
	}
	request := query.Request{
		Dataset: dataset, Fields: value(params.Fields), Where: value(params.Where), Filters: filtersOf(params.Filter), Sort: value(params.Sort), AsOf: params.AsOf,
		Limit: uint64(value(params.Limit)), Purpose: value(params.Purpose), Right: format.right, Cursor: value(params.Cursor), Page: !format.copied,
	}
	s.answer(c, request, format, value(params.Bom))
}

// filtersOf reads filter[field]=value and filter[field.operator]=value, in order of
// their names: one question has one tag.
func filtersOf(given *contract.Filter) []condition.Filter {
	var made []condition.Filter
	for _, name := range slices.Sorted(maps.Keys(value(given))) {
		field, operator, _ := strings.Cut(name, ".")
		made = append(made, condition.Filter{Field: field, Operator: operator, Value: value(given)[name]})
	}
	return made
}

// GetFigures gives figures over a dataset.
func (s *Server) GetFigures(c *gin.Context, dataset contract.DatasetId, params contract.GetFiguresParams) {
	request := query.Request{
		Dataset: dataset, GroupBy: value(params.GroupBy), Where: value(params.Where), Filters: filtersOf(params.Filter), Sort: value(params.Sort), AsOf: params.AsOf,
		Limit: uint64(value(params.Limit)), Purpose: value(params.Purpose), Right: acl.View,
	}
	for _, text := range params.Metric {
		metric, err := plan.ParseMetric(text)
		if err != nil {
			s.fail(c, err)
			return
		}
		request.Metrics = append(request.Metrics, metric)
	}
	s.answer(c, request, formatJSON, false)
}
