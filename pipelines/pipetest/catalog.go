package pipetest

import (
	"context"
	"sync"

	"github.com/yitong-hub/yitong/catalog"
	"github.com/yitong-hub/yitong/internal/fault"
)

// Catalog keeps in memory what the pipelines tell it.
type Catalog struct {
	mu           sync.Mutex
	elements     map[string]catalog.Element
	codeSets     map[string]catalog.CodeSet
	publications map[string]catalog.Publication
	runs         map[string]catalog.Run
}

// NewCatalog makes a catalog that knows these terms.
func NewCatalog(elements []catalog.Element, codeSets []catalog.CodeSet) *Catalog {
	c := &Catalog{
		elements: map[string]catalog.Element{}, codeSets: map[string]catalog.CodeSet{},
		publications: map[string]catalog.Publication{}, runs: map[string]catalog.Run{},
	}
	for _, element := range elements {
		c.elements[element.ID] = element
	}
	for _, set := range codeSets {
		c.codeSets[set.ID] = set
	}
	return c
}

// StartRun keeps a run.
func (c *Catalog) StartRun(_ context.Context, run catalog.Run) error { return c.keep(run) }

// FinishRun keeps a run.
func (c *Catalog) FinishRun(_ context.Context, run catalog.Run) error { return c.keep(run) }

func (c *Catalog) keep(run catalog.Run) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs[run.ID] = run
	return nil
}

// Publish keeps the newest publication of a dataset.
func (c *Catalog) Publish(_ context.Context, publication catalog.Publication) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.publications[publication.Dataset] = publication
	c.runs[publication.Run.ID] = publication.Run
	return nil
}

// Dataset gives a published dataset.
func (c *Catalog) Dataset(_ context.Context, id string) (catalog.Dataset, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.publications[id]
	if !ok {
		return catalog.Dataset{}, fault.New(fault.NotFound, "there is no dataset %s", id)
	}
	return catalog.Dataset{ID: id, Fields: p.Fields, Version: p.Version, Rows: p.Rows, Quarantine: p.Quarantine, PublishedAt: &p.At}, nil
}

// Publication gives what was last published of a dataset.
func (c *Catalog) Publication(id string) catalog.Publication {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.publications[id]
}

// Element gives an element.
func (c *Catalog) Element(_ context.Context, id string) (catalog.Element, error) {
	element, ok := c.elements[id]
	if !ok {
		return element, fault.New(fault.NotFound, "there is no element %s", id)
	}
	return element, nil
}

// CodeSet gives a code set.
func (c *Catalog) CodeSet(_ context.Context, id string) (catalog.CodeSet, error) {
	set, ok := c.codeSets[id]
	if !ok {
		return set, fault.New(fault.NotFound, "there is no code set %s", id)
	}
	return set, nil
}
