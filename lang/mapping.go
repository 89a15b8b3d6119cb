package lang

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

var mappingSpec = BlockSpec{
	Name:   "mapping",
	Labels: []Label{{Name: "table", Free: true}},
	Arguments: []Argument{
		{Name: "target_table", Type: text, Text: `The target's table; with a wildcard a pattern such as "app_*". Left out, the same name.`},
		{Name: "target_index", Type: text, Text: "The index of a document target."},
		{Name: "columns", Type: textMap, Empty: true, Text: `Source column = target column; "*" = "*" stands for all others. Left out, all columns under the same names.`},
		{Name: "exclude_columns", Type: texts, Text: "Source columns that are left out."},
		{Name: "key", Type: texts, Text: "The source columns that identify a row; left out, the primary key, else a unique index without nulls."},
		{Name: "add_metadata", Type: textMap, Text: "Target-only columns and the SQL expressions that they are set to when a row is written."},
		{Name: "filters", Type: texts, Text: "SQL conditions over source columns; all must hold."},
		{Name: "incremental_key", Type: text, Text: "Polling: the column that grows with every change."},
		{Name: "lookback", Type: duration, Text: "Polling: how far back to look for commits that come late."},
		{Name: "allow_hazards", Type: texts, Text: "Codes of hazards that are accepted here."},
		{Name: "prune", Type: boolean, Default: "false", Text: "Plan the removal of what the target has and the source lacks."},
	},
	Blocks: []BlockSpec{transformSpec, columnSpec, indexSpec, fieldSpec, lifecycleSpec},
	Many:   true,
	Text:   `A table, and what becomes of it. The label is a source table: "table" or "schema.table"; "schema.*" for all of a schema; "*" for all of the default schema.`,
}

var lifecycleSpec = BlockSpec{
	Name: "lifecycle",
	Arguments: []Argument{
		{Name: "prevent_destroy", Type: boolean, Default: "false", Text: "Refuse every plan that would drop the table."},
		{Name: "ignore_changes", Type: texts, Text: "Target columns whose differences are left alone."},
	},
	Text: "What plans may not do.",
}

var transformSpec = BlockSpec{
	Name:   "transform",
	Labels: []Label{{Name: "column", Free: true}},
	Arguments: []Argument{
		{Name: "expr", Type: text, Required: true, Text: "SQL over source columns."},
	},
	Many: true,
	Text: "The value of a target column, else of the target of a source column that is mapped exactly once.",
}

var fieldSpec = BlockSpec{
	Name:   "field",
	Labels: []Label{{Name: "name", Free: true}},
	Arguments: []Argument{
		{Name: "type", Type: text, Text: "The field's type in the target's words."},
	},
	Many: true,
	Open: true,
	Text: "A field of a document target: type, analyzer and whatever else its mapping takes.",
}

var hazardCode = regexp.MustCompile(`^SF[0-9]{3}$`)

// Wildcard reports whether the mapping stands for all tables of a schema.
func (m *Mapping) Wildcard() bool { return m.Label == "*" || strings.HasSuffix(m.Label, ".*") }

// mapping decodes a mapping block of a sync.
func (l *loader) mapping(blk *blk, s *Sync) *Mapping {
	m := &Mapping{
		Block: blk.Block, Label: blk.labels[0],
		TargetTable: get[string](blk, "target_table"), TargetIndex: get[string](blk, "target_index"),
		Columns: get[map[string]string](blk, "columns"), ColumnsSet: blk.set["columns"],
		ExcludeColumns: get[[]string](blk, "exclude_columns"), Key: get[[]string](blk, "key"),
		AddMetadata: get[map[string]string](blk, "add_metadata"), Filters: get[[]string](blk, "filters"),
		IncrementalKey: get[string](blk, "incremental_key"), Lookback: get[time.Duration](blk, "lookback"),
		AllowHazards: get[[]string](blk, "allow_hazards"), Prune: get[bool](blk, "prune"),
	}
	if life := blk.one("lifecycle"); life != nil {
		m.PreventDestroy = get[bool](life, "prevent_destroy")
		m.IgnoreChanges = get[[]string](life, "ignore_changes")
		for arg, rng := range life.ArgRanges {
			m.ArgRanges["lifecycle."+arg] = rng
		}
	}
	for _, t := range blk.many("transform") {
		m.Transforms = append(m.Transforms, &Transform{Block: t.Block, Column: t.labels[0], Expr: get[string](t, "expr")})
	}
	for _, c := range blk.many("column") {
		m.ColumnBlocks = append(m.ColumnBlocks, l.column(c))
	}
	for _, ix := range blk.many("index") {
		m.Indexes = append(m.Indexes, index(ix))
	}
	for _, f := range blk.many("field") {
		m.Fields = append(m.Fields, field(f))
	}
	l.checkNames(m)
	if s.Source != "" && s.Source == s.Target && !blk.set["target_table"] && !blk.set["target_index"] {
		l.report(errorAt(m.DeclRange, sumValue, "Source and target are both %s, so mapping %q would write the table that it reads. Name another target_table.", s.Source, m.Label))
	}
	if m.Lookback > 0 && m.IncrementalKey == "" {
		l.report(errorAt(m.Range("lookback"), sumMissingArg, "lookback belongs to incremental_key, which is not there."))
	}
	l.checkColumns(blk, m)
	l.checkExpressions(m)
	if s.Pattern == "bidirectional" || s.Pattern == "hub_and_spoke" {
		l.checkTwoWays(blk, m)
	}
	return m
}

// checkNames checks the label, the target's name and the hazards' codes.
func (l *loader) checkNames(m *Mapping) {
	stars := strings.Count(m.TargetTable, "*")
	switch {
	case strings.Contains(m.Label, "*") && !m.Wildcard():
		l.report(errorAt(m.DeclRange, sumName, `%q is no table and no wildcard. A wildcard is "*" for all tables of the default schema, or "schema.*".`, m.Label))
	case m.TargetTable == "":
	case m.Wildcard() && stars != 1:
		l.report(errorAt(m.Range("target_table"), sumValue,
			`%q stands for many tables, so target_table is a pattern with one * for the source's name, such as "app_*".`, m.Label))
	case !m.Wildcard() && stars > 0:
		l.report(errorAt(m.Range("target_table"), sumValue, "%q is one table, so there is nothing that * in target_table could stand for. Write the name.", m.Label))
	case m.TargetIndex != "":
		l.report(errorAt(m.Range("target_index"), sumTwice, "The target is named by target_table (%s) and by target_index. Take one of them out.", place(m.Range("target_table"))))
	}
	for _, code := range m.AllowHazards {
		if !hazardCode.MatchString(code) {
			l.report(errorAt(m.Range("allow_hazards."+code), sumUnknownVal, `%q is no code of a hazard: they are written as "SF104", and the plan names them.`, code))
		}
	}
}

// checkTwoWays refuses what has no way back: a sync of two directions takes renames
// and projections only.
func (l *loader) checkTwoWays(blk *blk, m *Mapping) {
	refuse := func(b *Block, arg, what string) {
		l.report(errorAt(b.Range(arg), sumConflict, "%s can't be undone on the way back, and this sync goes both ways: it takes renames and projections only.", what))
	}
	for _, arg := range []string{"filters", "add_metadata"} {
		if blk.set[arg] {
			refuse(&m.Block, arg, arg)
		}
	}
	for _, t := range m.Transforms {
		refuse(&t.Block, "", "transform")
	}
	for _, c := range m.ColumnBlocks {
		if c.Expr != "" {
			refuse(&c.Block, "expr", "expr")
		}
	}
}

// field decodes a field of a document target.
func field(blk *blk) *Field {
	f := &Field{Block: blk.Block, Name: blk.labels[0], Attrs: blk.ctyValues()}
	if t, ok := blk.vals["type"].(string); ok {
		f.Attrs["type"] = textOrNull(t)
	}
	return f
}

// sameTarget refuses two mappings that name one table of one endpoint.
func (l *loader) sameTarget() {
	type table struct{ target, name string }
	seen := map[table]*Mapping{}
	for _, s := range l.cfg.Syncs {
		for _, m := range s.Mappings {
			t := table{s.Target, m.TargetTable}
			if t.target == "" || t.name == "" || m.Wildcard() {
				continue
			}
			if first := seen[t]; first != nil {
				l.report(errorAt(m.Range("target_table"), sumTwice,
					"%s of %s is written by %s already (%s). A table takes rows from one mapping.", t.name, t.target, first.Addr, place(first.Range("target_table"))))
				continue
			}
			seen[t] = m
		}
	}
}

// names returns the target columns that a mapping names, sorted.
func targetNames(m *Mapping) []string {
	var out []string
	for src, dst := range m.Columns {
		if src != "*" {
			out = append(out, dst)
		}
	}
	for _, c := range m.ColumnBlocks {
		if !slices.Contains(out, c.Name) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out
}
