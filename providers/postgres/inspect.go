package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

// Inspect reads the catalogue in one round trip and as of one moment.
func (c *Conn) Inspect(ctx context.Context, o providers.InspectOptions) (*schema.Database, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	identity, err := c.systemIdentifier(ctx, s)
	if err != nil {
		return nil, err
	}
	const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; "
	r, err := readCatalogue(ctx, s, scope{namespace: userNamespaces, types: userNamespaces, tables: o.Tables, estimates: !o.NoEstimates, share: o.Share}, begin, "; COMMIT")
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	db := r.database()
	c.describe(db, identity)
	return db, nil
}

// describe fills in what is known of the database itself.
func (c *Conn) describe(db *schema.Database, identity string) {
	db.System, db.Version, db.VersionNum = schema.PostgreSQL, c.versionText, c.version
	db.Identity = "postgresql:" + identity + "/" + c.databaseOID + "/" + c.database
	db.Name, db.DefaultSchema, db.Charset, db.Collation = c.database, c.schema, c.encoding, c.collation
}

// systemIdentifier names the cluster, whatever host name led to it; it is asked once.
func (c *Conn) systemIdentifier(ctx context.Context, s *session) (string, error) {
	c.mu.Lock()
	identity := c.identity
	c.mu.Unlock()
	if identity != "" {
		return identity, nil
	}
	id, err := s.queryRow(ctx, "SELECT system_identifier FROM pg_catalog.pg_control_system()")
	if err != nil {
		if ctx.Err() != nil || s.pg.IsClosed() {
			return "", classify(err)
		}
		// Some services keep the control file to themselves; where the server listens and
		// since when its files are there says as much.
		id, err = s.queryRow(ctx, `SELECT coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), 'local') || ':' || pg_catalog.current_setting('port')`)
		if err != nil {
			return "", fmt.Errorf("ask which server this is: %w", classify(err))
		}
	}
	c.mu.Lock()
	c.identity = id[0]
	c.mu.Unlock()
	return id[0], nil
}

// catalogue is what the queries brought, on its way to a schema.Database.
type catalogue struct {
	scope      scope
	namespaces []string
	relations  map[string]*relation // by oid
	order      []*relation
	collations map[string]schema.Name
	opclasses  map[string]opclass
	userTypes  map[string]*userTypeRow // by format_type
	typeByOID  map[string]*userTypeRow
	typeCache  map[string]schema.Type
	sequences  []sequenceRow
	comments   map[commentKey]string
	others     []schema.Object
	namedTypes []schema.Name
	extensions extensionRows
	composed   []composedRow
	functions  []schema.Function
	words      []string          // see word
	places     map[string]uint32 // of words

	columns     []columnRow
	constraints []constraintRow
	indexes     []indexRow
	inherits    [][2]string
}

type relation struct {
	oid                                string
	name                               schema.Name
	kind, persistence                  string
	options                            string
	tuples, pages, size, live          float64
	isPartition                        bool
	bound, partKey, tablespace, access string
	identity                           string // the replica identity
	ofExtension                        bool

	table    schema.Table
	given    schema.Table // of a partition: what its table gives it
	columns  []string     // by attnum, "" where there is none
	colls    []string     // their collations' oids
	width    int
	children []*relation // partitions
}

type opclass struct {
	name      schema.Name
	isDefault bool
}

type commentKey struct{ class, oid, sub string }

// columnRow is small, as there are many: its texts are places in words.
type columnRow struct {
	rel, name, typ, def, collation uint32
	options                        uint32 // 0: none
	num                            int16
	identity, generated            byte // 0: none
	notNull, hasDefault            bool
}

// readCatalogue runs all queries between before and after, as one message.
func readCatalogue(ctx context.Context, s *session, sc scope, before, after string) (*catalogue, error) {
	queries := inspection(s.version(), sc)
	r := &catalogue{scope: sc, relations: map[string]*relation{}, collations: map[string]schema.Name{}, opclasses: map[string]opclass{},
		userTypes: map[string]*userTypeRow{}, typeByOID: map[string]*userTypeRow{}, typeCache: map[string]schema.Type{}, comments: map[commentKey]string{}, places: map[string]uint32{}}
	first := strings.Count(before, ";") // statements that give nothing, ahead of the queries
	err := s.queryAll(ctx, before+strings.Join(queries, ";\n")+after, func(i int, v [][]byte) error {
		if i < first || i-first >= len(queries) {
			return nil
		}
		r.take(i-first, v)
		return nil
	})
	if err != nil {
		return nil, classify(err)
	}
	return r, nil
}

// take keeps one row of the i-th query.
func (r *catalogue) take(i int, v [][]byte) {
	f := func(n int) string { return string(v[n]) }
	yes := func(n int) bool { return len(v[n]) == 1 && v[n][0] == 't' }
	switch i {
	case qNamespaces:
		r.namespaces = append(r.namespaces, f(0))
	case qRelations:
		rel := &relation{oid: f(0), name: schema.Name{Schema: f(1), Name: f(2)}, kind: f(3), persistence: f(4), options: f(5), tuples: number(f(6)), pages: number(f(7)), size: number(f(8)), live: number(f(9)),
			isPartition: yes(10), bound: f(11), partKey: f(12), tablespace: f(13), access: f(14), ofExtension: yes(15), identity: f(16)}
		r.relations[rel.oid] = rel
		r.order = append(r.order, rel)
	case qColumns:
		letter := func(n int) byte {
			if len(v[n]) == 0 {
				return 0
			}
			return v[n][0]
		}
		var options uint32
		if len(v[9]) > 0 {
			options = r.word(v[9]) + 1
		}
		r.columns = append(r.columns, columnRow{options: options, rel: r.word(v[0]), num: int16(number(f(1))), name: r.word(v[2]), typ: r.word(v[3]), notNull: yes(4), identity: letter(5), generated: letter(6), def: r.word(v[7]), hasDefault: v[7] != nil, collation: r.word(v[8])})
	case qConstraints:
		r.constraints = append(r.constraints, constraintRow{oid: f(0), name: f(1), kind: f(2), rel: f(3), typ: f(4), index: f(5), key: f(7), onDelete: f(9), onUpdate: f(10), match: f(11),
			deferrable: yes(12), deferred: yes(13), valid: yes(14), noInherit: yes(15), expr: f(16), setKey: f(17), enforced: yes(18), refTable: schema.Name{Schema: f(20), Name: f(19)}, refColumns: f(21), given: yes(22), period: yes(23)})
	case qIndexes:
		r.indexes = append(r.indexes, indexRow{oid: f(0), name: f(1), rel: f(2), method: f(3), unique: yes(4), valid: yes(5), keys: int(number(f(6))), key: f(7), collations: f(8), classes: f(9), options: f(10),
			where: f(11), exprs: f(12), storage: f(13), nullsNotDistinct: yes(14), classOptions: f(15), tablespace: f(16), given: yes(17), identity: yes(18), clustered: yes(19)})
	case qInherits:
		r.inherits = append(r.inherits, [2]string{f(0), f(1)})
	case qTypes:
		t := &userTypeRow{oid: f(0), native: f(1), name: schema.Name{Schema: f(2), Name: f(3)}, kind: f(4), base: f(5), notNull: yes(6), def: f(7), hasDefault: v[7] != nil, collation: f(8), baseCollation: f(9), ofExtension: yes(10)}
		r.userTypes[t.native] = t
		r.typeByOID[t.oid] = t
	case qLabels:
		if t := r.typeByOID[f(0)]; t != nil {
			t.labels = append(t.labels, f(1))
		}
	case qSequences:
		r.sequences = append(r.sequences, sequenceRow{oid: f(0), name: schema.Name{Schema: f(1), Name: f(2)}, typ: f(3), start: f(4), increment: f(5), min: f(6), max: f(7), cache: f(8), cycle: yes(9),
			ownerRel: f(10), ownerNum: f(11), how: f(12), ownerTable: schema.Name{Schema: f(14), Name: f(13)}, ownerColumn: f(15), unlogged: f(16) == "u"})
	case qComments:
		r.comments[commentKey{f(0), f(1), f(2)}] = f(3)
	case qCollations:
		r.collations[f(0)] = schema.Name{Schema: f(1), Name: f(2)}
	case qOpclasses:
		r.opclasses[f(0)] = opclass{schema.Name{Schema: f(1), Name: f(2)}, yes(3)}
	case qNamedTypes:
		r.namedTypes = append(r.namedTypes, schema.Name{Schema: f(0), Name: f(1)})
	case qExtensions:
		r.extensions.take(f(0), f(1), schema.Name{Schema: f(2), Name: f(3)})
	case qComposed:
		r.composed = append(r.composed, composedRow{name: schema.Name{Schema: f(0), Name: f(1)}, definition: f(2), of: f(3)})
	case qFunctions:
		r.takeFunction(schema.Name{Schema: f(0), Name: f(1)}, schema.Name{Schema: f(2), Name: f(3)})
	case qOthers:
		r.others = append(r.others, schema.Object{Kind: f(0), Name: schema.Name{Schema: f(1), Name: f(2)}})
	}
}

// word keeps one copy of a text that many rows share, and gives its place in words.
func (r *catalogue) word(b []byte) uint32 {
	if n, ok := r.places[string(b)]; ok {
		return n
	}
	n, w := uint32(len(r.words)), string(b)
	r.words = append(r.words, w)
	r.places[w] = n
	return n
}

// wanted reports whether a relation is one of the tables to return.
func (r *catalogue) wanted(rel *relation) bool {
	if rel.isPartition || rel.ofExtension || rel.kind != "r" && rel.kind != "p" {
		return false
	}
	return r.scope.tables != nil || !ledger.IsOurs(rel.name.Name)
}

// database puts everything together and sorts it.
func (r *catalogue) database() *schema.Database {
	r.buildColumns()
	r.buildInheritance()
	r.buildConstraints()
	r.buildIndexes()
	db := &schema.Database{Schemas: r.namespaces, Others: r.others}
	slices.Sort(db.Schemas)
	for _, rel := range r.order {
		switch {
		case r.wanted(rel):
			r.finish(rel)
			db.Tables = append(db.Tables, rel.table)
		case relationKinds[rel.kind] != "":
			if r.scope.tables == nil {
				db.Others = append(db.Others, schema.Object{Kind: relationKinds[rel.kind], Name: rel.name})
			}
		case rel.ofExtension && r.scope.estimates && r.scope.tables == nil:
			db.Others = append(db.Others, schema.Object{Kind: "table of an extension", Name: rel.name})
		}
	}
	db.Types = r.namedTypes
	db.Functions = r.functions
	db.Extensions, db.Available = r.extensions.build()
	r.buildComposed(db)
	r.buildTypes(db)
	r.buildSequences(db)
	slices.SortFunc(db.Tables, func(a, b schema.Table) int { return a.Name.Compare(b.Name) })
	slices.SortFunc(db.Others, func(a, b schema.Object) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), a.Name.Compare(b.Name))
	})
	if !r.scope.estimates {
		db.Others = nil
	}
	return db
}

var relationKinds = map[string]string{"v": "view", "m": "materialized view", "f": "foreign table", "c": "composite type"}
