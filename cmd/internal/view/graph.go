package view

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/syncform/syncform/planner/plan"
)

// GraphOptions say what is drawn, and in which language.
type GraphOptions struct {
	Flow    bool // how rows flow from sources to targets, instead of the actions' order
	Mermaid bool // Mermaid instead of DOT
}

type graphNode struct {
	id, label string
	held      bool
}

type graphEdge struct{ from, to, label string }

// graphGroup is nodes drawn in one box; label "" draws none.
type graphGroup struct {
	id, label string
	nodes     []graphNode
}

// Graph draws a plan: its actions and what each waits for, or its mappings' way from
// source tables to target tables.
func Graph(w io.Writer, p *plan.Plan, o GraphOptions) error {
	groups, edges := orderGraph(p)
	if o.Flow {
		groups, edges = flowGraph(p)
	}
	var b printer
	if o.Mermaid {
		mermaid(&b, groups, edges)
	} else {
		dot(&b, groups, edges)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func orderGraph(p *plan.Plan) ([]graphGroup, []graphEdge) {
	var g graphGroup
	var edges []graphEdge
	for i := range p.Actions {
		a := &p.Actions[i]
		g.nodes = append(g.nodes, graphNode{a.ID, string(a.Kind) + " " + actionName(p, a), a.Held != ""})
		for _, d := range a.DependsOn {
			edges = append(edges, graphEdge{d, a.ID, ""})
		}
	}
	return []graphGroup{g}, edges
}

// flowGraph has a box for each endpoint, and an edge for each mapping.
func flowGraph(p *plan.Plan) ([]graphGroup, []graphEdge) {
	var groups []*graphGroup
	at := map[string]*graphGroup{}
	ids := map[[2]string]string{}
	node := func(endpoint, table string) string {
		g := at[endpoint]
		if g == nil {
			g = &graphGroup{id: fmt.Sprintf("e%d", len(groups)+1), label: Safe(endpoint)}
			at[endpoint] = g
			groups = append(groups, g)
		}
		key := [2]string{endpoint, table}
		if ids[key] == "" {
			ids[key] = fmt.Sprintf("t%d", len(ids)+1)
			g.nodes = append(g.nodes, graphNode{id: ids[key], label: Safe(table)})
		}
		return ids[key]
	}
	var edges []graphEdge
	for _, m := range p.Mappings {
		from, to := node(m.Source, m.SourceTable.String()), node(m.Target, m.TargetTable.String())
		edges = append(edges, graphEdge{from, to, Safe(m.Sync)})
	}
	out := make([]graphGroup, len(groups))
	for i, g := range groups {
		out[i] = *g
	}
	return out, edges
}

func dot(b *printer, groups []graphGroup, edges []graphEdge) {
	b.line("digraph {")
	b.line("  rankdir = \"LR\"")
	b.line("  node [shape = box]")
	for _, g := range groups {
		in := "  "
		if g.label != "" {
			b.line("  subgraph %s {", strconv.Quote("cluster_"+g.id))
			in = "    "
			b.line("%slabel = %s", in, strconv.Quote(g.label))
		}
		for _, n := range g.nodes {
			style := ""
			if n.held {
				style = ", style = dashed"
			}
			b.line("%s%s [label = %s%s]", in, strconv.Quote(n.id), strconv.Quote(n.label), style)
		}
		if g.label != "" {
			b.line("  }")
		}
	}
	for _, e := range edges {
		label := ""
		if e.label != "" {
			label = " [label = " + strconv.Quote(e.label) + "]"
		}
		b.line("  %s -> %s%s", strconv.Quote(e.from), strconv.Quote(e.to), label)
	}
	b.line("}")
}

func mermaid(b *printer, groups []graphGroup, edges []graphEdge) {
	b.line("flowchart LR")
	held := false
	for _, g := range groups {
		in := "  "
		if g.label != "" {
			b.line("  subgraph %s [%s]", g.id, mermaidText(g.label))
			in = "    "
		}
		for _, n := range g.nodes {
			class := ""
			if n.held {
				class, held = ":::held", true
			}
			b.line("%s%s[%s]%s", in, n.id, mermaidText(n.label), class)
		}
		if g.label != "" {
			b.line("  end")
		}
	}
	for _, e := range edges {
		label := ""
		if e.label != "" {
			label = "|" + mermaidText(e.label) + "|"
		}
		b.line("  %s -->%s %s", e.from, label, e.to)
	}
	if held {
		b.line("  classDef held stroke-dasharray: 5 5")
	}
}

// mermaidText quotes a label so that nothing in it is Mermaid, markdown or HTML.
func mermaidText(s string) string {
	return `"` + strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "&", "#amp;", "`", "#96;", "\\", "#92;").Replace(Safe(s)) + `"`
}
