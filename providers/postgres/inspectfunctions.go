package postgres

import "github.com/syncform/syncform/providers/schema"

// functionsQuery gives the functions that are not the system's own, and once more those
// that no extension brought with each table that rests on them.
func functionsQuery(s scope) string {
	if !s.estimates {
		return `SELECT NULL, NULL, NULL, NULL WHERE false`
	}
	const own = ` FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace`
	return `SELECT n.nspname, p.proname, NULL, NULL` + own + ` WHERE p.oid >= 16384
 UNION SELECT n.nspname, p.proname, cn.nspname, c.relname` + own + `
 JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND d.deptype IN ('n', 'a')
 LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
 LEFT JOIN pg_index i ON d.classid = 'pg_class'::regclass AND i.indexrelid = d.objid
 JOIN pg_class c ON c.oid = coalesce(k.conrelid, f.adrelid, i.indrelid, CASE WHEN d.classid = 'pg_class'::regclass THEN d.objid END) JOIN pg_namespace cn ON cn.oid = c.relnamespace
 WHERE p.oid >= 16384 AND c.relkind IN ('r', 'p') AND ` + notOfExtension(`'pg_proc'`, "p.oid") + ` ORDER BY 1, 2, 3 NULLS FIRST, 4`
}

// takeFunction takes the query's rows, which come in order of the names.
func (r *catalogue) takeFunction(name, table schema.Name) {
	if n := len(r.functions); n == 0 || r.functions[n-1].Name != name {
		r.functions = append(r.functions, schema.Function{Name: name})
	}
	if table.Name != "" {
		f := &r.functions[len(r.functions)-1]
		f.Tables = append(f.Tables, table)
	}
}
