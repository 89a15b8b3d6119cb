package postgres

import (
	"context"
	"fmt"

	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/schema"
)

// usersQuery reads pg_depend: what is needed, by kind, schema, name and part; what needs
// it, with the table that it is a part of; whether that keeps a column's type; the name of
// a foreign key; whether it goes in silence.
const usersQuery = `SELECT CASE d.refclassid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN r.relkind::text WHEN 'pg_catalog.pg_type'::pg_catalog.regclass THEN 'type' WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN 'key' ELSE 'schema' END,
 n.nspname, coalesce(it.relname, r.relname, ek.relname, et.typname, kt.relname, ''), coalesce(a.attname, CASE WHEN r.relkind IN ('i', 'I') THEN r.relname END, k.conname, ''),
 CASE d.classid
  WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN CASE w.relkind WHEN 'm' THEN 'materialized view ' WHEN 'v' THEN 'view ' ELSE 'a rule of ' END || w.oid::pg_catalog.regclass
  WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN 'foreign key ' || pg_catalog.quote_ident(f.conname) || ' of table ' || f.conrelid::pg_catalog.regclass
  ELSE pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) END,
 coalesce(pn.nspname, ''), coalesce(p.relname, ''), coalesce(f.conname, ''),
 d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_trigger'::pg_catalog.regclass, 'pg_catalog.pg_publication_rel'::pg_catalog.regclass), d.deptype = 'a'
FROM pg_catalog.pg_depend d
 LEFT JOIN pg_catalog.pg_class r ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.oid = d.refobjid
 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
 LEFT JOIN pg_catalog.pg_index ix ON ix.indexrelid = r.oid LEFT JOIN pg_catalog.pg_class it ON it.oid = ix.indrelid
 LEFT JOIN pg_catalog.pg_type t ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid
 LEFT JOIN pg_catalog.pg_type et ON et.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END LEFT JOIN pg_catalog.pg_class ek ON ek.oid = et.typrelid
 LEFT JOIN pg_catalog.pg_constraint k ON d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.refobjid AND k.conrelid <> 0 LEFT JOIN pg_catalog.pg_class kt ON kt.oid = k.conrelid
 JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(it.relnamespace, r.relnamespace, et.typnamespace, kt.relnamespace, CASE WHEN d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass THEN d.refobjid END)
 LEFT JOIN pg_catalog.pg_rewrite rw ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND rw.oid = d.objid LEFT JOIN pg_catalog.pg_class w ON w.oid = rw.ev_class
 LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid
 LEFT JOIN pg_catalog.pg_policy y ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND y.oid = d.objid
 LEFT JOIN pg_catalog.pg_publication_rel b ON d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND b.oid = d.objid
 LEFT JOIN pg_catalog.pg_constraint f ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND f.oid = d.objid
 LEFT JOIN pg_catalog.pg_attrdef v ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND v.oid = d.objid
 LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
 LEFT JOIN pg_catalog.pg_type u ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND u.oid = d.objid
 LEFT JOIN pg_catalog.pg_class p ON p.oid = CASE WHEN w.relkind IN ('r', 'p', 'f') THEN w.oid ELSE coalesce(g.tgrelid, y.polrelid, b.prrelid, f.conrelid, v.adrelid, CASE WHEN c.relkind IN ('r', 'p') THEN c.oid END) END
 LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema') AND n.nspname NOT LIKE 'pg\_temp\_%' AND coalesce(r.relkind, 'r') NOT IN ('v', 'm', 'f', 't')
 AND (d.deptype = 'n' AND (
   rw.oid IS NOT NULL OR y.oid IS NOT NULL OR b.oid IS NOT NULL OR d.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_cast'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
   OR NOT g.tgisinternal AND g.tgname NOT LIKE '\_sync\_%'
   OR f.contype = 'f' AND f.conparentid = 0 AND r.relkind IN ('i', 'I')
   OR v.oid IS NOT NULL AND r.relkind = 'S'
   OR c.oid IS NOT NULL AND (d.objsubid > 0 AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND c.relkind IN ('r', 'p', 'f', 'm', 'c') OR d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND c.relkind IN ('v', 'm', 'f'))
   OR u.typtype = 'r' AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass)
  OR d.deptype = 'a' AND d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass)
ORDER BY 5, 1, 2, 3, 4`

// Users implements providers.UserFinder by what pg_depend says. What a table has of its own
// (keys, defaults, computed columns) is not in it, for ALTER TABLE or the planner sees to
// that; foreign keys are, with the key that they rest on.
func (c *Conn) Users(ctx context.Context, _ *schema.Database) ([]providers.User, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	rows, err := s.query(ctx, usersQuery)
	if err != nil {
		return nil, fmt.Errorf("look for what rests on tables: %w", classify(err))
	}
	users := make([]providers.User, 0, len(rows))
	for _, r := range rows {
		u := providers.User{What: r[4], ForeignKey: r[7], Refuses: r[9] != "t", Type: r[8] == "t", Goes: r[9] == "t"}
		u.On = schema.Name{Schema: r[1], Name: r[2]}
		if r[6] != "" {
			u.Of = schema.Name{Schema: r[5], Name: r[6]}
		}
		switch r[0] {
		case "i", "I", "key":
			u.Key = r[3]
		case "schema", "type":
		default:
			u.Column = r[3]
		}
		users = append(users, u)
	}
	return users, nil
}
