package planner

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// pgRandomType is a type with defaults and values of it.
type pgRandomType struct {
	name     string
	defaults []string // an expression each
	values   []string // literals
	kind     string   // int, text, or another family
}

// The first are those that anything can be built on.
var pgRandomTypes = []pgRandomType{
	{"integer", []string{"7", "0"}, []string{"1", "2", "3"}, "int"},
	{"text", []string{"'x'", "''"}, []string{"'1'", "'b'", "'it''s'"}, "text"},
	{"bigint", []string{"7", "-9223372036854775808"}, []string{"1", "5000000000"}, "int"},
	{"smallint", []string{"0", "3"}, []string{"1", "-2"}, "int"},
	{"varchar(20)", []string{"'it''s'", "'x'"}, []string{"'1'", "'b'"}, "text"},
	{"varchar(5)", []string{"'x'"}, []string{"'1'", "'b'"}, "text"},
	{"varchar", []string{"''"}, []string{"'1'"}, "text"},
	{"char(5)", []string{"'ab'"}, []string{"'1'"}, "text"},
	{"numeric(12,3)", []string{"1.500", "0"}, []string{"1.5", "2"}, "number"},
	{"numeric", []string{"1e3", "1.50"}, []string{"1.50"}, "number"},
	{"double precision", []string{"'NaN'", "1.5"}, []string{"1.5"}, "number"},
	{"real", []string{"1.5"}, []string{"2.5"}, "number"},
	{"boolean", []string{"true", "false"}, []string{"true"}, "bool"},
	{"date", []string{"'2024-02-29'", "CURRENT_DATE"}, []string{"'2024-01-01'"}, "time"},
	{"timestamp", []string{"'2024-01-01 00:00:00.5'", "now()"}, []string{"'2024-01-01 10:00:00.123'"}, "time"},
	{"timestamp(0)", []string{"CURRENT_TIMESTAMP"}, []string{"'2024-01-01 10:00:00'"}, "time"},
	{"timestamptz", []string{"now()", "CURRENT_TIMESTAMP"}, []string{"'2024-01-01 10:00:00+00'"}, "time"},
	{"time(3)", []string{"'12:00:00'"}, []string{"'10:00'"}, "time"},
	{"interval", []string{"'1 day'"}, []string{"'2 hours'"}, "time"},
	{"uuid", []string{"gen_random_uuid()", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}, []string{"gen_random_uuid()"}, "uuid"},
	{"bytea", []string{`'\x00ff'`}, []string{`'\x01'`}, "bytea"},
	{"jsonb", []string{`'{"b": 1, "a": [1.0]}'`, `'{}'`}, []string{`'{"a": 1}'`}, "jsonb"},
	{"json", []string{`'{}'`}, []string{`'{"a": 1}'`}, "json"},
	{"text[]", []string{"'{a,NULL}'", "ARRAY['x','y']", "'{}'"}, []string{"'{1,2}'"}, "array"},
	{"integer[]", []string{"ARRAY[1,2]", "'{}'"}, []string{"'{1,2}'"}, "array"},
	{"int4range", []string{"'[1,3)'"}, []string{"'[1,2)'"}, "range"},
	{"inet", []string{"'10.0.0.1'"}, []string{"'10.0.0.2'"}, "inet"},
	{"bit(4)", []string{"B'1010'"}, []string{"B'0001'"}, "bit"},
	{"tsvector", []string{"''"}, []string{"'a b'"}, "tsvector"},
	{"point", []string{"'(1,2)'"}, []string{"'(1,2)'"}, "point"},
	{"money", []string{"1.5"}, []string{"2"}, "money"},
}

type pgRandom struct {
	version int
	two     bool // with a second schema
	enums   []pgRandomEnum
	domains []pgRandomDomain
	seqs    []pgRandomSeq
	tables  []pgRandomTable
}

type pgRandomEnum struct {
	name, comment string
	labels        []string
}

type pgRandomDomain struct {
	name, base, check, def, comment string
	notNull                         bool
}

type pgRandomSeq struct{ name, options, comment, owner string }

type pgRandomTable struct {
	name, comment, with   string
	identity, cluster     string // replica identity, the index of CLUSTER
	unlogged              bool
	cols                  []pgRandomCol
	keys                  []pgRandomKey
	checks, exclusions    []pgRandomCheck
	foreign               []pgRandomForeign
	indexes               []pgRandomIndex
	strategy, partitionBy string // "" for none
	parts                 []string
}

type pgRandomCol struct {
	name, typ, def, collate, identity, serial, comment string
	generated, virtual                                 string
	on                                                 map[string]string // what generated names
	notNull                                            bool
	set                                                string // storage and the like
}

type pgRandomKey struct {
	name, deferral, comment string
	with                    string
	primary, nulls          bool
	cols, include           []string
}

type pgRandomCheck struct {
	name, expr, tail, comment string
	on                        map[string]string
}

type pgRandomForeign struct {
	name, table, tail, comment string
	cols, refs                 []string
}

type pgRandomIndex struct {
	name, method, where, with, comment string
	unique, nulls                      bool
	parts, include                     []string
	names                              []string          // columns that it rests on
	on                                 map[string]string // and of what kind they are
}

func pgq(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// pgn quotes a name that may begin with its schema: "other.t" is the t of the schema other.
func pgn(s string) string {
	if name, ok := strings.CutPrefix(s, pgOther); ok {
		return pgOther + pgq(name)
	}
	return pgq(s)
}

// pgLocal is a name without its schema.
func pgLocal(s string) string { return strings.TrimPrefix(s, pgOther) }

// pgMade reports whether a type is one that the schema makes.
func pgMade(typ string) bool { return strings.Contains(typ, `"`) }

// pgBeside names something in the schema of a table.
func pgBeside(table, name string) string {
	return strings.TrimSuffix(table, pgLocal(table)) + name
}

func pgqs(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = pgq(s)
	}
	return strings.Join(out, ", ")
}

func pgText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// pgRandomizer draws the parts of one schema.
type pgRandomizer struct {
	randomChoice
	s *pgRandom
}

func randomPostgres(t *rapid.T, version int, old randomSchema) randomSchema {
	was := &pgRandom{}
	if old != nil {
		was = old.(*pgRandom)
	}
	r := &pgRandomizer{randomChoice{t}, &pgRandom{version: version}}
	r.s.two = was.two || r.one(3)
	r.s.enums = mutate(r.randomChoice, was.enums, 1, r.enum)
	r.s.domains = mutate(r.randomChoice, was.domains, 1, r.domain)
	r.s.seqs = mutate(r.randomChoice, was.seqs, 1, r.seq)
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
	for i := range r.s.seqs {
		if q := &r.s.seqs[i]; r.one(4) {
			q.owner = ""
			t := &r.s.tables[r.upTo(len(r.s.tables)-1)]
			if pgBeside(t.name, "") != pgBeside(q.name, "") {
				continue // it must stand in the same schema
			}
			if ints := r.some(t.names(func(c *pgRandomCol) bool { return c.typ == "integer" && c.identity == "" && c.serial == "" }), 1); len(ints) > 0 && !t.unlogged {
				q.owner = pgn(t.name) + "." + pgq(ints[0])
			}
		}
	}
	for i := range r.s.tables {
		t := &r.s.tables[i]
		t.foreign = mutate(r.randomChoice, t.foreign, 1, func(f *pgRandomForeign) pgRandomForeign { return r.foreignKey(t, f) })
	}
	r.s.repair()
	return r.s
}

// in puts a name into one of the schemas.
func (r *pgRandomizer) in(name string) string {
	if r.s.two && r.one(3) {
		return pgOther + name
	}
	return name
}

func (r *pgRandomizer) comment() string {
	if r.one(6) {
		return r.of("about it", "it's", `a\b "c"`)
	}
	return ""
}

func (r *pgRandomizer) enum(old *pgRandomEnum) pgRandomEnum {
	e := pgRandomEnum{name: r.in(r.of("mood", "Kind Of")), comment: r.comment()}
	if old != nil {
		e.name = old.name
		e.labels = slices.Clone(old.labels)
		switch r.upTo(3) {
		case 0:
			e.labels = slices.Insert(e.labels, r.upTo(len(e.labels)), r.of("new", "n'ew"))
		case 1:
			i := r.upTo(len(e.labels) - 1)
			e.labels = slices.Delete(e.labels, i, i+1)
		case 2:
			e.labels = rapid.Permutation(e.labels).Draw(r.T, "")
		}
		if len(e.labels) > 0 {
			return e
		}
	}
	e.labels = r.some([]string{"1", "b", "it's", "x"}, 4)
	return e
}

func (r *pgRandomizer) domain(old *pgRandomDomain) pgRandomDomain {
	d := pgRandomDomain{name: r.in(r.of("code", "Dom ain")), comment: r.comment(), base: r.of("integer", "text", "varchar(20)", "numeric(12,3)", "bigint")}
	if old != nil {
		d.name = old.name
		if !r.one(3) {
			d.base = old.base
		}
	}
	if r.one(2) {
		d.check = r.of("VALUE IS NOT NULL OR true", "length(VALUE::text) < 100")
	}
	if r.one(4) {
		d.def = "'1'"
	}
	d.notNull = r.one(6)
	return d
}

func (r *pgRandomizer) seq(old *pgRandomSeq) pgRandomSeq {
	q := pgRandomSeq{name: r.in(r.of("seq1", "Seq 2")), comment: r.comment(), options: r.of("", "START 5", "INCREMENT 2 CACHE 3", "AS integer", "AS smallint MAXVALUE 100 CYCLE", "INCREMENT -1 START -3")}
	if old != nil {
		q.name = old.name
	}
	return q
}

func (r *pgRandomizer) typ() (string, pgRandomType) {
	if n := len(r.s.enums); n > 0 && r.one(6) {
		e := r.s.enums[r.upTo(n-1)]
		var values []string
		for _, l := range e.labels {
			values = append(values, pgText(l))
		}
		t := pgRandomType{name: pgn(e.name), defaults: values, values: values, kind: "enum"}
		if r.one(5) {
			t.name += "[]"
			t.defaults, t.values, t.kind = []string{"'{}'"}, []string{"'{}'"}, "array"
		}
		return t.name, t
	}
	if n := len(r.s.domains); n > 0 && r.one(6) {
		d := r.s.domains[r.upTo(n-1)]
		kind := "text"
		if strings.Contains(d.base, "int") {
			kind = "int"
		} else if strings.Contains(d.base, "num") {
			kind = "number"
		}
		return pgn(d.name), pgRandomType{name: pgn(d.name), defaults: []string{"'2'"}, values: []string{"'1'", "'3'"}, kind: kind}
	}
	n := len(pgRandomTypes) - 1
	if r.one(2) {
		n = 8
	}
	t := pgRandomTypes[r.upTo(n)]
	return t.name, t
}

// describe finds a type again by its name.
func (s *pgRandom) describe(typ string) pgRandomType {
	for _, t := range pgRandomTypes {
		if t.name == typ {
			return t
		}
	}
	for _, e := range s.enums {
		if pgn(e.name) == typ {
			var values []string
			for _, l := range e.labels {
				values = append(values, pgText(l))
			}
			return pgRandomType{name: typ, values: values, defaults: values, kind: "enum"}
		}
		if pgn(e.name)+"[]" == typ {
			return pgRandomType{name: typ, values: []string{"'{}'"}, defaults: []string{"'{}'"}, kind: "array"}
		}
	}
	for _, d := range s.domains {
		if pgn(d.name) == typ {
			kind := "text"
			if strings.Contains(d.base, "int") {
				kind = "int"
			} else if strings.Contains(d.base, "num") {
				kind = "number"
			}
			return pgRandomType{name: typ, defaults: []string{"'2'"}, values: []string{"'1'", "'3'"}, kind: kind}
		}
	}
	return pgRandomType{}
}

func (r *pgRandomizer) col(old *pgRandomCol, before []pgRandomCol) pgRandomCol {
	c := pgRandomCol{name: r.of("a", "b", "c", "select", "Mixed Case", `q"uote`, "é", "a_column_with_a_name_that_is_as_long_as_a_name_may_be_in_all_63")}
	var d pgRandomType
	if old != nil {
		c = *old
		d = r.s.describe(c.typ)
		if d.name == "" || r.one(3) {
			c.typ, d = r.typ()
			c.def, c.collate, c.identity, c.serial, c.generated, c.on = "", "", "", "", "", nil
		}
	} else {
		c.typ, d = r.typ()
	}
	switch n := r.upTo(11); {
	case n < 5:
		if old == nil {
			c.notNull = r.one(3)
		} else if r.one(3) {
			c.notNull = !c.notNull
		}
	case n < 8:
		c.def, c.identity, c.generated, c.serial = r.of(d.defaults...), "", "", ""
		if len(r.s.seqs) > 0 && d.kind == "int" && c.typ != "smallint" && r.one(4) {
			c.def = "nextval(" + pgText(pgn(r.s.seqs[r.upTo(len(r.s.seqs)-1)].name)) + ")"
		}
	case n == 8 && (c.typ == "integer" || c.typ == "bigint" || c.typ == "smallint"):
		c.def, c.generated, c.serial, c.notNull = "", "", "", true
		c.identity = r.of("BY DEFAULT AS IDENTITY", "ALWAYS AS IDENTITY", "BY DEFAULT AS IDENTITY (START 10 INCREMENT 5)", "ALWAYS AS IDENTITY (MAXVALUE 1000 CYCLE CACHE 2)")
	case n == 9 && (c.typ == "integer" || c.typ == "bigint"):
		c.def, c.generated, c.identity, c.notNull = "", "", "", true
		c.serial = map[string]string{"integer": "serial", "bigint": "bigserial"}[c.typ]
	case n == 10:
		var from []pgRandomCol
		for _, b := range before {
			if b.generated == "" && b.name != c.name && (b.typ == "integer" || b.typ == "text" || b.typ == "bigint" || strings.HasPrefix(b.typ, "varchar") || strings.HasPrefix(b.typ, "numeric")) {
				from = append(from, b)
			}
		}
		if len(from) == 0 {
			break
		}
		f := from[r.upTo(len(from)-1)]
		c.def, c.identity, c.serial, c.notNull, c.on = "", "", "", false, map[string]string{f.name: r.s.describe(f.typ).kind}
		if r.s.describe(f.typ).kind == "text" {
			c.typ, c.generated = "text", r.of("lower(%s)", "(%s || 'x')", "coalesce(%s, 'none')")
			if r.one(2) {
				c.typ, c.generated = "integer", "length(%s)"
			}
		} else {
			c.typ, c.generated = "numeric", r.of("(%s * 2)", "abs(%s)", "coalesce(%s, 0)")
		}
		c.generated = fmt.Sprintf(c.generated, pgq(f.name))
		c.collate = ""
		if c.virtual = ""; r.s.version >= 18 && r.one(2) {
			c.virtual = "VIRTUAL"
		}
	case n == 11:
		c.comment = r.comment()
	}
	if r.one(8) {
		c.set = r.of("", "SET STATISTICS 50", "SET (n_distinct = 5)", "SET (n_distinct = 0.5, n_distinct_inherited = 7)")
	}
	if d.kind == "text" && r.one(6) {
		c.set = r.of("SET STORAGE EXTERNAL", "SET STORAGE PLAIN", "SET COMPRESSION pglz", "SET STORAGE MAIN")
	}
	if c.generated == "" && d.kind == "text" && !pgMade(c.typ) && r.one(6) {
		c.collate = r.of(`"C"`, `"POSIX"`)
	}
	return c
}

func (t *pgRandomTable) col(name string) *pgRandomCol {
	for i := range t.cols {
		if t.cols[i].name == name {
			return &t.cols[i]
		}
	}
	return nil
}

// names lists the columns that ok takes.
func (t *pgRandomTable) names(ok func(*pgRandomCol) bool) []string {
	var out []string
	for i := range t.cols {
		if ok(&t.cols[i]) {
			out = append(out, t.cols[i].name)
		}
	}
	return out
}

var pgUnordered = []string{"json", "point"}

func (t *pgRandomTable) sortable() []string {
	return t.names(func(c *pgRandomCol) bool { return !slices.Contains(pgUnordered, c.typ) && c.virtual == "" })
}

// pgOwn stands for the table's first index that can be named there, and pgUnnamed for a
// name that the server chooses.
const (
	pgOwn     = "own"
	pgUnnamed = "unnamed"
)

// pgOther begins a name in the second schema.
const pgOther = "other."

// pgAway begins a part that stands in another schema than its table.
const pgAway = "~"

// pgSub ends a part that is cut again.
const pgSub = " SUB"

// pgLoose ends a part that stands as a table of its own.
const pgLoose = " LOOSE"

func (r *pgRandomizer) table(old *pgRandomTable) pgRandomTable {
	t := pgRandomTable{name: r.in(r.of("t", "u", "Or ders", "v"))}
	if old != nil {
		t = *old
		t.parts = slices.Clone(t.parts)
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
		t.cols = append(t.cols, c)
	}
	if old == nil || r.one(8) {
		t.comment = r.comment()
	}
	if r.one(10) {
		t.unlogged = !t.unlogged
	}
	if r.one(8) {
		t.with = r.of("", "fillfactor = 70", "autovacuum_enabled = false, fillfactor = 50", "toast.autovacuum_enabled = false, toast_tuple_target = 256", "autovacuum_vacuum_scale_factor = 0.05, parallel_workers = 3",
			"autovacuum_freeze_max_age = 200000000, vacuum_truncate = off, toast.vacuum_truncate = off", "autovacuum_analyze_threshold = 7, log_autovacuum_min_duration = 500")
	}
	if old == nil && r.one(5) {
		if p := r.some(t.names(func(c *pgRandomCol) bool { return c.generated == "" && (c.typ == "integer" || c.typ == "text") }), 1); len(p) == 1 {
			t.partitionBy, t.strategy = p[0], r.of("LIST", "HASH", "RANGE")
		}
	}
	if t.partitionBy != "" {
		t.unlogged, t.with = false, ""
		for i, p := range t.parts { // some are taken out, or in
			if r.one(6) {
				if whole, loose := strings.CutSuffix(p, pgLoose); loose {
					t.parts[i] = whole
				} else {
					t.parts[i] = p + pgLoose
				}
			}
		}
		switch t.strategy {
		case "LIST":
			t.parts = mutate(r.randomChoice, t.parts, 2, func(*string) string {
				return r.away() + r.of("p1 FOR VALUES IN ('1', '7')", "p2 FOR VALUES IN ('2', '0')", "p3 FOR VALUES IN ('3', NULL)", "p4 FOR VALUES IN ('4')"+pgSub, "pd DEFAULT")
			})
		case "RANGE":
			t.parts = mutate(r.randomChoice, t.parts, 2, func(*string) string {
				return r.away() + r.of("p1 FOR VALUES FROM (MINVALUE) TO ('2')", "p2 FOR VALUES FROM ('2') TO ('5')", "p3 FOR VALUES FROM ('5') TO (MAXVALUE)", "pd DEFAULT")
			})
		case "HASH":
			if old != nil {
				break
			}
			t.parts = []string{"p1 FOR VALUES WITH (MODULUS 2, REMAINDER 0)", "p2 FOR VALUES WITH (MODULUS 2, REMAINDER 1)"}
		}
	}
	t.keys = mutate(r.randomChoice, t.keys, 2, func(k *pgRandomKey) pgRandomKey { return r.key(&t, k) })
	t.checks = mutate(r.randomChoice, t.checks, 1, func(k *pgRandomCheck) pgRandomCheck { return r.check(&t, k) })
	t.exclusions = mutate(r.randomChoice, t.exclusions, 0, func(k *pgRandomCheck) pgRandomCheck { return r.exclusion(&t, k) })
	if old == nil && r.one(8) {
		t.exclusions = append(t.exclusions, r.exclusion(&t, nil))
	}
	t.indexes = mutate(r.randomChoice, t.indexes, 2, func(x *pgRandomIndex) pgRandomIndex { return r.index(&t, x) })
	if r.one(6) {
		t.identity = r.of("", "FULL", "NOTHING", pgOwn)
	}
	if r.one(6) {
		t.cluster = r.of("", pgOwn, "KEY")
	}
	return t
}

// away begins a part that stands in another schema than its table.
func (r *pgRandomizer) away() string {
	if r.s.two && r.one(5) {
		return pgAway
	}
	return ""
}

// part names the table of a part.
func (t *pgRandomTable) part(p string) string {
	name := strings.Fields(p)[0]
	away, ok := strings.CutPrefix(name, pgAway)
	switch {
	case !ok:
		return t.name + "_" + name
	case pgLocal(t.name) == t.name:
		return pgOther + t.name + "_" + away
	}
	return pgLocal(t.name) + "_" + away
}

func (r *pgRandomizer) key(t *pgRandomTable, old *pgRandomKey) pgRandomKey {
	k := pgRandomKey{name: r.of("k1", "k2", "K 3", pgUnnamed), primary: r.one(3), comment: r.comment()}
	if old != nil && r.one(2) {
		k.name = old.name
	}
	k.cols = r.some(t.sortable(), 2)
	if r.one(5) {
		k.include = r.some(t.names(func(c *pgRandomCol) bool { return !slices.Contains(k.cols, c.name) && c.virtual == "" }), 1)
	}
	if r.one(6) {
		k.deferral = r.of(" DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED")
	}
	if r.one(6) {
		k.with = r.of("fillfactor = 70", "fillfactor = 60, deduplicate_items = off")
	}
	k.nulls = !k.primary && r.s.version >= 15 && r.one(6)
	return k
}

func (r *pgRandomizer) check(t *pgRandomTable, old *pgRandomCheck) pgRandomCheck {
	k := pgRandomCheck{name: r.of("c1", "c2", "C 3", pgUnnamed), comment: r.comment()}
	if old != nil && r.one(2) {
		k.name = old.name
	}
	c := t.cols[r.upTo(len(t.cols)-1)]
	col := pgq(c.name)
	exprs := []string{col + " IS NOT NULL", "num_nulls(" + col + ") < 2"}
	switch r.s.describe(c.typ).kind {
	case "int", "number":
		exprs = append(exprs, col+" > -1000", col+" BETWEEN -5 AND 100000", col+" IN (1, 2, 3)", "abs("+col+") >= 0")
	case "text":
		exprs = append(exprs, col+" <> 'zz'", col+" IN ('1', 'b', 'it''s', 'x')", "length("+col+") < 50", "lower("+col+") LIKE '%'", col+" ~ '.*'")
	case "enum":
		exprs = append(exprs, col+" = "+col, col+"::text <> 'zz'")
	case "time":
		exprs = append(exprs, col+" = "+col)
	}
	k.expr, k.on = r.of(exprs...), map[string]string{c.name: r.s.describe(c.typ).kind}
	switch r.upTo(6) {
	case 5:
		k.tail = " NOT VALID"
	case 6:
		if k.tail = " NO INHERIT"; r.s.version >= 18 && r.one(2) {
			k.tail = " NOT ENFORCED"
		}
	}
	return k
}

func (r *pgRandomizer) exclusion(t *pgRandomTable, old *pgRandomCheck) pgRandomCheck {
	k := pgRandomCheck{name: r.of("x1", "X 2"), comment: r.comment()}
	ranges := t.names(func(c *pgRandomCol) bool { return c.typ == "int4range" })
	if len(ranges) > 0 {
		k.expr, k.on = "EXCLUDE USING gist ("+pgq(ranges[0])+" WITH &&)", map[string]string{ranges[0]: "range"}
		return k
	}
	ints := t.names(func(c *pgRandomCol) bool { return c.typ == "integer" })
	if len(ints) > 0 {
		k.expr = "EXCLUDE USING btree (" + pgq(ints[0]) + " WITH =)" + r.of("", " WHERE ("+pgq(ints[0])+" > 5)", " DEFERRABLE")
		k.on = map[string]string{ints[0]: "int"}
	}
	return k
}

func (r *pgRandomizer) index(t *pgRandomTable, old *pgRandomIndex) pgRandomIndex {
	x := pgRandomIndex{name: r.of("i1", "i2", "I 3", "i4"), comment: r.comment()}
	if old != nil && r.one(2) {
		x.name = old.name
	}
	kind := func(c *pgRandomCol) string { return r.s.describe(c.typ).kind }
	use := func(ok func(*pgRandomCol) bool, method string, tail ...string) bool {
		names := r.some(t.names(func(c *pgRandomCol) bool { return c.virtual == "" && ok(c) }), 1)
		if len(names) == 0 {
			return false
		}
		x.method, x.parts, x.names = method, []string{pgq(names[0]) + r.of(tail...)}, names
		return true
	}
	switch n := r.upTo(11); {
	case n == 11 && use(func(c *pgRandomCol) bool { return kind(c) == "array" || kind(c) == "jsonb" || kind(c) == "tsvector" }, "gin", ""):
	case n == 10 && use(func(c *pgRandomCol) bool { return kind(c) == "range" || kind(c) == "point" || kind(c) == "tsvector" }, "gist", ""):
	case n == 9 && use(func(c *pgRandomCol) bool {
		return !slices.Contains(pgUnordered, c.typ) && kind(c) != "tsvector" && kind(c) != "money" && kind(c) != "bit"
	}, "hash", ""):
	case n == 8 && use(func(c *pgRandomCol) bool { return kind(c) == "int" || kind(c) == "text" || kind(c) == "time" }, "brin", ""):
		x.with = r.of("", "pages_per_range = 16")
	case n == 7 && use(func(c *pgRandomCol) bool { return c.typ == "text" || strings.HasPrefix(c.typ, "varchar") }, "btree", ` text_pattern_ops`, ` COLLATE "C"`, " varchar_pattern_ops", ` COLLATE "C" text_pattern_ops DESC`):
	default:
		x.method = "btree"
		x.unique = r.one(4)
		for _, name := range r.some(t.sortable(), 2) {
			c := t.col(name)
			part := pgq(name)
			switch k := kind(c); {
			case k == "text" && r.one(3):
				part = r.of("lower("+part+")", "("+part+" || 'x')", "length("+part+")")
			case k == "int" && r.one(3):
				part = r.of("abs("+part+")", "("+part+" + 1)")
			}
			x.parts = append(x.parts, part+r.of("", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"))
			x.names = append(x.names, name)
		}
		if r.one(5) {
			x.include = r.some(t.names(func(c *pgRandomCol) bool { return c.virtual == "" }), 1)
			x.names = append(x.names, x.include...)
		}
		x.nulls = x.unique && r.s.version >= 15 && r.one(4)
		x.with = r.of("", "", "", "fillfactor = 70")
	}
	if r.one(4) {
		if w := r.some(t.names(func(c *pgRandomCol) bool { return c.virtual == "" }), 1); len(w) == 1 {
			where := []string{pgq(w[0]) + " IS NOT NULL"}
			switch kind(t.col(w[0])) {
			case "int":
				where = append(where, pgq(w[0])+" > 5", pgq(w[0])+" IN (1, 2)")
			case "text":
				where = append(where, pgq(w[0])+" <> 'zz'", pgq(w[0])+" IN ('1', 'b')")
			case "bool":
				where = append(where, pgq(w[0]))
			}
			x.where = r.of(where...)
			x.names = append(x.names, w...)
		}
	}
	x.on = map[string]string{}
	for _, n := range x.names {
		x.on[n] = kind(t.col(n))
	}
	return x
}

func (r *pgRandomizer) foreignKey(t *pgRandomTable, old *pgRandomForeign) pgRandomForeign {
	f := pgRandomForeign{name: r.of("f1", "f2", "F 3", pgUnnamed), comment: r.comment()}
	if old != nil && r.one(2) {
		f.name = old.name
	}
	ref := r.s.tables[r.upTo(len(r.s.tables)-1)]
	if len(ref.keys) == 0 {
		return f
	}
	k := ref.keys[r.upTo(len(ref.keys)-1)]
	f.table, f.refs = ref.name, k.cols
	for _, name := range k.cols {
		typ := ref.col(name)
		if typ == nil {
			return pgRandomForeign{}
		}
		of := r.some(t.names(func(c *pgRandomCol) bool {
			return c.typ == typ.typ && c.collate == typ.collate && c.generated == "" && !slices.Contains(f.cols, c.name)
		}), 1)
		f.cols = append(f.cols, of...)
	}
	if r.one(6) {
		f.tail += " MATCH FULL"
	}
	f.tail += r.of("", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE RESTRICT", " ON UPDATE CASCADE", " ON UPDATE SET DEFAULT ON DELETE CASCADE")
	if r.s.version >= 15 && strings.HasSuffix(f.tail, "ON DELETE SET NULL") && len(f.cols) > 1 && r.one(2) {
		f.tail += " (" + pgq(f.cols[0]) + ")"
	}
	f.tail += r.of("", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED")
	if t.partitionBy == "" && ref.partitionBy == "" && r.one(6) {
		f.tail += " NOT VALID"
	}
	return f
}

// repair takes out what refers to something that is not there, or that it can't be
// built on, so that most of what is drawn is a schema.
func (s *pgRandom) repair() {
	s.enums = unique(s.enums, func(e pgRandomEnum) string { return e.name })
	s.domains = unique(s.domains, func(d pgRandomDomain) string { return d.name })
	s.seqs = unique(s.seqs, func(q pgRandomSeq) string { return q.name })
	s.tables = unique(s.tables, func(t pgRandomTable) string { return t.name })
	indexes := map[string]bool{}
	for i := range s.tables {
		s.repairTable(&s.tables[i], indexes)
	}
	for i := range s.tables {
		t := &s.tables[i]
		t.foreign = slices.DeleteFunc(unique(t.foreign, func(f pgRandomForeign) string { return f.name }), func(f pgRandomForeign) bool { return !s.refers(t, &f) })
	}
	for i := range s.seqs {
		q := &s.seqs[i]
		if !slices.ContainsFunc(s.tables, func(t pgRandomTable) bool {
			return !t.unlogged && pgBeside(t.name, "") == pgBeside(q.name, "") && slices.ContainsFunc(t.cols, func(c pgRandomCol) bool {
				return pgn(t.name)+"."+pgq(c.name) == q.owner && c.identity == "" && c.serial == ""
			})
		}) {
			q.owner = ""
		}
	}
}

func unique[T any](list []T, name func(T) string) []T {
	seen := map[string]bool{}
	var out []T
	for _, x := range list {
		if n := name(x); n != "" && !seen[n] {
			seen[n] = true
			out = append(out, x)
		}
	}
	return out
}

// fits reports whether columns are there and of the kind that they were.
func (s *pgRandom) fits(t *pgRandomTable, on map[string]string) bool {
	for name, kind := range on {
		c := t.col(name)
		if c == nil || s.describe(c.typ).kind != kind || c.virtual != "" {
			return false
		}
	}
	return len(on) > 0
}

func (s *pgRandom) repairTable(t *pgRandomTable, indexes map[string]bool) {
	t.cols = unique(t.cols, func(c pgRandomCol) string { return c.name })
	t.cols = slices.DeleteFunc(t.cols, func(c pgRandomCol) bool { return s.describe(c.typ).name == "" })
	if len(t.cols) == 0 {
		t.cols = []pgRandomCol{{name: "a", typ: "integer"}}
	}
	for i := range t.cols {
		c := &t.cols[i]
		d := s.describe(c.typ)
		if d.kind == "enum" && !slices.Contains(d.values, c.def) {
			c.def = ""
		}
		if strings.HasPrefix(c.def, "nextval(") && (d.kind != "int" || !slices.ContainsFunc(s.seqs, func(q pgRandomSeq) bool { return strings.Contains(c.def, pgText(pgn(q.name))) })) {
			c.def = ""
		}
		if c.generated != "" {
			for name := range c.on {
				if b := t.col(name); b == nil || b.generated != "" {
					c.generated, c.virtual = "", ""
				}
			}
			if !s.fits(t, c.on) {
				c.generated, c.virtual = "", ""
			}
			c.notNull = false
		}
		if d.kind != "text" || pgMade(c.typ) {
			c.collate = ""
		}
		if t.partitionBy != "" && s.version < 17 {
			c.identity = ""
		}
	}
	sortable := t.sortable()
	lacks := func(cols []string) bool {
		return slices.ContainsFunc(cols, func(n string) bool { return !slices.Contains(sortable, n) })
	}
	t.parts = unique(t.parts, func(p string) string { return strings.TrimPrefix(strings.Fields(p)[0], pgAway) })
	primary := false
	t.keys = slices.DeleteFunc(unique(t.keys, func(k pgRandomKey) string { return k.name }), func(k pgRandomKey) bool {
		bad := len(k.cols) == 0 || lacks(k.cols) || lacks(k.include) || k.primary && primary || t.partitionBy != "" && !slices.Contains(k.cols, t.partitionBy)
		for _, n := range k.include {
			bad = bad || slices.Contains(k.cols, n)
		}
		if k.primary && !bad {
			primary = true
			for _, n := range k.cols {
				bad = bad || t.col(n).generated != ""
				t.col(n).notNull = true
			}
		}
		return bad
	})
	t.checks = slices.DeleteFunc(unique(t.checks, func(k pgRandomCheck) string { return k.name }), func(k pgRandomCheck) bool {
		return !s.fits(t, k.on) || t.partitionBy != "" && k.tail != ""
	})
	t.exclusions = slices.DeleteFunc(unique(t.exclusions, func(k pgRandomCheck) string { return k.name }), func(k pgRandomCheck) bool {
		return !s.fits(t, k.on) || t.partitionBy != ""
	})
	t.indexes = slices.DeleteFunc(t.indexes, func(x pgRandomIndex) bool {
		name := pgBeside(t.name, x.name)
		bad := indexes[name] || !s.fits(t, x.on) || len(x.parts) == 0
		if t.partitionBy != "" && x.unique {
			bad = bad || !slices.ContainsFunc(x.parts, func(p string) bool { return strings.HasPrefix(p, pgq(t.partitionBy)) }) || strings.Contains(strings.Join(x.parts, ""), "(")
		}
		indexes[name] = indexes[name] || !bad
		return bad
	})
}

// refers reports whether a foreign key has what it needs.
func (s *pgRandom) refers(t *pgRandomTable, f *pgRandomForeign) bool {
	i := slices.IndexFunc(s.tables, func(x pgRandomTable) bool { return x.name == f.table })
	if i < 0 || len(f.cols) != len(f.refs) || len(f.cols) == 0 {
		return false
	}
	ref := &s.tables[i]
	if ref.unlogged && !t.unlogged || strings.Contains(f.tail, "NOT VALID") && (t.partitionBy != "" || ref.partitionBy != "") {
		return false
	}
	for j, n := range f.cols {
		a, b := t.col(n), ref.col(f.refs[j])
		if a == nil || b == nil || a.typ != b.typ || a.collate != b.collate || a.generated != "" || slices.Contains(f.cols[:j], n) {
			return false
		}
	}
	return slices.ContainsFunc(ref.keys, func(k pgRandomKey) bool { return slices.Equal(k.cols, f.refs) && k.deferral == "" })
}

func (s *pgRandom) create() []string {
	var out, last []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	comment := func(what, text string) {
		if text != "" {
			last = append(last, "COMMENT ON "+what+" IS "+pgText(text))
		}
	}
	if s.two {
		add("CREATE SCHEMA other")
	}
	for _, e := range s.enums {
		labels := make([]string, len(e.labels))
		for i, l := range e.labels {
			labels[i] = pgText(l)
		}
		add("CREATE TYPE %s AS ENUM (%s)", pgn(e.name), strings.Join(labels, ", "))
		comment("TYPE "+pgn(e.name), e.comment)
	}
	for _, d := range s.domains {
		text := "CREATE DOMAIN " + pgn(d.name) + " AS " + d.base
		if d.def != "" {
			text += " DEFAULT " + d.def
		}
		if d.notNull {
			text += " NOT NULL"
		}
		if d.check != "" {
			text += " CONSTRAINT \"right\" CHECK (" + d.check + ")"
		}
		add("%s", text)
		comment("DOMAIN "+pgn(d.name), d.comment)
	}
	for _, q := range s.seqs {
		add("CREATE SEQUENCE %s %s", pgn(q.name), q.options)
		comment("SEQUENCE "+pgn(q.name), q.comment)
		if q.owner != "" {
			last = append(last, "ALTER SEQUENCE "+pgn(q.name)+" OWNED BY "+q.owner)
		}
	}
	for _, t := range s.tables {
		create := "CREATE TABLE "
		if t.unlogged {
			create = "CREATE UNLOGGED TABLE "
		}
		var cols []string
		for _, c := range t.cols {
			text := pgq(c.name) + " " + c.typ
			if c.serial != "" {
				text = pgq(c.name) + " " + c.serial
			}
			if c.collate != "" {
				text += " COLLATE " + c.collate
			}
			switch {
			case c.generated != "" && c.virtual != "":
				text += " GENERATED ALWAYS AS (" + c.generated + ") VIRTUAL"
			case c.generated != "":
				text += " GENERATED ALWAYS AS (" + c.generated + ") STORED"
			case c.identity != "":
				text += " GENERATED " + c.identity
			case c.def != "" && c.serial == "":
				text += " DEFAULT " + c.def
			}
			if c.notNull {
				text += " NOT NULL"
			}
			cols = append(cols, text)
			comment("COLUMN "+pgn(t.name)+"."+pgq(c.name), c.comment)
			if c.set != "" && t.partitionBy == "" && !(c.virtual != "" && strings.Contains(c.set, "ST")) {
				last = append(last, "ALTER TABLE "+pgn(t.name)+" ALTER "+pgq(c.name)+" "+c.set)
			}
		}
		tail := ""
		if t.partitionBy != "" {
			tail = " PARTITION BY " + t.strategy + " (" + pgq(t.partitionBy) + ")"
		}
		if t.with != "" {
			tail += " WITH (" + t.with + ")"
		}
		add("%s%s (%s)%s", create, pgn(t.name), strings.Join(cols, ", "), tail)
		comment("TABLE "+pgn(t.name), t.comment)
		if t.partitionBy != "" {
			for _, p := range t.parts {
				part := t.part(p)
				_, bound, _ := strings.Cut(p, " ")
				if strings.HasSuffix(p, pgLoose) {
					add("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED)", pgn(part), pgn(t.name))
					continue
				}
				if whole, cut := strings.CutSuffix(bound, pgSub); cut {
					add("CREATE TABLE %s PARTITION OF %s %s PARTITION BY HASH (%s)", pgn(part), pgn(t.name), whole, pgq(t.partitionBy))
					add("CREATE TABLE %s PARTITION OF %s FOR VALUES WITH (MODULUS 1, REMAINDER 0)", pgn(part+"h"), pgn(part))
					continue
				}
				add("CREATE TABLE %s PARTITION OF %s %s", pgn(part), pgn(t.name), bound)
			}
		}
		for _, k := range t.keys {
			text := "UNIQUE "
			if k.primary {
				text = "PRIMARY KEY "
			} else if k.nulls {
				text = "UNIQUE NULLS NOT DISTINCT "
			}
			text += "(" + pgqs(k.cols) + ")"
			if len(k.include) > 0 {
				text += " INCLUDE (" + pgqs(k.include) + ")"
			}
			if k.with != "" {
				text += " WITH (" + k.with + ")"
			}
			if k.name == pgUnnamed {
				add("ALTER TABLE %s ADD %s%s", pgn(t.name), text, k.deferral)
				continue
			}
			add("ALTER TABLE %s ADD CONSTRAINT %s %s%s", pgn(t.name), pgq(pgLocal(t.name)+"_"+k.name), text, k.deferral)
			comment("CONSTRAINT "+pgq(pgLocal(t.name)+"_"+k.name)+" ON "+pgn(t.name), k.comment)
			if k.comment == "it's" {
				comment("INDEX "+pgn(t.name+"_"+k.name), "of the index")
			}
			if t.partitionBy == "" && t.cluster == "KEY" {
				last = append(last, "ALTER TABLE "+pgn(t.name)+" CLUSTER ON "+pgq(pgLocal(t.name)+"_"+k.name))
			}
		}
		if t.identity != "" && t.identity != pgOwn && t.partitionBy == "" {
			last = append(last, "ALTER TABLE "+pgn(t.name)+" REPLICA IDENTITY "+t.identity)
		}
		for _, k := range t.exclusions {
			add("ALTER TABLE %s ADD CONSTRAINT %s %s", pgn(t.name), pgq(pgLocal(t.name)+"_"+k.name), k.expr)
			comment("CONSTRAINT "+pgq(pgLocal(t.name)+"_"+k.name)+" ON "+pgn(t.name), k.comment)
		}
		for _, k := range t.checks {
			if k.name == pgUnnamed {
				add("ALTER TABLE %s ADD CHECK (%s)%s", pgn(t.name), k.expr, k.tail)
				continue
			}
			add("ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s)%s", pgn(t.name), pgq(k.name), k.expr, k.tail)
			comment("CONSTRAINT "+pgq(k.name)+" ON "+pgn(t.name), k.comment)
		}
		for _, x := range t.indexes {
			text := "CREATE "
			if x.unique {
				text += "UNIQUE "
			}
			text += "INDEX " + pgq(x.name) + " ON " + pgn(t.name) + " USING " + x.method + " (" + strings.Join(x.parts, ", ") + ")"
			if len(x.include) > 0 {
				text += " INCLUDE (" + pgqs(x.include) + ")"
			}
			if x.nulls {
				text += " NULLS NOT DISTINCT"
			}
			if x.with != "" {
				text += " WITH (" + x.with + ")"
			}
			if x.where != "" {
				text += " WHERE " + x.where
			}
			add("%s", text)
			comment("INDEX "+pgn(pgBeside(t.name, x.name)), x.comment)
			if t.partitionBy == "" && t.cluster == pgOwn && x.method == "btree" && x.where == "" {
				last = append(last, "ALTER TABLE "+pgn(t.name)+" CLUSTER ON "+pgq(x.name))
			}
			if t.partitionBy == "" && t.identity == pgOwn && x.unique && x.where == "" && !slices.ContainsFunc(x.names, func(n string) bool { return !t.col(n).notNull }) && !strings.Contains(strings.Join(x.parts, ""), "(") {
				last = append(last, "ALTER TABLE "+pgn(t.name)+" REPLICA IDENTITY USING INDEX "+pgq(x.name))
			}
		}
		for _, f := range t.foreign {
			if f.name == pgUnnamed {
				last = append(last, "ALTER TABLE "+pgn(t.name)+" ADD FOREIGN KEY ("+pgqs(f.cols)+") REFERENCES "+pgn(f.table)+" ("+pgqs(f.refs)+")"+f.tail)
				continue
			}
			last = append(last, "ALTER TABLE "+pgn(t.name)+" ADD CONSTRAINT "+pgq(f.name)+" FOREIGN KEY ("+pgqs(f.cols)+") REFERENCES "+pgn(f.table)+" ("+pgqs(f.refs)+")"+f.tail)
			comment("CONSTRAINT "+pgq(f.name)+" ON "+pgn(t.name), f.comment)
		}
	}
	return append(out, last...)
}

func (s *pgRandom) rows(t *rapid.T) []string {
	r := randomChoice{t}
	var out []string
	for _, table := range s.tables {
		for range r.upTo(2) {
			var cols, values []string
			for _, c := range table.cols {
				if c.generated != "" || strings.HasPrefix(c.identity, "ALWAYS") {
					continue
				}
				cols = append(cols, c.name)
				if v := s.describe(c.typ).values; c.notNull || len(v) > 0 && !r.one(4) {
					values = append(values, r.of(v...))
				} else {
					values = append(values, "NULL")
				}
			}
			if len(cols) > 0 {
				out = append(out, "INSERT INTO "+pgn(table.name)+" ("+pgqs(cols)+") VALUES ("+strings.Join(values, ", ")+")")
			}
		}
	}
	return out
}

// others gives what reads parts of the schema and is not managed.
func (s *pgRandom) others(t *rapid.T) []string {
	r := randomChoice{t}
	var out []string
	for i, table := range s.tables {
		name, cols := pgn(table.name), table.names(func(*pgRandomCol) bool { return true })
		some := func() string { return pgqs(r.some(cols, 2)) }
		switch n := fmt.Sprint(i); r.upTo(8) {
		case 0:
			out = append(out, "CREATE VIEW apart.v"+n+" AS SELECT "+some()+" FROM "+name)
		case 1:
			out = append(out, "CREATE MATERIALIZED VIEW apart.m"+n+" AS SELECT count(*) FROM "+name)
		case 2:
			out = append(out, "CREATE FUNCTION apart.f"+n+"("+name+") RETURNS int LANGUAGE sql AS 'SELECT 1'")
		case 3:
			for _, k := range table.keys {
				out = append(out, "CREATE TABLE apart.t"+n+" AS SELECT "+pgqs(k.cols)+" FROM "+name+" LIMIT 0", "ALTER TABLE apart.t"+n+" ADD FOREIGN KEY ("+pgqs(k.cols)+") REFERENCES "+name+" ("+pgqs(k.cols)+")")
				break
			}
		case 4:
			if k := slices.IndexFunc(table.keys, func(k pgRandomKey) bool { return k.primary }); k >= 0 {
				out = append(out, "CREATE VIEW apart.g"+n+" AS SELECT "+pgqs(cols)+" FROM "+name+" GROUP BY "+pgqs(table.keys[k].cols))
			}
		case 5:
			out = append(out, "CREATE FUNCTION apart.b"+n+"() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count("+pgqs(r.some(cols, 1))+") FROM "+name+"; END")
		case 6:
			if len(table.parts) > 0 {
				out = append(out, "CREATE VIEW apart.p"+n+" AS SELECT "+some()+" FROM "+pgn(table.part(table.parts[0])))
			}
		case 7:
			if len(cols) > 1 {
				out = append(out, "CREATE STATISTICS st"+n+" ON "+pgqs(cols[:2])+" FROM "+name)
			}
		}
	}
	for i, e := range s.enums {
		if r.one(3) {
			out = append(out, fmt.Sprintf("CREATE TABLE apart.e%d (a %s[])", i, pgn(e.name)))
		}
	}
	for i, q := range s.seqs {
		if r.one(3) {
			out = append(out, fmt.Sprintf("CREATE TABLE apart.s%d (a int DEFAULT nextval(%s))", i, pgText(pgn(q.name))))
		}
	}
	if len(out) > 0 {
		out = append([]string{"CREATE SCHEMA apart"}, out...)
	}
	return out
}

func (s *pgRandom) kept() map[string]string {
	out := map[string]string{}
	for _, t := range s.tables {
		for _, c := range t.cols {
			form := c.typ + " " + c.generated + strings.Join(t.parts, ",")
			for _, d := range s.domains {
				if pgn(d.name) == c.typ {
					form += d.base
				}
			}
			out[t.name+"."+c.name] = form
			for _, p := range t.parts {
				out[t.part(p)+"."+c.name] = form
			}
		}
	}
	return out
}
