package catalog

import (
	"context"
	"fmt"
	"sort"

	sq "github.com/Masterminds/squirrel"

	"github.com/yitong-hub/yitong/internal/fault"
)

// maxNodes bounds a graph: more cannot be looked at, and a lineage that walks
// a whole campus helps nobody. Graph.Truncated says when it was reached.
const maxNodes = 2_000

// Lineage walks depth steps both ways from a name: a field ("hr.staff.name"), a
// dataset (all of its fields), an element, or a node's own name
// ("source:hr/T/xm"). A name that is none of them is a NotFound fault.
func (c *Catalog) Lineage(ctx context.Context, name string, depth int) (Graph, error) {
	starts, err := c.lineageStarts(ctx, name)
	if err != nil {
		return Graph{}, err
	}
	walk := &lineageWalk{catalog: c, seen: map[string]bool{}, edges: map[Edge]bool{}}
	for _, start := range starts {
		walk.seen[start] = true
	}
	frontier := starts
	for range depth {
		if frontier, err = walk.step(ctx, frontier); err != nil {
			return Graph{}, err
		}
	}
	return walk.graph(name), nil
}

// lineageStarts finds the nodes that a name stands for.
func (c *Catalog) lineageStarts(ctx context.Context, name string) ([]string, error) {
	if fields, err := c.Fields(ctx, FieldFilter{Dataset: name}); err != nil {
		return nil, err
	} else if len(fields) > 0 {
		starts := make([]string, len(fields))
		for i, field := range fields {
			starts[i] = "field:" + name + "." + field.Name
		}
		return starts, nil
	}
	for _, candidate := range []string{name, "field:" + name, "element:" + name, "source:" + name} {
		edges, err := c.edges(ctx, []string{candidate})
		if err != nil {
			return nil, err
		}
		if len(edges) > 0 {
			return []string{candidate}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "nothing called %q has a lineage: name a field, dataset, element or source column, and synchronise its system first", name)
}

func (c *Catalog) edges(ctx context.Context, nodes []string) ([]Edge, error) {
	rows, err := c.store.SQL().Select("origin", "target", "how", "run").From("catalog_edge").
		Where(sq.Or{sq.Eq{"origin": nodes}, sq.Eq{"target": nodes}}).RunWith(c.store.DB()).QueryContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lineage: %w", err)
	}
	defer rows.Close()
	var edges []Edge
	for rows.Next() {
		var edge Edge
		if err := rows.Scan(&edge.From, &edge.To, &edge.How, &edge.Run); err != nil {
			return nil, fmt.Errorf("read lineage: %w", err)
		}
		edges = append(edges, edge)
	}
	return edges, rows.Err()
}

type lineageWalk struct {
	catalog   *Catalog
	seen      map[string]bool
	edges     map[Edge]bool
	truncated bool
}

// step adds the edges around the frontier and returns the nodes new with them.
func (w *lineageWalk) step(ctx context.Context, frontier []string) ([]string, error) {
	if len(frontier) == 0 {
		return nil, nil
	}
	edges, err := w.catalog.edges(ctx, frontier)
	if err != nil {
		return nil, err
	}
	var next []string
	for _, edge := range edges {
		for _, node := range []string{edge.From, edge.To} {
			if w.seen[node] {
				continue
			}
			if len(w.seen) >= maxNodes {
				w.truncated = true
				continue
			}
			w.seen[node] = true
			next = append(next, node)
		}
		if w.seen[edge.From] && w.seen[edge.To] {
			w.edges[edge] = true
		}
	}
	return next, nil
}

func (w *lineageWalk) graph(root string) Graph {
	graph := Graph{Root: root, Nodes: []string{}, Edges: []Edge{}, Truncated: w.truncated}
	for node := range w.seen {
		graph.Nodes = append(graph.Nodes, node)
	}
	for edge := range w.edges {
		graph.Edges = append(graph.Edges, edge)
	}
	sort.Strings(graph.Nodes)
	sort.Slice(graph.Edges, func(i, j int) bool {
		a, b := graph.Edges[i], graph.Edges[j]
		return a.From < b.From || a.From == b.From && a.To < b.To
	})
	return graph
}
