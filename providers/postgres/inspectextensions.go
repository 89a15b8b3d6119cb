package postgres

import (
	"slices"
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// extensionsQuery gives the extensions (e), the types that come with each (t), the tables
// that rest on each (r), and what the server has at hand (a). What rests on a type of an
// extension by way of a domain or an array is found through those.
func extensionsQuery(s scope) string {
	q := `WITH RECURSIVE m(ext, classid, objid) AS (
 SELECT e.extname, x.classid, x.objid FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid WHERE x.refclassid = 'pg_extension'::regclass AND x.deptype = 'e' AND e.extname <> 'plpgsql'
 UNION SELECT m.ext, d.classid, d.objid FROM m JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('n', 'a', 'i')
 WHERE m.classid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass) AND d.classid IN ('pg_type'::regclass, 'pg_class'::regclass, 'pg_constraint'::regclass, 'pg_attrdef'::regclass))
 SELECT 'e', e.extname, n.nspname, NULL FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
 UNION ALL SELECT 't', e.extname, n.nspname, t.typname FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid JOIN pg_type t ON t.oid = x.objid JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE x.refclassid = 'pg_extension'::regclass AND x.classid = 'pg_type'::regclass AND x.deptype = 'e'
 UNION ALL SELECT DISTINCT 'r', m.ext::name, n.nspname, c.relname FROM m
 LEFT JOIN pg_constraint k ON m.classid = 'pg_constraint'::regclass AND k.oid = m.objid LEFT JOIN pg_attrdef f ON m.classid = 'pg_attrdef'::regclass AND f.oid = m.objid
 LEFT JOIN pg_index i ON m.classid = 'pg_class'::regclass AND i.indexrelid = m.objid
 JOIN pg_class c ON c.oid = coalesce(k.conrelid, f.adrelid, i.indrelid, CASE WHEN m.classid = 'pg_class'::regclass THEN m.objid END) JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p')`
	if s.tables == nil {
		q += ` UNION ALL SELECT 'a', name, NULL, NULL FROM pg_available_extensions`
	}
	return q
}

// composedQuery gives composite types, and the range types that need no function but the
// system's: schema, name, what follows the name in CREATE TYPE ("" of a multirange, which
// comes with its range), what they are made of.
func composedQuery(s scope) string {
	const ranges = `FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type st ON st.oid = r.rngsubtype JOIN pg_opclass o ON o.oid = r.rngsubopc
 JOIN pg_namespace onsp ON onsp.oid = o.opcnamespace JOIN pg_type m ON m.oid = r.rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace
 LEFT JOIN pg_collation co ON co.oid = r.rngcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
 WHERE r.rngcanonical = 0 AND (r.rngsubdiff = 0 OR r.rngsubdiff < 16384)`
	where := ` AND ` + s.types + ` AND ` + notOfExtension(`'pg_type'`, "t.oid")
	return `SELECT n.nspname, t.typname, 'AS (' || coalesce(string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ||
 CASE WHEN a.attcollation <> 0 AND a.attcollation <> at.typcollation THEN ' COLLATE ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname) ELSE '' END, ', ' ORDER BY a.attnum), '') || ')',
 string_agg(format_type(a.atttypid, a.atttypmod), E'\x01' ORDER BY a.attnum)
 FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
 LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_type at ON at.oid = a.atttypid
 LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
 WHERE ` + s.types + ` AND ` + notOfExtension(`'pg_type'`, "t.oid") + ` GROUP BY 1, 2
 UNION ALL SELECT n.nspname, t.typname, 'AS RANGE (SUBTYPE = ' || format_type(r.rngsubtype, NULL) ||
 CASE WHEN NOT o.opcdefault THEN ', SUBTYPE_OPCLASS = ' || quote_ident(onsp.nspname) || '.' || quote_ident(o.opcname) ELSE '' END ||
 CASE WHEN r.rngcollation <> 0 AND r.rngcollation <> st.typcollation THEN ', COLLATION = ' || quote_ident(cn.nspname) || '.' || quote_ident(co.collname) ELSE '' END ||
 CASE WHEN r.rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || r.rngsubdiff::regproc ELSE '' END ||
 ', MULTIRANGE_TYPE_NAME = ' || quote_ident(mn.nspname) || '.' || quote_ident(m.typname) || ')', format_type(r.rngsubtype, NULL)
 ` + ranges + where + `
 UNION ALL SELECT mn.nspname, m.typname, '', format_type(t.oid, NULL) ` + ranges + where
}

type composedRow struct {
	name           schema.Name
	definition, of string
}

// buildComposed adds the types that syncform can make.
func (r *catalogue) buildComposed(db *schema.Database) {
	for _, c := range r.composed {
		made := schema.Composed{Name: c.name, Definition: c.definition}
		if c.of != "" {
			for _, native := range strings.Split(c.of, listSep) {
				made.Of = append(made.Of, r.typeOf(native))
			}
		}
		db.Composed = append(db.Composed, made)
	}
	slices.SortFunc(db.Composed, func(a, b schema.Composed) int { return a.Name.Compare(b.Name) })
}

// extensionRows is what extensionsQuery brings.
type extensionRows struct {
	byName    map[string]*schema.Extension
	available []string
}

func (r *extensionRows) take(kind, extension string, n schema.Name) {
	if kind == "a" {
		r.available = append(r.available, extension)
		return
	}
	if r.byName == nil {
		r.byName = map[string]*schema.Extension{}
	}
	e := r.byName[extension]
	if e == nil {
		e = &schema.Extension{Name: extension}
		r.byName[extension] = e
	}
	switch kind {
	case "e":
		e.Schema = n.Schema
	case "t":
		e.Types = append(e.Types, n)
	case "r":
		e.Tables = append(e.Tables, n)
	}
}

func (r *extensionRows) build() (there []schema.Extension, available []string) {
	for _, e := range r.byName {
		slices.SortFunc(e.Types, schema.Name.Compare)
		slices.SortFunc(e.Tables, schema.Name.Compare)
		there = append(there, *e)
	}
	slices.SortFunc(there, func(a, b schema.Extension) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(r.available)
	return there, r.available
}
