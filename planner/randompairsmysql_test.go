package planner

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// myRandomType is a type with defaults and values of it.
type myRandomType struct {
	name     string
	defaults []string
	values   []string
	kind     string // int, number, text, long, binary, blob, time, json, geometry, enum, set, bit, year
}

var myRandomTypes = []myRandomType{
	{"int", []string{"7", "0"}, []string{"1", "2", "3"}, "int"},
	{"varchar(20)", []string{"'it''s'", "''"}, []string{"'1'", "'b'"}, "text"},
	{"bigint", []string{"7"}, []string{"1", "5000000000"}, "int"},
	{"bigint unsigned", []string{"18446744073709551615"}, []string{"1"}, "int"},
	{"int unsigned", []string{"7"}, []string{"1", "2"}, "int"},
	{"smallint", []string{"-1"}, []string{"1"}, "int"},
	{"tinyint", []string{"1"}, []string{"1"}, "int"},
	{"tinyint(1)", []string{"1"}, []string{"0"}, "int"},
	{"mediumint", []string{"0"}, []string{"1"}, "int"},
	{"varchar(5)", []string{"'x'"}, []string{"'1'", "'b'"}, "text"},
	{"varchar(300)", []string{"'x'"}, []string{"'1'", "'b'"}, "text"},
	{"char(5)", []string{"'ab'"}, []string{"'1'"}, "text"},
	{"decimal(12,3)", []string{"1.500", "0"}, []string{"1.5"}, "number"},
	{"decimal(10,0)", []string{"1"}, []string{"2"}, "number"},
	{"float", []string{"1.5"}, []string{"2.5"}, "number"},
	{"double", []string{"1e10", "0"}, []string{"2.5"}, "number"},
	{"date", []string{"'2024-02-29'"}, []string{"'2024-01-01'"}, "time"},
	{"datetime", []string{"'2024-01-01 00:00:00'", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"}, []string{"'2024-01-01 10:00:00'"}, "time"},
	{"datetime(6)", []string{"CURRENT_TIMESTAMP(6)", "CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"}, []string{"'2024-01-01 10:00:00.5'"}, "time"},
	{"timestamp(3)", []string{"CURRENT_TIMESTAMP(3)", "'2024-01-01 00:00:00'"}, []string{"'2024-01-01 10:00:00'"}, "time"},
	{"time(2)", []string{"'-12:00:00'"}, []string{"'10:00:00'"}, "time"},
	{"year", []string{"2024"}, []string{"2020"}, "year"},
	{"text", nil, []string{"'1'", "'b'"}, "long"},
	{"mediumtext", nil, []string{"'1'"}, "long"},
	{"varbinary(16)", []string{"'x'"}, []string{"'1'"}, "binary"},
	{"binary(4)", nil, []string{"'1'"}, "binary"},
	{"blob", nil, []string{"'1'"}, "blob"},
	{"bit(9)", []string{"b'101'"}, []string{"b'1'"}, "bit"},
	{"json", nil, []string{`'{"a": 1}'`}, "json"},
	{"enum('1','b','it''s')", []string{"'b'"}, []string{"'1'", "'b'"}, "enum"},
	{"enum('1','b','it''s','new')", []string{"'1'"}, []string{"'1'", "'b'"}, "enum"},
	{"enum('b','1')", []string{"'1'"}, []string{"'1'", "'b'"}, "enum"},
	{"set('x','y')", []string{"'x,y'"}, []string{"'x'"}, "set"},
	{"set('x','y','z')", []string{"'x'"}, []string{"'x'"}, "set"},
	{"point", nil, []string{"ST_GeomFromText('POINT(1 1)')"}, "geometry"},
}

func describeMy(typ string) myRandomType {
	for _, t := range myRandomTypes {
		if t.name == typ {
			return t
		}
	}
	return myRandomType{}
}

type myRandom struct {
	maria  bool
	tables []myRandomTable
}

type myRandomTable struct {
	name, comment, charset, options string
	cols                            []myRandomCol
	primary                         []string
	indexes                         []myRandomIndex
	checks                          []myRandomCheck
	foreign                         []myRandomForeign
	partition                       string
	partitionBy                     string
}

type myRandomCol struct {
	name, typ, def, collate, comment string
	generated                        string
	stored, notNull, auto, invisible bool
	on                               map[string]string
}

type myRandomIndex struct {
	name, kind, comment string
	parts, names        []string
	invisible           bool
	on                  map[string]string
}

type myRandomCheck struct {
	name, expr string
	off        bool
	on         map[string]string
}

type myRandomForeign struct {
	name, table, tail string
	cols, refs        []string
}

func myq(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

func myqs(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = myq(s)
	}
	return strings.Join(out, ", ")
}

type myRandomizer struct {
	randomChoice
	s *myRandom
}

func randomMySQL(t *rapid.T, maria bool, old randomSchema) randomSchema {
	was := &myRandom{}
	if old != nil {
		was = old.(*myRandom)
	}
	r := &myRandomizer{randomChoice{t}, &myRandom{maria: maria}}
	for i := range was.tables {
		if r.one(12) {
			continue
		}
		r.s.tables = append(r.s.tables, r.table(&was.tables[i]))
	}
	for len(r.s.tables) == 0 || len(r.s.tables) < 3 && r.one(3) {
		r.s.tables = append(r.s.tables, r.table(nil))
	}
	r.s.repair()
	for i := range r.s.tables {
		t := &r.s.tables[i]
		t.foreign = mutate(r.randomChoice, t.foreign, 1, func(f *myRandomForeign) myRandomForeign { return r.foreignKey(t, f) })
	}
	r.s.repair()
	return r.s
}

func (r *myRandomizer) comment() string {
	if r.one(6) {
		return r.of("about it", "it's", `a\b "c"`)
	}
	return ""
}

func (r *myRandomizer) typ() string {
	n := len(myRandomTypes) - 1
	if r.one(2) {
		n = 9
	}
	return myRandomTypes[r.upTo(n)].name
}

func (r *myRandomizer) col(old *myRandomCol, before []myRandomCol) myRandomCol {
	c := myRandomCol{name: r.of("a", "b", "c", "select", "Mixed Case", "q`uote", "é", "it's", "a_column_with_a_name_that_is_as_long_as_a_name_may_be_in_all_64_")}
	if old != nil {
		if c = *old; r.one(3) {
			c.typ, c.def, c.collate, c.generated, c.on, c.auto = r.typ(), "", "", "", nil, false
		}
	} else {
		c.typ = r.typ()
	}
	d := describeMy(c.typ)
	switch n := r.upTo(10); {
	case n < 4:
		if old == nil {
			c.notNull = r.one(3)
		} else if r.one(3) {
			c.notNull = !c.notNull
		}
	case n < 7 && len(d.defaults) > 0:
		c.def, c.generated, c.auto = r.of(d.defaults...), "", false
	case n == 7:
		c.comment = r.comment()
	case n == 8 && d.kind == "int" && c.typ != "tinyint(1)":
		c.auto, c.notNull, c.def, c.generated = true, true, "", ""
	case n == 9:
		var from []myRandomCol
		for _, b := range before {
			if k := describeMy(b.typ).kind; b.generated == "" && !b.auto && (k == "int" || k == "text" || k == "json") && b.name != c.name {
				from = append(from, b)
			}
		}
		if len(from) == 0 {
			break
		}
		f := from[r.upTo(len(from)-1)]
		k := describeMy(f.typ).kind
		c.def, c.auto, c.notNull, c.on = "", false, false, map[string]string{f.name: k}
		switch k {
		case "int":
			c.typ, c.generated = "bigint", r.of("(%s * 2)", "abs(%s)", "coalesce(%s, 0)")
		case "json":
			c.typ, c.generated = "varchar(20)", "json_unquote(json_extract(%s, '$.a'))"
		default:
			c.typ, c.generated = "varchar(300)", r.of("lower(%s)", "concat(%s, 'x')")
		}
		c.generated, c.stored, c.collate = fmt.Sprintf(c.generated, myq(f.name)), r.one(2), ""
	case n == 10:
		c.invisible = !c.invisible
	}
	if k := describeMy(c.typ).kind; c.generated == "" && (k == "text" || k == "long" || k == "enum") && r.one(5) {
		c.collate = r.of("CHARACTER SET latin1", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "CHARACTER SET ascii COLLATE ascii_bin", "")
	}
	return c
}

func (t *myRandomTable) col(name string) *myRandomCol {
	for i := range t.cols {
		if t.cols[i].name == name {
			return &t.cols[i]
		}
	}
	return nil
}

func (t *myRandomTable) names(ok func(c *myRandomCol, kind string) bool) []string {
	var out []string
	for i := range t.cols {
		if ok(&t.cols[i], describeMy(t.cols[i].typ).kind) {
			out = append(out, t.cols[i].name)
		}
	}
	return out
}

var myPlainKinds = []string{"int", "text", "number", "time", "year", "binary", "enum", "bit"}

func (t *myRandomTable) plain() []string {
	return t.names(func(c *myRandomCol, k string) bool {
		return slices.Contains(myPlainKinds, k) && c.typ != "varchar(300)"
	})
}

func (r *myRandomizer) table(old *myRandomTable) myRandomTable {
	t := myRandomTable{name: r.of("t", "u", "Or ders", "v")}
	if old != nil {
		t = *old
	}
	cols := t.cols
	t.cols = nil
	for i := range cols {
		switch n := r.upTo(9); {
		case n < 7, cols[i].name == t.partitionBy:
			t.cols = append(t.cols, cols[i])
		case n < 9:
			t.cols = append(t.cols, r.col(&cols[i], t.cols))
		}
	}
	for len(t.cols) == 0 || len(t.cols) < 6 && r.one(3) {
		c := r.col(nil, t.cols)
		if t.col(c.name) != nil {
			break
		}
		t.cols = slices.Insert(t.cols, r.upTo(len(t.cols)), c)
	}
	if r.one(8) && len(t.cols) > 1 {
		i, j := r.upTo(len(t.cols)-1), r.upTo(len(t.cols)-1)
		t.cols[i], t.cols[j] = t.cols[j], t.cols[i]
	}
	if old == nil || r.one(8) {
		t.comment = r.comment()
	}
	if old == nil && r.one(3) || r.one(8) {
		t.charset = r.of("", "DEFAULT CHARSET=latin1", "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci")
	}
	if r.one(8) {
		t.options = r.of("", "ROW_FORMAT=COMPRESSED", "ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8", "ROW_FORMAT=DYNAMIC", "STATS_PERSISTENT=1", "STATS_SAMPLE_PAGES=5", "ROW_FORMAT=REDUNDANT", "STATS_AUTO_RECALC=0", "MAX_ROWS=1000 MIN_ROWS=5", "AVG_ROW_LENGTH=50 CHECKSUM=1", "ROW_FORMAT=COMPACT DELAY_KEY_WRITE=1", "PACK_KEYS=1")
	}
	if old == nil || r.one(4) {
		t.primary = nil
		if !r.one(4) {
			t.primary = r.some(t.plain(), 2)
		}
	}
	if old == nil && r.one(6) || old != nil && r.one(8) {
		t.partition, t.partitionBy = "", ""
		if ints := r.some(t.names(func(c *myRandomCol, k string) bool {
			return k == "int" && c.generated == "" && c.typ != "bigint unsigned"
		}), 1); len(ints) == 1 && r.one(2) {
			t.partitionBy = ints[0]
			t.partition = fmt.Sprintf(r.of("RANGE (%s) (PARTITION p1 VALUES LESS THAN (2), PARTITION p2 VALUES LESS THAN (5), PARTITION pm VALUES LESS THAN MAXVALUE)",
				"RANGE (%s) (PARTITION p1 VALUES LESS THAN (3), PARTITION pm VALUES LESS THAN MAXVALUE)", "HASH (%s) PARTITIONS 3", "KEY (%s) PARTITIONS 2", "HASH (%s) PARTITIONS 4"), myq(ints[0]))
		}
	}
	t.indexes = mutate(r.randomChoice, t.indexes, 2, func(x *myRandomIndex) myRandomIndex { return r.index(&t, x) })
	t.checks = mutate(r.randomChoice, t.checks, 1, func(k *myRandomCheck) myRandomCheck { return r.check(&t, k) })
	return t
}

func (r *myRandomizer) index(t *myRandomTable, old *myRandomIndex) myRandomIndex {
	x := myRandomIndex{name: r.of("i1", "i2", "I 3", "i`4"), comment: r.comment()}
	if old != nil && r.one(2) {
		x.name = old.name
	}
	switch n := r.upTo(9); {
	case n == 9:
		if names := r.some(t.names(func(c *myRandomCol, k string) bool { return (k == "text" || k == "long") && c.generated == "" }), 2); len(names) > 0 {
			x.kind, x.names, x.parts = "FULLTEXT ", names, []string{myqs(names)}
		}
	case n == 8:
		if names := r.some(t.names(func(c *myRandomCol, k string) bool { return k == "geometry" && c.notNull }), 1); len(names) > 0 {
			x.kind, x.names, x.parts = "SPATIAL ", names, []string{myqs(names)}
		}
	case n == 7 && !r.s.maria:
		if names := r.some(t.names(func(c *myRandomCol, k string) bool { return (k == "text" || k == "int") && c.generated == "" }), 1); len(names) > 0 {
			x.names = names
			if describeMy(t.col(names[0]).typ).kind == "int" {
				x.parts = []string{"(" + myq(names[0]) + " + 1)"}
			} else {
				x.parts = []string{"(lower(" + myq(names[0]) + "))"}
			}
		}
	case n == 6:
		if names := r.some(t.names(func(c *myRandomCol, k string) bool { return k == "text" || k == "long" || k == "blob" }), 1); len(names) > 0 {
			x.names, x.parts = names, []string{myq(names[0]) + "(3)"}
		}
	default:
		if r.one(4) {
			x.kind = "UNIQUE "
		}
		x.names = r.some(t.plain(), 3)
		for _, n := range x.names {
			x.parts = append(x.parts, myq(n)+r.of("", "", " DESC"))
		}
	}
	x.invisible = r.one(8)
	x.on = map[string]string{}
	for _, n := range x.names {
		x.on[n] = describeMy(t.col(n).typ).kind
	}
	return x
}

func (r *myRandomizer) check(t *myRandomTable, old *myRandomCheck) myRandomCheck {
	k := myRandomCheck{name: r.of("c1", "c2", "C 3")}
	if old != nil && r.one(2) {
		k.name = old.name
	}
	c := t.cols[r.upTo(len(t.cols)-1)]
	if c.auto {
		return k
	}
	col := myq(c.name)
	exprs := []string{col + " IS NOT NULL"}
	kind := describeMy(c.typ).kind
	switch kind {
	case "int", "number":
		exprs = append(exprs, col+" > -1000", col+" BETWEEN -5 AND 100000", col+" IN (1, 2, 3)", "abs("+col+") >= 0")
	case "text", "long":
		exprs = append(exprs, col+" <> 'zz'", col+" IN ('1', 'b', 'it''s', 'x')", "char_length("+col+") < 50")
	}
	k.expr, k.off, k.on = r.of(exprs...), !r.s.maria && r.one(5), map[string]string{c.name: kind}
	return k
}

func (r *myRandomizer) foreignKey(t *myRandomTable, old *myRandomForeign) myRandomForeign {
	f := myRandomForeign{name: r.of("f1", "f2", "F 3")}
	if old != nil && r.one(2) {
		f.name = old.name
	}
	ref := r.s.tables[r.upTo(len(r.s.tables)-1)]
	f.table, f.refs = ref.name, ref.primary
	for _, x := range ref.indexes {
		if x.kind == "UNIQUE " && r.one(2) {
			f.refs = x.names
		}
	}
	for _, name := range f.refs {
		typ := ref.col(name)
		if typ == nil {
			return myRandomForeign{}
		}
		f.cols = append(f.cols, r.some(t.names(func(c *myRandomCol, _ string) bool {
			return c.typ == typ.typ && c.collate == typ.collate && (t.charset == ref.charset || c.collate != "") && c.generated == "" && !slices.Contains(f.cols, c.name)
		}), 1)...)
	}
	f.tail = r.of("", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT", " ON UPDATE CASCADE", " ON UPDATE CASCADE ON DELETE CASCADE", " ON DELETE NO ACTION")
	return f
}

func (t *myRandomTable) fits(on map[string]string) bool {
	for name, kind := range on {
		if c := t.col(name); c == nil || describeMy(c.typ).kind != kind {
			return false
		}
	}
	return len(on) > 0
}

// repair takes out what refers to something that is not there.
func (s *myRandom) repair() {
	s.tables = unique(s.tables, func(t myRandomTable) string { return strings.ToLower(t.name) })
	checks, foreign := map[string]bool{}, map[string]bool{}
	for i := range s.tables {
		t := &s.tables[i]
		t.cols = unique(t.cols, func(c myRandomCol) string { return strings.ToLower(c.name) })
		for i := range t.cols {
			c := &t.cols[i]
			for name := range c.on {
				if b := t.col(name); b == nil || b.generated != "" || b.auto || b.name == c.name {
					c.generated = ""
				}
			}
			if c.generated != "" && !t.fits(c.on) {
				c.generated = ""
			}
			if k := describeMy(c.typ).kind; k != "text" && k != "long" && k != "enum" {
				c.collate = ""
			}
			if strings.HasPrefix(c.typ, "timestamp") && c.def == "" && c.generated == "" {
				c.notNull = false
			}
		}
		visible := slices.ContainsFunc(t.cols, func(c myRandomCol) bool { return !c.invisible })
		if !visible {
			t.cols[0].invisible = false
		}
		plain := t.plain()
		t.primary = slices.DeleteFunc(slices.Clone(t.primary), func(n string) bool { return !slices.Contains(plain, n) || t.col(n).generated != "" })
		for _, n := range t.primary {
			t.col(n).notNull = true
			t.col(n).invisible = s.maria && t.col(n).invisible && t.col(n).def != ""
		}
		if s.maria { // an invisible column has to have a value
			for i := range t.cols {
				if c := &t.cols[i]; c.notNull && c.def == "" {
					c.invisible = false
				}
			}
		}
		t.indexes = slices.DeleteFunc(unique(t.indexes, func(x myRandomIndex) string { return strings.ToLower(x.name) }), func(x myRandomIndex) bool {
			bad := !t.fits(x.on) || len(x.parts) == 0
			for _, n := range x.names {
				c := t.col(n)
				bad = bad || c != nil && (c.typ == "varchar(300)" && !strings.HasSuffix(x.parts[0], "(3)") && x.kind != "FULLTEXT " || x.kind == "SPATIAL " && (!c.notNull || c.generated != ""))
				bad = bad || c != nil && (c.typ == "varchar(300)" || c.generated != "") && x.kind == "FULLTEXT "
			}
			if t.partitionBy != "" {
				bad = bad || x.kind == "FULLTEXT " || x.kind == "SPATIAL " || x.kind == "UNIQUE " && !slices.Contains(x.names, t.partitionBy)
			}
			return bad
		})
		if t.partitionBy != "" {
			c := t.col(t.partitionBy)
			if c == nil || describeMy(c.typ).kind != "int" || len(t.primary) > 0 && !slices.Contains(t.primary, t.partitionBy) || c.typ == "bigint unsigned" {
				t.partitionBy, t.partition = "", ""
			}
		}
		auto := false
		for i := range t.cols {
			c := &t.cols[i]
			leads := len(t.primary) > 0 && t.primary[0] == c.name || slices.ContainsFunc(t.indexes, func(x myRandomIndex) bool {
				return len(x.names) > 0 && x.names[0] == c.name && (x.kind == "UNIQUE " || x.kind == "") && !strings.HasPrefix(x.parts[0], "(")
			})
			if c.auto && (auto || !leads || c.generated != "" || describeMy(c.typ).kind != "int") {
				c.auto = false
			}
			auto = auto || c.auto
		}
		t.checks = slices.DeleteFunc(t.checks, func(k myRandomCheck) bool {
			bad := k.name == "" || checks[t.name+k.name] || !t.fits(k.on)
			for n := range k.on {
				bad = bad || t.col(n) != nil && t.col(n).auto
			}
			checks[t.name+k.name] = true
			return bad
		})
	}
	for i := range s.tables {
		t := &s.tables[i]
		t.foreign = slices.DeleteFunc(t.foreign, func(f myRandomForeign) bool {
			bad := f.name == "" || foreign[t.name+f.name] || !s.refers(t, &f)
			foreign[t.name+f.name] = true
			return bad
		})
	}
}

func (s *myRandom) refers(t *myRandomTable, f *myRandomForeign) bool {
	i := slices.IndexFunc(s.tables, func(x myRandomTable) bool { return x.name == f.table })
	if i < 0 || len(f.cols) != len(f.refs) || len(f.cols) == 0 || t.partitionBy != "" {
		return false
	}
	ref := &s.tables[i]
	if ref.partitionBy != "" {
		return false
	}
	for j, n := range f.cols {
		a, b := t.col(n), ref.col(f.refs[j])
		if a == nil || b == nil || a.typ != b.typ || a.collate != b.collate || a.collate == "" && t.charset != ref.charset || a.generated != "" || b.generated != "" || slices.Contains(f.cols[:j], n) {
			return false
		}
		if a.notNull && strings.Contains(f.tail, "SET NULL") {
			return false
		}
		if f.tail != "" && (slices.ContainsFunc(t.checks, func(k myRandomCheck) bool { return k.on[n] != "" }) || slices.ContainsFunc(t.cols, func(c myRandomCol) bool { return c.generated != "" && c.on[n] != "" })) {
			return false // a check, or a computed column, and an action don't go together
		}
	}
	return slices.Equal(ref.primary, f.refs) || slices.ContainsFunc(ref.indexes, func(x myRandomIndex) bool { return x.kind == "UNIQUE " && slices.Equal(x.names, f.refs) })
}

func (s *myRandom) create() []string {
	var out, last []string
	for _, t := range s.tables {
		var items []string
		for _, c := range t.cols {
			text := myq(c.name) + " " + c.typ
			if c.collate != "" {
				text += " " + c.collate
			}
			if c.generated != "" {
				text += " AS (" + c.generated + ") " + map[bool]string{true: "STORED", false: "VIRTUAL"}[c.stored]
			}
			switch {
			case c.notNull && (c.generated == "" || !s.maria):
				text += " NOT NULL"
			case c.generated == "" && strings.HasPrefix(c.typ, "timestamp"):
				text += " NULL"
			}
			if c.invisible {
				text += " INVISIBLE"
			}
			if c.def != "" && c.generated == "" && !c.auto {
				text += " DEFAULT " + c.def
			}
			if c.auto {
				text += " AUTO_INCREMENT"
			}
			if c.comment != "" {
				text += " COMMENT '" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(c.comment) + "'"
			}
			items = append(items, text)
		}
		if len(t.primary) > 0 {
			items = append(items, "PRIMARY KEY ("+myqs(t.primary)+")")
		}
		for _, x := range t.indexes {
			text := x.kind + "KEY " + myq(x.name) + " (" + strings.Join(x.parts, ", ") + ")"
			if x.comment != "" {
				text += " COMMENT '" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(x.comment) + "'"
			}
			if x.invisible {
				text += map[bool]string{true: " IGNORED", false: " INVISIBLE"}[s.maria]
			}
			items = append(items, text)
		}
		for _, k := range t.checks {
			text := "CONSTRAINT " + myq(t.name+" "+k.name) + " CHECK (" + k.expr + ")"
			if k.off {
				text += " NOT ENFORCED"
			}
			items = append(items, text)
		}
		text := "CREATE TABLE " + myq(t.name) + " (" + strings.Join(items, ", ") + ") " + t.charset + " " + t.options
		if t.comment != "" {
			text += " COMMENT='" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(t.comment) + "'"
		}
		if t.partition != "" {
			text += " PARTITION BY " + t.partition
		}
		out = append(out, text)
		for _, f := range t.foreign {
			last = append(last, "ALTER TABLE "+myq(t.name)+" ADD CONSTRAINT "+myq(t.name+" "+f.name)+" FOREIGN KEY ("+myqs(f.cols)+") REFERENCES "+myq(f.table)+" ("+myqs(f.refs)+")"+f.tail)
		}
	}
	return append(out, last...)
}

func (s *myRandom) rows(t *rapid.T) []string {
	r := randomChoice{t}
	var out []string
	for _, table := range s.tables {
		for range r.upTo(2) {
			var cols, values []string
			for _, c := range table.cols {
				if c.generated != "" || c.auto {
					continue
				}
				cols = append(cols, c.name)
				if v := describeMy(c.typ).values; c.notNull || !r.one(4) {
					values = append(values, r.of(v...))
				} else {
					values = append(values, "NULL")
				}
			}
			out = append(out, "INSERT INTO "+myq(table.name)+" ("+myqs(cols)+") VALUES ("+strings.Join(values, ", ")+")")
		}
	}
	return out
}

func (s *myRandom) others(t *rapid.T) []string {
	r := randomChoice{t}
	var out []string
	for i, table := range s.tables {
		var cols []string
		for _, c := range table.cols {
			cols = append(cols, c.name)
		}
		switch r.upTo(3) {
		case 0:
			out = append(out, fmt.Sprintf("CREATE VIEW vw%d AS SELECT %s FROM %s", i, myqs(r.some(cols, 2)), myq(table.name)))
		case 1:
			out = append(out, fmt.Sprintf("CREATE TRIGGER tr%d BEFORE INSERT ON %s FOR EACH ROW SET @x = NEW.%s", i, myq(table.name), myq(r.some(cols, 1)[0])))
		case 2:
			out = append(out, fmt.Sprintf("CREATE VIEW vw%d AS SELECT x.%s AS one FROM %s x JOIN %[3]s y", i, myq(r.some(cols, 1)[0]), myq(table.name)))
		}
	}
	return out
}

func (s *myRandom) kept() map[string]string {
	out := map[string]string{}
	for _, t := range s.tables {
		for _, c := range t.cols {
			out[t.name+"."+c.name] = c.typ + " " + c.generated
		}
	}
	return out
}
