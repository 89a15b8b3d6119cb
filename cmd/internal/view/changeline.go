package view

import (
	"cmp"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers/schema"
)

// change writes the lines of one action that is not a backfill. t is nil for what
// belongs to no table.
func (v *planView) change(a *plan.Action, t *tableGroup, in string) {
	if a.Migration != nil {
		v.entry(a, in, ">", a.Addr, a.Info)
		v.statements(a, in)
		return
	}
	if a.Kind == plan.NoteKind || a.Change == nil {
		text, tail := a.Info, ""
		if text == "" {
			text = a.Reason
		}
		if a.Change != nil {
			tail = text
			_, text = describe(a.Change)
		}
		v.entry(a, in, "!", text, tail)
		return
	}
	if !v.opts.Verbose && v.paired[a] {
		if a.Held == "" {
			v.below(a, in)
		}
		return
	}
	if !v.opts.Verbose && a.Held == "" && part(a.Change) {
		v.below(a, in)
		return
	}
	switch c := a.Change.(type) {
	case schema.AddTable:
		v.newTable(a, t, c.To, in)
		return
	case schema.DropTable:
		if a.Held != "" {
			v.entry(a, in, "-", "the table and its rows", "")
			return
		}
		v.below(a, in)
		return
	case schema.AddPrimaryKey:
		if t != nil && t.made != nil && a.Held == "" && !v.opts.Verbose {
			if made := t.made.Change.(schema.AddTable).To; made.PrimaryKey != nil && slices.Equal(made.PrimaryKey.Columns(), c.Key.Columns()) {
				v.below(a, in)
				return // its columns are marked
			}
		}
	}
	sym, text := describe(a.Change)
	var more []textChange
	if drop := v.pairs[a]; drop != nil {
		sym = "~"
		text, more = replaced(drop.Change, a.Change)
	} else {
		more = textChanges(a.Change)
	}
	v.entry(a, in, sym, text, v.tailOf(a, t), more...)
}

// shownStatements is how many of a script's a plan shows without -verbose.
const shownStatements = 5

// statements shows how a script's first statements begin; -verbose shows all of them whole.
func (v *planView) statements(a *plan.Action, in string) {
	if v.opts.Verbose {
		return
	}
	for i, s := range a.Steps {
		if i == shownStatements {
			v.out.line("%s    %s", in, v.Faint("| and "+Plural(int64(len(a.Steps)-i), "more statement")))
			return
		}
		v.out.line("%s    %s", in, v.Faint("| "+shorten(Safe(strings.Join(strings.Fields(s.Text), " ")))))
	}
}

// tailOf says why a change is made and what it is, where that is short.
func (v *planView) tailOf(a *plan.Action, t *tableGroup) string {
	why := causeText(a.Cause)
	if t != nil && v.cause(t) != "" {
		why = "" // the table's line says it
	}
	return joined("; ", why, a.Info)
}

// entry writes one line with its symbol; a held one is marked as such.
func (v *planView) entry(a *plan.Action, in, sym, text, tail string, more ...textChange) {
	text = Safe(text)
	if a.Held != "" {
		text = held(sym, text)
		sym = "!"
	}
	plain := in + v.sign(sym) + " " + text
	if width(plain) > v.Columns() {
		lines := strings.Split(chop(text, v.Columns()-len(in)-6), "\n")
		v.out.line("%s%s %s", in, v.Symbol(sym), lines[0])
		for _, l := range lines[1:] {
			v.out.line("%s      %s", in, l)
		}
		if tail != "" {
			v.out.line("%s      %s", in, v.Faint(strings.ReplaceAll(chop(Safe(tail), v.Columns()-len(in)-6), "\n", "\n      "+in)))
		}
	} else {
		v.tail(in+v.Symbol(sym)+" "+text, plain, Safe(tail))
	}
	for _, m := range more {
		v.diff(m, in+"    ")
	}
	v.below(a, in)
}

// held puts a change that waits into words, as its own symbol is taken by "!".
func held(sym, text string) string {
	switch sym {
	case "+":
		return "add " + text
	case "-":
		return "drop " + text
	}
	return "change " + text
}

// describe gives a change's symbol and its line.
func describe(c schema.Change) (sym, text string) {
	switch c := c.(type) {
	case schema.AddSchema:
		return "+", "schema " + c.Schema
	case schema.AddExtension:
		return "+", "extension " + c.Name + " in schema " + c.Schema
	case schema.AddComposed:
		return "+", "type " + c.Type.Name.String() + " " + c.Type.Definition
	case schema.AddEnum:
		return "+", "type " + c.Enum.Name.String() + " enum (" + strings.Join(c.Enum.Labels, ", ") + ")"
	case schema.ModifyEnum:
		return "~", "type " + c.To.Name.String() + ": " + labels(c.From.Labels, c.To.Labels)
	case schema.AddDomain:
		return "+", "domain " + c.Domain.Name.String() + " " + c.Domain.Base.String()
	case schema.AddSequence:
		return "+", "sequence " + c.Sequence.Name.String()
	case schema.OwnSequence:
		if c.Sequence.OwnerColumn == "" {
			return "~", "sequence " + c.Sequence.Name.String() + " owned by no column"
		}
		return "~", "sequence " + c.Sequence.Name.String() + " owned by " + c.Sequence.OwnerColumn
	case schema.RenameTable:
		return "~", "renamed to " + c.To.String() + ", rows kept"
	case schema.ModifyTable:
		return "~", tableChanges(c.From, c.To)
	case schema.AddColumn:
		return "+", c.Column.Name + "  " + columnText(c.Column)
	case schema.DropColumn:
		return "-", c.Column.Name + "  " + c.Column.Type.String()
	case schema.ModifyColumn:
		return "~", c.To.Name + "  " + columnChanges(c)
	case schema.RenameColumn:
		return "~", c.From + " -> " + c.To + "  renamed, values kept"
	case schema.AddPrimaryKey:
		return "+", "primary key " + parts(c.Key.Parts)
	case schema.DropPrimaryKey:
		return "-", "primary key " + parts(c.Key.Parts)
	case schema.AddUnique:
		return "+", named("unique", c.Key.Name) + " " + parts(c.Key.Parts)
	case schema.DropUnique:
		return "-", named("unique", c.Key.Name) + " " + parts(c.Key.Parts)
	case schema.AddIndex:
		return "+", indexText(c.Index)
	case schema.DropIndex:
		return "-", indexText(c.Index)
	case schema.AddForeignKey:
		return "+", foreignKeyText(c.Key)
	case schema.DropForeignKey:
		return "-", foreignKeyText(c.Key)
	case schema.AddCheck:
		return "+", named("check", c.Check.Name) + " (" + shorten(c.Check.Expr) + ")"
	case schema.DropCheck:
		return "-", named("check", c.Check.Name) + " (" + shorten(c.Check.Expr) + ")"
	case schema.AddExclusion:
		return "+", named("exclusion", c.Exclusion.Name) + " " + shorten(c.Exclusion.Definition)
	case schema.DropExclusion:
		return "-", named("exclusion", c.Exclusion.Name) + " " + shorten(c.Exclusion.Definition)
	case schema.DropSchema:
		return "-", "schema " + c.Schema
	case schema.DropEnum:
		return "-", "type " + c.Enum.Name.String() + " enum (" + strings.Join(c.Enum.Labels, ", ") + ")"
	case schema.ModifyDomain:
		return "~", "domain " + c.To.Name.String() + " " + c.To.Base.String()
	case schema.DropDomain:
		return "-", "domain " + c.Domain.Name.String()
	case schema.ModifySequence:
		return "~", "sequence " + c.To.Name.String()
	case schema.DropSequence:
		return "-", "sequence " + c.Sequence.Name.String()
	case schema.RenameIndex:
		return "~", "index " + c.From + " -> " + c.To + "  renamed"
	case schema.RenameConstraint:
		return "~", "constraint " + c.From + " -> " + c.To + "  renamed"
	case schema.SetStorage:
		return "~", "index " + c.Index + ": storage parameters"
	case schema.SetMarks:
		return "~", marksText(c)
	case schema.SetComment:
		return "~", named(c.Kind, c.Name) + ": comment"
	case schema.AttachPartition:
		return "+", "partition " + c.Partition.Name.String() + " " + shorten(c.Partition.Definition) + "  attached, rows kept"
	case schema.DetachPartition:
		return "~", "partition " + c.Partition.Name.String() + "  detached, rows kept"
	case schema.DropPartition:
		return "-", "partition " + c.Partition.Name.String() + " and its rows"
	case schema.AddAside:
		return "+", "a table beside it, to load into"
	case schema.ReplaceRows:
		return "~", "rows replaced by those of the table beside it"
	case schema.RestoreRows:
		if c.Column != "" {
			return "~", c.Column + "  values of " + c.From
		}
		return "+", "rows of " + c.From
	case schema.EmptyTable:
		return "-", "the rows that an unfinished load left"
	case schema.AdvanceSequences:
		return "~", "numbering set past the greatest value present"
	}
	return "~", schema.ChangeKind(c)
}

func marksText(c schema.SetMarks) string {
	var out []string
	if c.From.ReplicaIdentity != c.To.ReplicaIdentity {
		out = append(out, "replica identity "+cmp.Or(c.From.ReplicaIdentity, "default")+" -> "+cmp.Or(c.To.ReplicaIdentity, "default"))
	}
	if c.From.ClusterOn != c.To.ClusterOn {
		out = append(out, "clustered on "+cmp.Or(c.To.ClusterOn, "no index"))
	}
	return strings.Join(out, ", ")
}

func named(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + " " + name
}

func labels(from, to []string) string {
	var out []string
	for _, l := range to {
		if !slices.Contains(from, l) {
			out = append(out, "+ "+l)
		}
	}
	for _, l := range from {
		if !slices.Contains(to, l) {
			out = append(out, "- "+l)
		}
	}
	if len(out) == 0 {
		return "order (" + strings.Join(to, ", ") + ")"
	}
	return strings.Join(out, ", ")
}
