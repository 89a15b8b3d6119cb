package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/syncform/syncform/providers/schema"
)

// ColumnUsers implements providers.ColumnUsers by what pg_depend says. What ALTER TABLE
// makes anew by itself, or the planner does, is not in it.
func (c *Conn) ColumnUsers(ctx context.Context, t schema.Name, columns []string) (map[string][]string, error) {
	s, err := c.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	if t.Schema == "" {
		t.Schema = c.schema
	}
	rows, err := s.query(ctx, `SELECT DISTINCT a.attname, CASE
 WHEN d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN (SELECT CASE v.relkind WHEN 'm' THEN 'materialized view ' WHEN 'v' THEN 'view ' ELSE 'a rule of ' END || v.oid::pg_catalog.regclass FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class WHERE r.oid = d.objid)
 ELSE pg_catalog.pg_describe_object(d.classid, d.objid, 0) END
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = pg_catalog.to_regclass($1) AND d.refobjsubid > 0 AND d.deptype = 'n' AND (
 d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
 OR d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger g WHERE g.oid = d.objid AND (g.tgisinternal OR g.tgname LIKE '\_sync\_%'))
 OR d.classid = 'pg_catalog.pg_publication_rel'::pg_catalog.regclass AND EXISTS (SELECT 1 FROM pg_catalog.pg_publication_rel p WHERE p.oid = d.objid AND pg_catalog.to_jsonb(p) ->> 'prqual' IS NOT NULL))
ORDER BY 1, 2`, quoteName(t))
	if err != nil {
		return nil, fmt.Errorf("look for what reads columns of table %s: %w", t, classify(err))
	}
	users := map[string][]string{}
	for _, r := range rows {
		if slices.Contains(columns, r[0]) {
			users[r[0]] = append(users[r[0]], r[1])
		}
	}
	return users, nil
}
