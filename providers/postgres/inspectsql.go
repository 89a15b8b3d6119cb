package postgres

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// The queries of an inspection in the order in which they are sent, all in one
// message. Each reads a whole catalogue and is put together here, not at the server,
// so their number does not grow with the tables.
const (
	qNamespaces = iota
	qRelations
	qColumns
	qConstraints
	qIndexes
	qInherits
	qTypes
	qLabels
	qSequences
	qComments
	qCollations
	qOpclasses
	qNamedTypes
	qExtensions
	qComposed
	qFunctions
	qOthers
)

// listSep separates the items of a list within a field.
const listSep = "\x01"

// scope says which objects an inspection wants.
type scope struct {
	namespace string                                // a condition on n, a pg_namespace
	types     string                                // the same for enums, domains and the like
	tables    []schema.Name                         // nil: all
	estimates bool                                  // sizes, and objects that are not managed
	share     func([]schema.Column) []schema.Column // InspectOptions.Share
}

const userNamespaces = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`

// relations is the condition on n and c (a pg_class) for tables.
func (s scope) relations() string {
	if s.tables == nil {
		return s.namespace
	}
	if len(s.tables) == 0 {
		return "false"
	}
	var b strings.Builder
	b.WriteString(s.namespace + " AND (n.nspname, c.relname) IN (")
	for i, t := range s.tables {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + literal(t.Schema) + ", " + literal(t.Name) + ")")
	}
	b.WriteString(")")
	return b.String()
}

// notOfExtension is a condition that an object belongs to no extension.
func notOfExtension(class, oid string) string {
	return oid + " NOT IN (SELECT objid FROM pg_depend WHERE classid = " + class + "::regclass AND deptype = 'e')"
}

// inspection gives the queries for a server of that version.
func inspection(version int, s scope) []string {
	since := func(v int, column, before string) string {
		if version >= v {
			return column
		}
		return before
	}
	relations := s.relations()
	q := make([]string, qOthers+1)
	q[qNamespaces] = `SELECT n.nspname FROM pg_namespace n WHERE ` + s.namespace + ` AND ` + notOfExtension(`'pg_namespace'`, "n.oid")

	// The statistics cost next to nothing; the size of a file opens its table, which a
	// thousand times over costs more than all else.
	size, live := "-1", "-1"
	if s.estimates {
		live = "pg_stat_get_live_tuples(c.oid)"
		if s.tables != nil {
			size = "CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) END"
		}
	}
	kinds, partitions := "'r', 'p', 'f'", ""
	if s.estimates {
		kinds += ", 'v', 'm', 'c'"
	}
	if s.tables != nil {
		// Partitions of a wanted table are not named themselves.
		partitions = " OR c.relispartition AND " + s.namespace
	}
	q[qRelations] = `SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, array_to_string(c.reloptions, E'\x01'), c.reltuples::float8, c.relpages, ` + size + `, ` + live + `,
 c.relispartition, CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
 CASE WHEN c.reltablespace <> 0 THEN (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) END,
 CASE WHEN c.relkind IN ('r', 'p') AND c.relam NOT IN (0, 2) THEN (SELECT amname FROM pg_am WHERE oid = c.relam) END,
 NOT (` + notOfExtension(`'pg_class'`, "c.oid") + `), c.relreplident
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN (` + kinds + `) AND (` + relations + partitions + `)`

	// A default has no columns in it, so its table need not be opened to read it.
	q[qColumns] = `SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
 pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END), a.attcollation,
 CASE WHEN a.attstorage <> t.typstorage OR a.attcompression <> '' OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL THEN concat_ws(E'\x01', CASE WHEN a.attstorage <> t.typstorage THEN 'storage=' || a.attstorage::text END,
 'compression=' || NULLIF(a.attcompression::text, ''), CASE WHEN a.attstattarget >= 0 THEN 'statistics=' || a.attstattarget END, array_to_string(a.attoptions, E'\x01')) END
 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
 LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND (` + relations + partitions + `)`

	q[qConstraints] = `SELECT k.oid, k.conname, k.contype, k.conrelid, k.contypid, k.conindid, k.confrelid, k.conkey, k.confkey, k.confdeltype, k.confupdtype,
 k.confmatchtype, k.condeferrable, k.condeferred, k.convalidated, k.connoinherit,
 CASE k.contype WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid) WHEN 'x' THEN pg_get_constraintdef(k.oid) END,
 ` + since(150000, "k.confdelsetcols", "NULL") + `, ` + since(180000, "k.conenforced", "true") + `, f.relname, fn.nspname, (SELECT array_agg(fa.attname ORDER BY o) FROM unnest(k.confkey) WITH ORDINALITY u(num, o) JOIN pg_attribute fa ON fa.attrelid = k.confrelid AND fa.attnum = u.num), k.conparentid <> 0 OR NOT k.conislocal,
 ` + since(180000, "k.conperiod", "false") + `
 FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid
 LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
 WHERE (k.contype IN ('p', 'u', 'f', 'c', 'x') OR k.contype = 'n' AND NOT k.convalidated)
 AND NOT (k.conparentid <> 0 AND k.contype = 'f' AND EXISTS (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid))
 AND (k.conrelid <> 0 AND (` + relations + partitions + `) OR k.contypid <> 0 AND k.contype = 'c' AND ` + s.types + `)`

	q[qIndexes] = `SELECT i.indexrelid, ic.relname, i.indrelid, am.amname, i.indisunique, i.indisvalid, i.indnkeyatts, i.indkey, i.indcollation, i.indclass, i.indoption,
 CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred, i.indrelid) END,
 CASE WHEN i.indexprs IS NOT NULL THEN (SELECT string_agg(pg_get_indexdef(i.indexrelid, p + 1, false), E'\x01' ORDER BY p) FROM generate_series(0, i.indnatts - 1) p WHERE i.indkey[p] = 0) END,
 array_to_string(ic.reloptions, E'\x01'), ` + since(150000, "i.indnullsnotdistinct", "false") + `,
 CASE WHEN am.amname NOT IN ('btree', 'hash') THEN (SELECT string_agg(a.attnum || ':' || array_to_string(a.attoptions, ', '), E'\x01') FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attoptions IS NOT NULL) END,
 CASE WHEN ic.reltablespace <> 0 THEN (SELECT spcname FROM pg_tablespace WHERE oid = ic.reltablespace) END, ic.relispartition, i.indisreplident, i.indisclustered
 FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 JOIN pg_am am ON am.oid = ic.relam WHERE c.relkind IN ('r', 'p') AND (` + relations + partitions + `)`

	q[qInherits] = `SELECT inhrelid, inhparent FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE c.relkind IN ('r', 'p', 'f') ORDER BY inhrelid, inhseqno`

	q[qTypes] = `SELECT t.oid, format_type(t.oid, NULL), n.nspname, t.typname, t.typtype, CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END, t.typnotnull,
 CASE WHEN t.typdefaultbin IS NOT NULL THEN pg_get_expr(t.typdefaultbin, 0) END, t.typcollation, (SELECT b.typcollation FROM pg_type b WHERE b.oid = t.typbasetype),
 NOT (` + notOfExtension(`'pg_type'`, "t.oid") + `)
 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND ` + s.types + ` ORDER BY t.oid`

	q[qLabels] = `SELECT e.enumtypid, e.enumlabel FROM pg_enum e ORDER BY e.enumtypid, e.enumsortorder`

	q[qSequences] = `SELECT c.oid, n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid, d.refobjsubid, d.deptype,
 o.relname, nsp.nspname, a.attname, c.relpersistence
 FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
 LEFT JOIN pg_class o ON o.oid = d.refobjid LEFT JOIN pg_namespace nsp ON nsp.oid = o.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE ` + s.namespace + ` AND ` + notOfExtension(`'pg_class'`, "c.oid")

	q[qComments] = `SELECT classoid::regclass, objoid, objsubid, description FROM pg_description
 WHERE classoid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_constraint'::regclass) AND objoid >= 16384`

	q[qCollations] = `SELECT c.oid, n.nspname, c.collname FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace`
	q[qOpclasses] = `SELECT c.oid, n.nspname, c.opcname, c.opcdefault FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace`
	q[qNamedTypes] = `SELECT n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_%' AND t.typcategory <> 'A' AND (t.typrelid = 0 OR c.relkind = 'c') ORDER BY 1, 2`
	q[qExtensions] = extensionsQuery(s)
	q[qComposed] = composedQuery(s)
	q[qFunctions] = functionsQuery(s)
	q[qOthers] = othersQuery(s)
	return q
}

// othersQuery lists what is seen and not managed, besides relations and types.
func othersQuery(s scope) string {
	if !s.estimates {
		return `SELECT NULL, NULL, NULL WHERE false`
	}
	return `SELECT CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, n.nspname, p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ` + s.namespace + ` AND p.proname NOT LIKE '\_sync\_new\_%' AND ` + notOfExtension(`'pg_proc'`, "p.oid") + `
 UNION ALL SELECT 'trigger', n.nspname, c.relname || '.' || g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT g.tgisinternal AND g.tgname NOT LIKE '~\_sync\_new\_%' AND ` + s.namespace + `
 UNION ALL SELECT 'rule', n.nspname, c.relname || '.' || r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ` + s.namespace + `
 UNION ALL SELECT 'policy', n.nspname, c.relname || '.' || p.polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + s.namespace + `
 UNION ALL SELECT 'extension', n.nspname, e.extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
 UNION ALL SELECT 'statistics', n.nspname, x.stxname FROM pg_statistic_ext x JOIN pg_namespace n ON n.oid = x.stxnamespace WHERE ` + s.namespace
}
