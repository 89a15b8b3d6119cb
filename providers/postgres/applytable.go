package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// applyTable is a table with all that writing to it takes.
type applyTable struct {
	*providers.ApplyTable
	load       providers.Load // its columns and key, for encoders and messages
	encode     *fieldEncoder
	encodeKey  *fieldEncoder
	decoders   []decodeField
	ref        string // the table without its inheritance children
	keyAt      []int  // 0, 1, ... of the key
	all        []int  // 0, 1, ... of the columns
	conn       *Conn
	arbiter    bool // a unique index backs the key, so that ON CONFLICT can ask it
	keyIndexes map[string]bool
	operators  []string // equality of each column of the key
	nullable   []bool   // columns of the key
	always     bool     // a column outside of the key is GENERATED ALWAYS AS IDENTITY: no UPDATE may set it
	keyAlways  bool     // the same of the key
	canTemp    bool     // temporary tables may be made
	canCopy    bool     // COPY may write to the table itself

	insert, upsert, remove, read *statement
	patches                      map[string]*patch // by the fields that are set
	rows, keys                   *tempTable
}

// look asks the catalogue about a table.
func (a *applySession) look(ctx context.Context, t *providers.ApplyTable) (*applyTable, error) {
	k := &applyTable{ApplyTable: t, conn: a.conn, load: providers.Load{Mapping: t.Mapping, Table: t.Name, Live: t.Name, Columns: t.Columns}, keyIndexes: map[string]bool{}, patches: map[string]*patch{}, rows: &tempTable{}, keys: &tempTable{}}
	keyLoad := k.load
	keyLoad.Columns = nil
	for i, at := range t.Key {
		k.load.Key = append(k.load.Key, t.Columns[at].Name)
		keyLoad.Columns = append(keyLoad.Columns, t.Columns[at])
		k.keyAt = append(k.keyAt, i)
		k.keyAlways = k.keyAlways || t.Columns[at].Identity
	}
	if len(t.Key) == 0 {
		return nil, fmt.Errorf("bug in syncform: changes for table %s, which has no key", t.Name)
	}
	keyLoad.Key = k.load.Key
	k.encode, k.encodeKey = newFieldEncoder(k.load), newFieldEncoder(keyLoad)
	for i, c := range t.Columns {
		k.always = k.always || c.Identity && !slices.Contains(t.Key, i)
		k.decoders = append(k.decoders, decoderFor(c.Type, c.Source))
		k.all = append(k.all, i)
	}
	if err := k.lookUp(ctx, a); err != nil {
		return nil, err
	}
	k.prepare()
	return k, nil
}

func (k *applyTable) lookUp(ctx context.Context, a *applySession) error {
	oid := literal(quoteName(k.Name)) + "::pg_catalog.regclass"
	got, err := a.query(ctx, "SELECT relkind, pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'), relkind IN ('r', 'p') AND NOT pg_catalog.row_security_active(oid) FROM pg_catalog.pg_class WHERE oid = "+oid)
	if err != nil {
		return fmt.Errorf("look at table %s: %w", k.Name, err)
	}
	k.ref = tableRef(k.Name, got[0][0] != "p")
	k.canTemp, k.canCopy = got[0][1] == "t", got[0][2] == "t"
	columns, err := a.query(ctx, "SELECT attname, attnotnull FROM pg_catalog.pg_attribute WHERE attrelid = "+oid+" AND attnum > 0 AND NOT attisdropped")
	if err != nil {
		return err
	}
	k.operators, k.nullable = make([]string, len(k.Key)), make([]bool, len(k.Key))
	for i, name := range k.load.Key {
		at := slices.IndexFunc(columns, func(r []string) bool { return r[0] == name })
		if at < 0 {
			return fmt.Errorf("table %s has no column %q any more", k.Name, name)
		}
		k.operators[i], k.nullable[i] = "=", columns[at][1] != "t"
	}
	return k.lookForArbiter(ctx, a, oid)
}

// lookForArbiter finds the unique indexes over just the key.
func (k *applyTable) lookForArbiter(ctx context.Context, a *applySession, oid string) error {
	distinct := "true"
	if a.conn.version >= 150000 {
		distinct = "NOT i.indnullsnotdistinct"
	}
	rows, err := a.query(ctx, `SELECT i.indexrelid, c.relname, a.attname, n.nspname, o.oprname, i.indimmediate, `+distinct+` FROM pg_catalog.pg_index i
 JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam AND am.amname = 'btree'
 CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY k(att, ord)
 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.att
 JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[k.ord::int - 1]
 JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype AND ao.amopstrategy = 3
 JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
 WHERE i.indrelid = `+oid+` AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND k.ord <= i.indnkeyatts ORDER BY 1, k.ord`)
	if err != nil {
		return err
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n][0] == rows[0][0] {
			n++
		}
		k.considerIndex(rows[:n])
		rows = rows[n:]
	}
	if len(k.keyIndexes) == 0 {
		return nil
	}
	// A partition's error names the partition's index.
	var names []string
	for name := range k.keyIndexes {
		names = append(names, literal(quoteName(schema.Name{Schema: k.Name.Schema, Name: name}))+"::pg_catalog.regclass")
	}
	parts, err := a.query(ctx, "SELECT c.relname FROM pg_catalog.pg_class t, LATERAL pg_catalog.pg_partition_tree(t.oid) p JOIN pg_catalog.pg_class c ON c.oid = p.relid WHERE t.oid IN ("+strings.Join(names, ", ")+")")
	for _, r := range parts {
		k.keyIndexes[r[0]] = true
	}
	return err
}

func (k *applyTable) considerIndex(rows [][]string) {
	if len(rows) != len(k.Key) {
		return
	}
	operators := make([]string, len(k.Key))
	for i, name := range k.load.Key {
		at := slices.IndexFunc(rows, func(r []string) bool { return r[2] == name })
		if at < 0 {
			return
		}
		operators[i] = "OPERATOR(" + quote(rows[at][3]) + "." + rows[at][4] + ")"
	}
	k.keyIndexes[rows[0][1]] = true
	k.operators = operators
	nullsDistinct := rows[0][6] == "t" && slices.Contains(k.nullable, true)
	if rows[0][5] == "t" && !nullsDistinct {
		k.arbiter = true
	}
}

// prepare writes the statements of small batches.
func (k *applyTable) prepare() {
	names := make([]string, len(k.Columns))
	for i, c := range k.Columns {
		names[i] = c.Name
	}
	insert := k.insertInto()
	k.insert = &statement{sql: insert + " VALUES (" + parameters(len(names)) + ")"}
	k.upsert = &statement{sql: k.insert.sql + k.onConflict()}
	k.remove = &statement{sql: "DELETE FROM " + k.ref + " WHERE " + k.isKey(1)}
	k.read = &statement{sql: "SELECT " + quoteAll(names) + " FROM " + k.ref + " WHERE " + k.isKey(1) + " FOR UPDATE"}
}

func (k *applyTable) insertInto() string {
	names := make([]string, len(k.Columns))
	for i, c := range k.Columns {
		names[i] = c.Name
	}
	sql := "INSERT INTO " + quoteName(k.Name) + " (" + quoteAll(names) + ")"
	if k.always || k.keyAlways {
		sql += " OVERRIDING SYSTEM VALUE"
	}
	return sql
}

// replaces reports whether rows are written by deleting and inserting them.
func (k *applyTable) replaces() bool { return !k.arbiter || k.always }

func (k *applyTable) onConflict() string {
	sql := " ON CONFLICT (" + quoteAll(k.load.Key) + ") DO "
	if len(k.Columns) == len(k.Key) {
		return sql + "NOTHING"
	}
	var set []string
	for i, c := range k.Columns {
		if !slices.Contains(k.Key, i) {
			set = append(set, quote(c.Name)+" = EXCLUDED."+quote(c.Name))
		}
	}
	return sql + "UPDATE SET " + strings.Join(set, ", ")
}

func parameters(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String()
}

// isKey compares the key with parameters from $first on.
func (k *applyTable) isKey(first int) string {
	var and []string
	for i, name := range k.load.Key {
		and = append(and, k.equals(i, quote(name), "$"+strconv.Itoa(first+i)))
	}
	return strings.Join(and, " AND ")
}

// joins compares the key of two tables.
func (k *applyTable) joins(left, right string) string {
	var and []string
	for i, name := range k.load.Key {
		and = append(and, k.equals(i, left+"."+quote(name), right+"."+quote(name)))
	}
	return strings.Join(and, " AND ")
}

func (k *applyTable) equals(i int, left, right string) string {
	sql := left + " " + k.operators[i] + " " + right
	if k.nullable[i] {
		return "(" + sql + " OR " + left + " IS NULL AND " + right + " IS NULL)"
	}
	return sql
}
