package planner

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/row"
	"github.com/syncform/syncform/providers/schema"
)

// recorded is an endpoint whose schema stands in a file: the planner asks an endpoint
// nothing but what it looks like, and golden tests need it to look the same each time.
// Steps are the names of the changes.
type recorded struct {
	db         *schema.Database
	rows       map[schema.Name]bool // tables that hold rows
	inspected  int
	normalized int
	spell      func(*schema.Table) // the server's own spelling of what it is given
	readOnly   bool
}

func (r *recorded) Inspect(_ context.Context, o providers.InspectOptions) (*schema.Database, error) {
	r.inspected++
	db := *r.db
	db.Tables = without(slices.Clone(r.db.Tables), func(t *schema.Table) bool {
		if o.Tables != nil {
			return !slices.Contains(o.Tables, t.Name)
		}
		return ledger.IsOurs(t.Name.Name)
	})
	return &db, nil
}

func (r *recorded) Close() error { return nil }

// natives are the words for some logical types, by system.
var natives = map[schema.System]map[string]string{
	schema.PostgreSQL: {"int32": "integer", "int64": "bigint", "bool": "boolean", "text": "text", "varchar": "character varying(%d)", "timestamptz": "timestamp with time zone", "decimal": "numeric(%d,%d)", "enum": "text"},
	schema.MySQL:      {"int32": "int", "int64": "bigint", "bool": "tinyint(1)", "text": "longtext", "varchar": "varchar(%d)", "timestamptz": "timestamp(6)", "decimal": "decimal(%d,%d)", "enum": "longtext"},
	schema.SQLite:     {"int32": "INTEGER", "int64": "INTEGER", "bool": "BOOLEAN", "text": "TEXT", "varchar": "VARCHAR(%d)", "timestamptz": "TIMESTAMPTZ", "decimal": "DECIMAL(%d,%d)", "enum": "TEXT"},
}

func (r *recorded) Translate(from *schema.Database, t schema.Table) (schema.Table, []providers.Note) {
	if from.System == r.db.System {
		return t, nil
	}
	var notes []providers.Note
	for i := range t.Columns {
		c := &t.Columns[i]
		key := string(c.Type.Kind)
		if c.Type.Kind == schema.Int {
			key = fmt.Sprintf("int%d", c.Type.Bits)
		}
		native, ok := natives[r.db.System][key]
		if !ok {
			notes = append(notes, providers.Note{Table: t.Name, Object: fmt.Sprintf("column %q", c.Name), Refused: true, Text: fmt.Sprintf("the type %s has no counterpart. Leave the column out", c.Type)})
			continue
		}
		switch c.Type.Kind {
		case schema.Varchar:
			native = fmt.Sprintf(native, c.Type.Length)
		case schema.Decimal:
			native = fmt.Sprintf(native, c.Type.Precision, c.Type.Scale)
		}
		c.Type.Native, c.Type.System, c.Type.Name = native, r.db.System, schema.Name{}
		if c.Default != nil && !c.Default.Literal {
			notes = append(notes, providers.Note{Table: t.Name, Object: fmt.Sprintf("column %q", c.Name), Text: "its default is left out"})
			c.Default = nil
		}
	}
	t.Checks = nil
	return t, notes
}

func (r *recorded) ParseType(text string) (schema.Type, error) {
	for key, native := range natives[r.db.System] {
		if native == text {
			t := schema.Type{Kind: schema.Kind(key), Native: native, System: r.db.System}
			if n, ok := strings.CutPrefix(key, "int"); ok {
				t.Kind, t.Bits = schema.Int, map[string]int{"32": 32, "64": 64}[n]
			}
			return t, nil
		}
	}
	return schema.Type{}, fmt.Errorf("unknown type")
}

func (r *recorded) CompareTypes(from, to schema.Type) schema.Narrowing {
	wider := func(a, b int) schema.Narrowing {
		if b == 0 || a != 0 && b >= a {
			return schema.Widens
		}
		return schema.Narrows
	}
	switch {
	case from.Kind == schema.Int && to.Kind == schema.Int:
		return wider(from.Bits, to.Bits)
	case from.Kind == schema.Varchar && (to.Kind == schema.Varchar || to.Kind == schema.Text):
		return wider(from.Length, to.Length)
	case from.Kind == schema.Text && to.Kind == schema.Varchar:
		return schema.Narrows
	case from.Kind == schema.Decimal && to.Kind == schema.Decimal && from.Scale == to.Scale:
		return wider(from.Precision, to.Precision)
	case from.Kind == schema.EnumKind && to.Kind == schema.EnumKind && contains(to.Values, from.Values):
		return schema.Widens
	}
	return schema.Retypes
}

func (r *recorded) KeyWithTable() bool         { return r.db.System != schema.PostgreSQL }
func (r *recorded) ForeignKeysWithTable() bool { return r.db.System == schema.SQLite }

func (r *recorded) PlanSteps(_ *schema.Database, c schema.Change) ([]providers.Step, error) {
	if _, ok := c.(schema.AdvanceSequences); ok && r.db.System != schema.PostgreSQL {
		return nil, nil // they follow the rows by themselves
	}
	return []providers.Step{{Text: schema.ChangeKind(c) + " " + c.Table().String(), Transactional: true}}, nil
}

func (r *recorded) Normalize(_ context.Context, tables []schema.Table) ([]schema.Table, error) {
	r.normalized += len(tables)
	if r.readOnly {
		return nil, providers.ErrReadOnly
	}
	out := slices.Clone(tables)
	for i := range out {
		out[i].Columns = slices.Clone(out[i].Columns)
		if r.spell != nil {
			r.spell(&out[i])
		}
	}
	return out, nil
}

func (r *recorded) OpenSnapshot(context.Context, providers.SnapshotOptions) (providers.Snapshot, error) {
	return recordedSnapshot{r}, nil
}

type recordedSnapshot struct{ r *recorded }

func (recordedSnapshot) Position() row.Position { return "" }
func (recordedSnapshot) Close() error           { return nil }
func (recordedSnapshot) Chunks(context.Context, providers.ReadTable, int64) ([]providers.Chunk, error) {
	return []providers.Chunk{{}}, nil
}

func (s recordedSnapshot) Read(_ context.Context, t providers.ReadTable, _ providers.Chunk, _ []row.Form) (row.Reader, error) {
	n := 0
	if s.r.rows[t.Name] {
		n = 1
	}
	return &recordedReader{rows: n, width: len(t.Columns)}, nil
}

type recordedReader struct{ rows, width int }

func (*recordedReader) Form() row.Form { return row.FormFields }
func (*recordedReader) Close() error   { return nil }
func (r *recordedReader) Next(context.Context) (*row.Batch, error) {
	if r.rows == 0 {
		return nil, io.EOF
	}
	b := row.NewBatch(r.width)
	for range r.rows {
		for range r.width {
			b.Append([]byte("1"))
		}
		b.EndRow()
	}
	r.rows = 0
	return b, nil
}

// perform does what an apply of the plan would do to the recorded schema.
func (r *recorded) perform(p *plan.Plan) {
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Held != "" || a.Kind == plan.NoteKind {
			continue
		}
		if a.Backfill != nil {
			r.rows[a.Backfill.Into] = true
			continue
		}
		switch c := a.Change.(type) {
		case schema.AddAside:
			aside := c.Live
			aside.Name = c.Aside
			r.db = with(r.db, schema.AddTable{To: aside}, r)
		case schema.ReplaceRows:
			r.db = with(r.db, schema.DropTable{From: schema.Table{Name: c.Aside}}, r)
			r.rows[c.Live.Name] = true
		default:
			r.db = with(r.db, c, r)
		}
	}
}

var (
	_ providers.Translator     = (*recorded)(nil)
	_ providers.StepPlanner    = (*recorded)(nil)
	_ providers.Normalizer     = (*recorded)(nil)
	_ providers.SnapshotReader = (*recorded)(nil)
)

// BackupSteps copies in a step named so, before what is destroyed.
func (r *recorded) BackupSteps(_ *schema.Database, b providers.Backup, destroy []providers.Step) ([]providers.Step, error) {
	return append([]providers.Step{{Text: "backup " + b.Of.Name.String() + " " + b.Column, Transactional: true}}, destroy...), nil
}

func (r *recorded) DropBackupSteps(name string) []providers.Step {
	return []providers.Step{{Text: "drop_backup " + name, Transactional: true}}
}

func (r *recorded) NoteBackup(context.Context, providers.BackupEntry) error { return nil }

func (r *recorded) Backups(context.Context) ([]providers.BackupEntry, error) { return nil, nil }
