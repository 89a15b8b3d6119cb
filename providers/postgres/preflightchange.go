package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/syncform/syncform/providers"
)

// change looks for what DDL needs: ownership of what changes or goes, REFERENCES on what
// foreign keys refer to, and who may make extensions.
func (f *preflight) change(ctx context.Context, p providers.Preflight) error {
	if len(p.Change) > 0 {
		if err := f.owned(ctx, p); err != nil {
			return err
		}
	}
	facts, err := f.tables(ctx, p.Refer)
	if err != nil {
		return err
	}
	for _, t := range facts {
		if !t.refer {
			f.fatal("GRANT REFERENCES ON "+quoteNameIfNeeded(t.name)+" TO "+f.role, "to make foreign keys to table %s, the role needs REFERENCES on it", t.name)
		}
	}
	return f.extensions(ctx, p.Extensions)
}

// owned looks who owns what changes. Where that is a superuser the role is not made one of
// its members, for it would be a superuser then.
func (f *preflight) owned(ctx context.Context, p providers.Preflight) error {
	var named, schemas []string
	for _, n := range p.Change {
		if n.Name == "" {
			schemas = append(schemas, literal(n.Schema))
		} else {
			named = append(named, "("+literal(f.schemaOf(n))+", "+literal(n.Name)+")")
		}
	}
	const facts = ", pg_catalog.pg_has_role(%[1]s, 'USAGE'), pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(%[1]s)), EXISTS (SELECT FROM pg_catalog.pg_roles WHERE oid = %[1]s AND rolsuper)"
	var parts []string
	if len(named) > 0 {
		in := " IN (" + strings.Join(named, ", ") + ")"
		parts = append(parts, "SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname"+fmt.Sprintf(facts, "c.relowner")+
			" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') AND (n.nspname, c.relname)"+in,
			"SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname"+fmt.Sprintf(facts, "t.typowner")+
				" FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd') AND (n.nspname, t.typname)"+in)
	}
	if len(schemas) > 0 {
		parts = append(parts, "SELECT 'SCHEMA', n.nspname, ''"+fmt.Sprintf(facts, "n.nspowner")+" FROM pg_catalog.pg_namespace n WHERE n.nspname IN ("+strings.Join(schemas, ", ")+")")
	}
	rows, err := f.session.query(ctx, strings.Join(parts, " UNION ALL ")+" ORDER BY 1, 2, 3")
	if err != nil {
		return err
	}
	granted := map[string]bool{}
	for _, r := range rows {
		if r[3] == "t" || granted[r[4]] {
			continue
		}
		what, quoted := r[1], quoteIfNeeded(r[1])
		if r[2] != "" {
			what, quoted = r[1]+"."+r[2], quoted+"."+quoteIfNeeded(r[2])
		}
		fix := "ALTER " + r[0] + " " + quoted + " OWNER TO " + f.role
		if r[5] != "t" {
			fix, granted[r[4]] = "GRANT "+r[4]+" TO "+f.role, true
		}
		f.fatal(fix, "to change %s %s, the role must own it, as %s does", strings.ToLower(r[0]), what, r[4])
	}
	return nil
}

// extensions looks who may make extensions: those that are not trusted take a superuser.
func (f *preflight) extensions(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = literal(n)
	}
	rows, err := f.session.query(ctx, `SELECT x.name, pg_catalog.bool_or(x.superuser), pg_catalog.bool_or(x.trusted), pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), pg_catalog.current_setting('is_superuser') = 'on'
 FROM pg_catalog.pg_available_extension_versions x WHERE x.name IN (`+strings.Join(list, ", ")+`) GROUP BY 1 ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		switch {
		case r[4] == "t":
		case r[1] == "t" && r[2] != "t":
			f.fatal("CREATE EXTENSION "+quoteIfNeeded(r[0]), "extension %s can be made by a superuser only", r[0])
		case r[3] != "t":
			f.fatal("GRANT CREATE ON DATABASE "+quoteIfNeeded(f.conn.database)+" TO "+f.role, "to make extension %s, the role needs CREATE on the database", r[0])
		}
	}
	return nil
}
