package planner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// What else of a target rests on what a plan changes is not ours to take away: a change
// that the server would refuse for it is held, and one that would have it fail is held
// until somebody agrees, both with its name.

// users is what rests on tables, types and sequences of an endpoint. It is asked for once,
// and only where a plan has a change that it may be in the way of.
type users struct {
	find  func() ([]providers.User, error)
	asked bool
	by    map[schema.Name][]providers.User // what each table, type or sequence is needed by
}

func (e *endpoint) askUsers(ctx context.Context) {
	e.users.find = func() ([]providers.User, error) {
		finder, err := providers.As[providers.UserFinder](e.conn)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, nil
		}
		return finder.Users(ctx, e.db)
	}
}

// usersOf gives what needs a table, type, sequence or (without a name) schema.
func (b *builder) usersOf(e *endpoint, n schema.Name) []providers.User {
	u := &e.users
	if !u.asked && u.find != nil {
		u.asked = true
		list, err := u.find()
		if err != nil {
			b.errorAt(e.declRange, sumUnreadable, "%s: %s.", e.addr, err)
			return nil
		}
		u.by = map[schema.Name][]providers.User{}
		for _, x := range list {
			u.by[e.foldTable(x.On)] = append(u.by[e.foldTable(x.On)], x)
		}
	}
	return u.by[e.foldTable(n)]
}

// tableUsers gives what needs a table or one of its partitions.
func (b *builder) tableUsers(e *endpoint, t *schema.Table) []providers.User {
	list := slices.Clone(b.usersOf(e, t.Name))
	eachPartition(t.Partition, func(p *schema.Partition) { list = append(list, b.usersOf(e, p.Name)...) })
	return list
}

// mind looks at a change of a table that is there, whose own hazards have been answered.
func (b *builder) mind(w *want, d *difference) {
	switch c := d.change.(type) {
	case schema.ModifyColumn:
		if !sameType(c.From.Type, c.To.Type) || c.From.Collation != c.To.Collation {
			needed := b.pick(w, c.From.Name, func(u providers.User) bool { return u.Refuses && u.Type })
			if c.Type == schema.Retypes || isMySQL(w.target.db.System) { // PostgreSQL compares what is of one family
				needed = append(needed, b.referring(w, c.From.Name)...)
			}
			d.keptBy("the column", needed)
		}
	case schema.DropColumn:
		b.mindColumn(w, d, c.Column.Name)
	case schema.RenameColumn:
		by := b.pick(w, c.From, func(u providers.User) bool { return u.Name })
		own := slices.IndexFunc(b.usersOf(w.target, w.live.Name), func(u providers.User) bool { return u.Name && u.Refuses && w.sameColumn(u.Column, c.From) })
		switch {
		case own >= 0:
			b.errorAt(w.cfg.DeclRange, sumUsers, "%s: column %q of table %s can't have another name: %s names it, and every write would fail from then on. Keep the definition, drop it, apply, and make it again with the new name.",
				columnAddr(w.addr, c.To), c.From, w.name, b.usersOf(w.target, w.live.Name)[own].What)
		case len(by) > 0:
			d.hazards = append(d.hazards, hazard(hazardRename, "%s by the old name, and %s from then on: make %s anew after the apply", reads(by), fails(by), them(by)))
		}
	case schema.ModifyTable:
		if c.From.Options["unlogged"] == "" && c.To.Options["unlogged"] != "" {
			b.mindUnlogged(w, d)
		}
	case schema.DropUnique:
		b.mindKey(w, d, c.Key.Name, c.Key.Columns())
	case schema.DropPrimaryKey:
		b.mindKey(w, d, c.Key.Name, c.Key.Columns())
	case schema.DropIndex:
		b.mindKey(w, d, c.Index.Name, columnsOf(c.Index.Parts))
	}
}

// mindUnlogged looks for logged tables that refer to one that is to be unlogged.
func (b *builder) mindUnlogged(w *want, d *difference) {
	var by []string
	for _, t := range w.target.db.Tables {
		for _, k := range t.ForeignKeys {
			if k.RefTable == w.live.Name && t.Name != w.live.Name && t.Options["unlogged"] == "" && !b.swaps(w.target, t.Name) {
				by = append(by, fmt.Sprintf("foreign key %s of table %s", k.Name, t.Name))
			}
		}
	}
	d.keptBy("the table", by)
}

func (w *want) sameColumn(a, b string) bool {
	return foldColumn(w.target.db.System, a) == foldColumn(w.target.db.System, b)
}

// pick names what needs a column and fits; "" takes all of the table.
func (b *builder) pick(w *want, column string, fits func(providers.User) bool) []string {
	var out []string
	for _, u := range b.tableUsers(w.target, w.live) {
		if (column == "" || w.sameColumn(u.Column, column)) && u.ForeignKey == "" && fits(u) && !slices.Contains(out, u.What) {
			out = append(out, u.What)
		}
	}
	return out
}

// mindColumn looks who needs a column that is to go: others, and what the target's table
// has of its own.
func (b *builder) mindColumn(w *want, d *difference, column string) {
	needed := b.pick(w, column, func(u providers.User) bool { return u.Refuses })
	needed = append(needed, b.referring(w, column)...)
	inside, goes := w.ownUsers(column)
	if d.keptBy("the column", append(needed, inside...)); d.waits != "" {
		return
	}
	b.breaks(w, d, b.pick(w, column, func(u providers.User) bool { return !u.Refuses && !u.Goes }))
	goes = append(goes, b.pick(w, column, func(u providers.User) bool { return u.Goes })...)
	if len(goes) > 0 {
		d.info = strings.TrimPrefix(fmt.Sprintf("%s; with it goes %s", d.info, strings.Join(firstThree(goes), ", ")), "; ")
	}
}

// ownUsers gives what of a table itself keeps a column from being dropped, and what goes
// with it, of that which the plan does not see to.
func (w *want) ownUsers(column string) (needs, goes []string) {
	sys := w.target.db.System
	names := func(text string) bool {
		_, yes := mentions(sys, text, map[string]bool{column: true})
		return yes
	}
	has := func(is func(schema.Change) bool) bool {
		return slices.ContainsFunc(w.work.diffs, func(d difference) bool { return !d.held() && is(d.change) })
	}
	for _, c := range w.live.Columns {
		if c.Generated != nil && !w.sameColumn(c.Name, column) && names(c.Generated.Expr) && !has(func(x schema.Change) bool {
			switch x := x.(type) {
			case schema.DropColumn:
				return x.Column.Name == c.Name
			case schema.ModifyColumn:
				return x.To.Name == c.Name
			}
			return false
		}) {
			needs = append(needs, fmt.Sprintf("computed column %s", c.Name))
		}
	}
	for _, x := range w.live.Indexes {
		if has(func(y schema.Change) bool { drop, ok := y.(schema.DropIndex); return ok && drop.Index.Name == x.Name }) {
			continue
		}
		expr := x.Where
		plain := slices.ContainsFunc(x.Include, func(c string) bool { return w.sameColumn(c, column) })
		for _, p := range x.Parts {
			plain = plain || p.Column != "" && w.sameColumn(p.Column, column)
			expr += " " + p.Expr
		}
		switch {
		case names(expr) && sys != schema.PostgreSQL:
			needs = append(needs, "index "+x.Name)
		case plain && isMySQL(sys) && len(x.Parts) > 1:
			goes = append(goes, fmt.Sprintf("its part of index %s", x.Name))
		case plain || names(expr):
			goes = append(goes, "index "+x.Name)
		}
	}
	for _, k := range w.live.Uniques {
		if slices.ContainsFunc(k.Columns(), func(c string) bool { return w.sameColumn(c, column) }) &&
			!has(func(y schema.Change) bool { drop, ok := y.(schema.DropUnique); return ok && drop.Key.Name == k.Name }) {
			goes = append(goes, "unique key "+k.Name)
		}
	}
	for _, k := range w.live.Checks {
		if !names(k.Expr) || has(func(y schema.Change) bool { drop, ok := y.(schema.DropCheck); return ok && drop.Check.Name == k.Name }) {
			continue
		}
		others := map[string]bool{}
		for _, c := range w.live.Columns {
			others[c.Name] = !w.sameColumn(c.Name, column)
		}
		delete(others, column)
		if _, more := mentions(sys, k.Expr, others); more && sys != schema.PostgreSQL {
			needs = append(needs, "check "+k.Name)
		} else {
			goes = append(goes, "check "+k.Name)
		}
	}
	return needs, goes
}

// mindKey looks who needs a key or index that is to go: what PostgreSQL ties to it, or
// foreign keys of other tables that no other index of the table serves.
func (b *builder) mindKey(w *want, d *difference, name string, columns []string) {
	var needed []string
	if w.target.db.System == schema.PostgreSQL {
		for _, u := range b.tableUsers(w.target, w.live) {
			if u.Key == name && u.Refuses && (u.ForeignKey == "" || !b.swaps(w.target, u.Of)) {
				needed = append(needed, u.What)
			}
		}
		d.keptBy("the key", needed)
		return
	}
	for _, t := range w.target.db.Tables {
		for _, k := range t.ForeignKeys {
			if w.target.foldTable(k.RefTable) == w.target.foldTable(w.live.Name) && w.leads(columns, k.RefColumns) && !b.swaps(w.target, t.Name) && !w.served(name, k.RefColumns) {
				needed = append(needed, fmt.Sprintf("foreign key %s of table %s", k.Name, t.Name))
			}
		}
	}
	d.keptBy("the key", needed)
}

func columnsOf(parts []schema.KeyPart) []string {
	k := schema.Key{Parts: parts}
	return k.Columns()
}

// leads reports whether an index begins with the columns of a foreign key.
func (w *want) leads(index, key []string) bool {
	return len(index) >= len(key) && slices.EqualFunc(index[:len(key)], key, w.sameColumn)
}

// served reports whether another index of the table, which stays, does for a foreign key.
func (w *want) served(but string, key []string) bool {
	stays := func(name string) bool {
		return name != but && !slices.ContainsFunc(w.work.diffs, func(d difference) bool {
			drop, ok := d.change.(schema.DropIndex)
			return ok && drop.Index.Name == name && !d.held()
		})
	}
	for _, x := range w.live.Indexes {
		if (x.Unique || isMySQL(w.target.db.System)) && stays(x.Name) && w.leads(columnsOf(x.Parts), key) {
			return true
		}
	}
	return slices.ContainsFunc(w.live.Uniques, func(k schema.Key) bool { return stays(k.Name) && w.leads(k.Columns(), key) }) ||
		but != "" && w.live.PrimaryKey != nil && but != w.live.PrimaryKey.Name && w.leads(w.live.PrimaryKey.Columns(), key)
}

// swaps reports whether a table is the plan's own, which then takes its foreign keys away
// and gives them back.
func (b *builder) swaps(e *endpoint, n schema.Name) bool {
	return slices.ContainsFunc(b.wants, func(w *want) bool { return w.target == e && w.target.foldTable(w.name) == e.foldTable(n) }) || b.prunes(e, n)
}

// keptBy holds a change that the server would refuse.
func (d *difference) keptBy(what string, by []string) {
	if len(by) > 0 && d.waits == "" {
		verb, them := "needs", "it"
		if len(by) > 1 {
			verb, them = "need", "them"
		}
		d.waits = fmt.Sprintf("%s %s %s as it is, and syncform does not manage that. Keep the definition, drop %s, apply, and make %[4]s again", strings.Join(firstThree(by), ", "), verb, what, them)
	}
}

func breaking(by []string) providers.Hazard {
	return hazard(hazardUsers, "%s what goes, and %s from then on: change %s, or drop %[3]s, first", reads(by), fails(by), them(by))
}

// breaks holds a change after which others fail, until somebody agrees.
func (b *builder) breaks(w *want, d *difference, by []string) {
	if len(by) == 0 {
		return
	}
	d.hazards = append(d.hazards, breaking(by))
	d.risky = d.risky || !slices.Contains(w.cfg.AllowHazards, hazardUsers) && !b.approved(w.addrOf(d))
}

func reads(by []string) string {
	if len(by) == 1 {
		return by[0] + " reads"
	}
	return strings.Join(firstThree(by), ", ") + " read"
}

func fails(by []string) string {
	if len(by) == 1 {
		return "fails"
	}
	return "fail"
}

func them(by []string) string {
	if len(by) == 1 {
		return "it"
	}
	return "them"
}

// mindObject looks at what is planned beside the changes of tables: the removal of tables,
// types, sequences and schemas, and types that are made anew. It goes by the database as it
// is by then.
func (s *script) mindObject(w *want, d *difference) {
	switch c := d.change.(type) {
	case schema.DropTable:
		refused, broken := s.b.needTable(s.target, s.db, &c.From)
		switch d.keptBy("the table", refused); {
		case d.waits != "" || len(broken) == 0:
		case s.b.in.Destroy: // it is asked for, and told
			d.hazards = append(d.hazards, breaking(broken))
		default:
			s.b.breaks(w, d, broken)
		}
	case schema.DropEnum:
		d.keptBy("the type", s.needType(c.Enum.Name, false))
	case schema.DropDomain:
		d.keptBy("the type", s.needType(c.Domain.Name, false))
	case schema.ModifyEnum:
		if !contains(c.To.Labels, c.From.Labels) {
			d.keptBy("the type", s.needType(c.From.Name, true))
		}
	case schema.ModifyDomain:
		if !sameType(c.From.Base, c.To.Base) || c.From.Collation != c.To.Collation {
			d.keptBy("the type", s.needType(c.From.Name, true))
		}
	case schema.DropSequence:
		var by []string
		for _, t := range s.db.Tables {
			for _, col := range t.Columns {
				if n := numbers(&col); n != "" && col.Identity == nil && drawsFrom(n, c.Sequence.Name, s.db.DefaultSchema) {
					by = append(by, fmt.Sprintf("column %s of table %s", col.Name, t.Name))
				}
			}
		}
		d.keptBy("the sequence", append(by, s.outside(c.Sequence.Name)...))
	case schema.DropSchema:
		d.keptBy("the schema", s.inSchema(c.Schema))
	case schema.DropPartition:
		var by []string
		for _, u := range s.b.usersOf(s.target, c.Partition.Name) {
			if u.Refuses && u.ForeignKey == "" && u.Of != c.Partition.Name && !slices.Contains(by, u.What) {
				by = append(by, u.What)
			}
		}
		d.keptBy("the partition", by)
	case schema.DropUnique:
		s.mindTies(d, c.In, c.Key.Name)
	case schema.DropPrimaryKey:
		s.mindTies(d, c.In, c.Key.Name)
	case schema.DropIndex:
		s.mindTies(d, c.In, c.Index.Name)
	}
}

// mindTies holds that a key goes while a foreign key stands that PostgreSQL ties to it: one
// of a table that should have gone first, and is held itself.
func (s *script) mindTies(d *difference, in schema.Name, key string) {
	if s.target.db.System != schema.PostgreSQL || d.held() {
		return
	}
	var by []string
	for _, u := range s.b.usersOf(s.target, in) {
		if t := s.db.Table(u.Of); u.Key == key && u.ForeignKey != "" && t != nil && slices.ContainsFunc(t.ForeignKeys, func(k schema.ForeignKey) bool { return k.Name == u.ForeignKey }) {
			by = append(by, u.What)
		}
	}
	if len(by) > 0 {
		d.waits = fmt.Sprintf("%s rests on the key, and goes first", strings.Join(firstThree(by), ", "))
	}
}

// needTable gives what keeps a table from being dropped, and what fails without it.
func (b *builder) needTable(e *endpoint, db *schema.Database, t *schema.Table) (refused, broken []string) {
	for _, o := range db.Tables {
		for _, k := range o.ForeignKeys {
			if e.foldTable(k.RefTable) == e.foldTable(t.Name) && e.foldTable(o.Name) != e.foldTable(t.Name) {
				what := fmt.Sprintf("foreign key %s of table %s", k.Name, o.Name)
				switch {
				case e.db.System != schema.SQLite:
					refused = append(refused, what)
				case !b.prunes(e, o.Name): // SQLite lets a table go that others refer to
					broken = append(broken, what)
				}
			}
		}
		if slices.Contains(o.Inherits, t.Name) {
			refused = append(refused, fmt.Sprintf("table %s", o.Name))
		}
	}
	for _, u := range b.tableUsers(e, t) {
		of := e.foldTable(u.Of)
		switch {
		case u.ForeignKey != "" || u.Goes || of == e.foldTable(t.Name):
		case of.Name != "" && e.table(of) != nil && db.Table(e.table(of).Name) == nil: // it has gone by then
		case u.Refuses && !slices.Contains(refused, u.What):
			refused = append(refused, u.What)
		case !u.Refuses && !slices.Contains(broken, u.What):
			broken = append(broken, u.What)
		}
	}
	return refused, broken
}

// needType gives what keeps a named type from being dropped. Columns of tables are moved
// to a type that is made anew, but for those that something reads.
func (s *script) needType(n schema.Name, anew bool) []string {
	by := s.outside(n)
	for i := range s.db.Tables {
		t := &s.db.Tables[i]
		for _, c := range t.Columns {
			if !usesNamed(c.Type, map[schema.Name]bool{n: true}) {
				continue
			}
			if !anew {
				by = append(by, fmt.Sprintf("column %s of table %s", c.Name, t.Name))
				continue
			}
			for _, u := range s.b.tableUsers(s.target, t) {
				if u.Column == c.Name && u.Refuses && u.Type && !slices.Contains(by, u.What) {
					by = append(by, u.What)
				}
			}
		}
	}
	for _, x := range s.db.Domains {
		if !anew && usesNamed(x.Base, map[schema.Name]bool{n: true}) {
			by = append(by, "domain "+x.Name.String())
		}
	}
	return by
}

// outside gives what needs a type or sequence and is no column of a table that was
// inspected, for those are known as they are by then.
func (s *script) outside(n schema.Name) []string {
	var by []string
	for _, u := range s.b.usersOf(s.target, n) {
		if u.Refuses && !slices.Contains(by, u.What) && (u.Of.Name == "" || u.Type || s.target.table(u.Of) == nil) {
			by = append(by, u.What)
		}
	}
	return by
}

// inSchema gives what a schema holds by then.
func (s *script) inSchema(in string) []string {
	var by []string
	add := func(kind string, n schema.Name) {
		if n.Schema == in {
			by = append(by, kind+" "+n.String())
		}
	}
	for i := range s.db.Tables {
		add("table", s.db.Tables[i].Name)
	}
	for _, x := range s.db.Enums {
		add("type", x.Name)
	}
	for _, x := range s.db.Domains {
		add("domain", x.Name)
	}
	for _, x := range s.db.Sequences {
		add("sequence", x.Name)
	}
	for _, x := range s.db.Composed {
		add("type", x.Name)
	}
	for _, u := range s.b.usersOf(s.target, schema.Name{Schema: in}) {
		if !slices.Contains(by, u.What) {
			by = append(by, u.What)
		}
	}
	return by
}

// firstThree gives the first three of a list, and how many more there are.
func firstThree(list []string) []string {
	if len(list) <= 3 {
		return list
	}
	return append(slices.Clone(list[:3]), fmt.Sprintf("%d more", len(list)-3))
}
