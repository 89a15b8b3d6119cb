package planner

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/syncform/syncform/lang"
	"github.com/syncform/syncform/lang/expr"
	"github.com/syncform/syncform/providers/schema"
)

// override works into the table what the mapping's column and index blocks say.
func (b *builder) override(w *want) {
	for i := range w.columns {
		c := &w.columns[i]
		if c.block == nil {
			continue
		}
		if c.source == nil && c.expr == nil {
			w.table.Columns = append(w.table.Columns, schema.Column{Name: c.name, Nullable: true})
		}
		if col := w.table.Column(c.name); col != nil {
			b.overrideColumn(w, col, c)
		}
	}
	for _, x := range w.cfg.Indexes {
		b.overrideIndex(w, x)
	}
}

func (b *builder) overrideColumn(w *want, col *schema.Column, c *column) {
	if c.block.Type != "" {
		t, err := w.target.translator.ParseType(c.block.Type)
		if err != nil {
			b.errorAt(c.block.Range("type"), sumType, "%s, column %q: %s is not a type of %s: %s.", w.addr, c.name, c.block.Type, w.target.addr, err)
			return
		}
		if from, ok := c.valueType(); ok && neverIs(from, t) && w.target.db.System != schema.SQLite && !w.schemaOnly() {
			b.errorAt(c.block.Range("type"), sumType, "%s, column %q: its values are %s, and none of them is a %s. Take another type, or say with expr what becomes of them.", w.addr, c.name, expr.TypeText(from), c.block.Type)
			return
		}
		retype(col, t)
	}
	if c.block.Nullable != nil {
		col.Nullable = *c.block.Nullable
	}
	if v := c.block.Default; v != cty.NilVal {
		if err := setDefault(col, v); err != nil {
			b.errorAt(c.block.Range("default"), sumValue, "%s, column %q: the default can't be a %s: %s.", w.addr, c.name, col.Type, err)
		}
	}
	if c.source == nil && c.expr == nil && !col.Nullable && col.Default == nil {
		b.errorAt(c.block.DeclRange, sumValue, "%s, column %q: no source column fills it and it may not be null, so it needs a default.", w.addr, c.name)
	}
}

// valueType is the type of the values that are written to a column; false where there
// are none.
func (c *column) valueType() (schema.Type, bool) {
	switch {
	case c.source != nil:
		return c.source.Type, true
	case c.expr != nil:
		return c.expr.checked.Type(), true
	}
	return schema.Type{}, false
}

// neverIs reports whether no value of one type can be written as one of the other:
// moments, numbers, truth values and UUIDs exclude each other.
func neverIs(from, to schema.Type) bool {
	f, t := family(from), family(to)
	return f != "" && t != "" && f != t && !(f == "bool" && t == "number" || f == "number" && t == "bool" || f == "date" && t == "timestamp" || f == "timestamp" && t == "date")
}

func family(t schema.Type) string {
	switch t.Kind {
	case schema.Int, schema.Decimal, schema.Float:
		return "number"
	case schema.Bool:
		return "bool"
	case schema.Date:
		return "date"
	case schema.Timestamp, schema.TimestampTZ:
		return "timestamp"
	case schema.Time, schema.UUID:
		return string(t.Kind)
	}
	return ""
}

// retype gives a column another type and drops what the new one can't have.
func retype(col *schema.Column, t schema.Type) {
	if d := col.Default; d != nil && d.Literal && col.Type.Kind == schema.Bool && t.Kind != schema.Bool {
		text := map[string]string{"t": "1", "f": "0"}[d.Text]
		col.Default = &schema.Default{Literal: true, Text: text}
	}
	col.Type = t
	if !t.IsText() {
		col.Charset, col.Collation = "", ""
	}
	if t.Kind != schema.Int {
		col.Identity = nil // no system numbers anything else
	}
	if d := col.Default; d != nil && !d.Literal && strings.HasPrefix(d.Text, "nextval(") && t.Kind != schema.Int && t.Kind != schema.Decimal {
		col.Default = nil
	}
}

// setDefault gives a column the default of the configuration: null for none, else a
// literal in the canonical text of the column's type.
func setDefault(col *schema.Column, v cty.Value) error {
	if v.IsMarked() {
		return errors.New("it is sensitive, and a table's definition keeps no secret")
	}
	if v.IsNull() {
		col.Default = nil
		return nil
	}
	text, err := literal(col.Type, v)
	if err != nil {
		return err
	}
	col.Default = &schema.Default{Literal: true, Text: text}
	col.Identity = nil
	return nil
}

func literal(t schema.Type, v cty.Value) (string, error) {
	if !v.IsKnown() {
		return "", errors.New("its value is not known before apply")
	}
	switch {
	case t.Kind == schema.Bool:
		yes, err := convert.Convert(v, cty.Bool)
		if err != nil {
			return "", fmt.Errorf("%s is neither true nor false", show(v))
		}
		if yes.True() {
			return "t", nil
		}
		return "f", nil
	case v.Type() == cty.Bool:
		if t.Kind != schema.Int && t.Kind != schema.Bit {
			return show(v), nil
		}
		if v.True() {
			return "1", nil
		}
		return "0", nil
	case t.Kind == schema.Int || t.Kind == schema.Year || t.Kind == schema.Decimal || t.Kind == schema.Float:
		n, err := convert.Convert(v, cty.Number)
		if err != nil {
			return "", fmt.Errorf("%s is not a number", show(v))
		}
		f := n.AsBigFloat()
		if (t.Kind == schema.Int || t.Kind == schema.Year) && !f.IsInt() {
			return "", fmt.Errorf("%s is not a whole number", show(v))
		}
		return number(f), nil
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return "", errors.New("a text, a number or a bool is needed")
	}
	return s.AsString(), nil
}

// number writes a number without an exponent.
func number(f *big.Float) string {
	if f.IsInt() {
		i, _ := f.Int(nil)
		return i.String()
	}
	return strings.TrimRight(f.Text('f', 60), "0")
}

func show(v cty.Value) string {
	if s, err := convert.Convert(v, cty.String); err == nil {
		return fmt.Sprintf("%q", s.AsString())
	}
	return v.Type().FriendlyName()
}

// overrideIndex adds an index of the configuration.
func (b *builder) overrideIndex(w *want, x *lang.Index) {
	out := schema.Index{Name: x.Name, Unique: x.Unique, Where: x.Where}
	if x.Method != "btree" {
		out.Method = x.Method
	}
	for _, name := range x.Columns {
		col := findColumn(w.target.db.System, &w.table, name)
		if col == nil {
			b.errorAt(x.Range("columns."+name), sumNoColumn, "%s, index %q: the target table has no column %q.%s", w.addr, x.Name, name, didYouMean(name, columnNames(&w.table)))
			return
		}
		out.Parts = append(out.Parts, schema.KeyPart{Column: col.Name})
	}
	for _, have := range w.table.Indexes {
		if foldColumn(w.target.db.System, have.Name) == foldColumn(w.target.db.System, x.Name) {
			b.errorAt(x.DeclRange, sumTwoColumns, "%s: the source's table has an index %q too, which is made in the target. Give this one another name.", w.addr, x.Name)
			return
		}
	}
	w.table.Indexes = append(w.table.Indexes, out)
}
