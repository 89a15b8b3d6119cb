package planner

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/syncform/syncform/providers/providertest"
	"github.com/syncform/syncform/providers/schema"
)

// dump describes a database by queries of its catalogue that have nothing to do with
// the provider's.
func (b *pairBench) dump(t *testing.T, url string) string {
	t.Helper()
	if b.system == schema.PostgreSQL {
		return dumpPostgres(t, url, b.version)
	}
	return dumpMySQL(t, url)
}

func dumpPostgres(t *testing.T, url, version string) string {
	const user = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND %s.relname NOT LIKE '\_sync%%'`
	on := func(c string) string { return fmt.Sprintf(user, c) }
	notnull := "' '"
	if version >= "18" {
		// Names of NOT NULL constraints do not count, but whether they are valid does.
		notnull = `coalesce((SELECT ' valid=' || k.convalidated || ' noinherit=' || k.connoinherit FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]), '')`
	}
	forgets := ""
	if version < "18" { // servers before forget what a foreign key of a table to itself is to parts that come later
		forgets = ` AND (p.oid IS NULL OR p.conrelid <> p.confrelid OR p.conrelid <> k.conrelid)`
	}
	queries := []string{
		`SELECT 'schema', n.nspname FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
		`SELECT 'relation', c.oid::regclass, c.relkind, c.relpersistence, c.relispartition, array_to_string(ARRAY(SELECT unnest(c.reloptions) ORDER BY 1), ','), pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid),
			obj_description(c.oid, 'pg_class'), c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND ` + on("c"),
		// The server names what a part has from its table, by what is free at that moment.
		`SELECT 'inherits', i.inhrelid::regclass, i.inhparent::regclass, i.inhseqno, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind NOT IN ('i', 'I') AND ` + on("c"),
		`SELECT 'column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, co.collname, a.attislocal, a.attinhcount, a.attstorage, a.attcompression, NULLIF(a.attstattarget, -1), a.attoptions,
			col_description(a.attrelid, a.attnum), ` + notnull + ` FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
			LEFT JOIN pg_collation co ON co.oid = a.attcollation WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND ` + on("c"),
		// Before PostgreSQL 18 a VALIDATE leaves what a foreign key is to a part of the table that
		// it refers to as it was. What a part was given from its table is not inherited from then on.
		`SELECT 'constraint', k.conrelid::regclass, k.contypid::regtype, CASE WHEN k.conparentid = 0 THEN k.conname END,
			CASE WHEN p.conrelid = k.conrelid THEN replace(pg_get_constraintdef(k.oid), ' NOT VALID', '') ELSE pg_get_constraintdef(k.oid) END, CASE WHEN p.conrelid = k.conrelid THEN p.convalidated ELSE k.convalidated END,
			k.condeferrable, k.condeferred, CASE WHEN k.contype = 'c' THEN k.connoinherit END, k.conislocal, k.coninhcount, obj_description(k.oid, 'pg_constraint'), CASE WHEN p.conparentid = 0 THEN p.conname END
			FROM pg_constraint k LEFT JOIN pg_constraint p ON p.oid = k.conparentid AND k.conparentid <> 0 JOIN pg_namespace n ON n.oid = k.connamespace LEFT JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype NOT IN ('n', 't') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND coalesce(c.relname, '') NOT LIKE '\_sync%'` + forgets,
		`SELECT 'index', i.indrelid::regclass, regexp_replace(regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH \(.*?\)', ''), CASE WHEN (SELECT relispartition FROM pg_class WHERE oid = i.indexrelid) THEN ' INDEX ("([^"]|"")+"|\S+) ' ELSE '^$' END, ' INDEX '), array_to_string(ARRAY(SELECT unnest(ic.reloptions) ORDER BY 1), ','), i.indisvalid, i.indisprimary, i.indisunique, i.indisexclusion, i.indisclustered, i.indisreplident, obj_description(i.indexrelid, 'pg_class'),
			(SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.indexrelid) FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + on("c"),
		`SELECT 'sequence', s.seqrelid::regclass, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.refobjid::regclass, a.attname, d.deptype
			FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_depend d ON d.objid = s.seqrelid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
			LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE ` + on("c"),
		`SELECT 'enum', t.oid::regtype, array_to_string(ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder), ','), obj_description(t.oid, 'pg_type') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e'`,
		`SELECT 'domain', t.oid::regtype, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, co.collname, obj_description(t.oid, 'pg_type') FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_collation co ON co.oid = t.typcollation
			WHERE t.typtype = 'd' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
		`SELECT 'view', c.oid::regclass, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ` + on("c"),
		`SELECT 'trigger', g.tgrelid::regclass, pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE NOT g.tgisinternal`,
	}
	var lines []string
	for _, r := range providertest.Query(t, url, strings.Join(queries, ";\n")) {
		if !strings.Contains(strings.Join(r, " "), "_sync_") {
			lines = append(lines, strings.ReplaceAll(strings.Join(r, " | "), "\n", " "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// introducer names a text's character set. MySQL writes it anew, and otherwise, when it
// alters a table for any other reason.
var introducer = regexp.MustCompile(`\b_[a-z0-9]+\\?'`)

// negative is a number that MySQL writes without the parentheses later.
var negative = regexp.MustCompile(`-\(([0-9.]+)\)`)

// noActions is what MariaDB makes of RESTRICT, now and then.
var noActions = regexp.MustCompile(` ON (DELETE|UPDATE) NO ACTION`)

var autoIncrement = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

// dumpMySQL is SHOW CREATE of everything, the lines of keys in order, and what the
// information schema says of columns.
func dumpMySQL(t *testing.T, url string) string {
	var out []string
	for _, r := range providertest.Query(t, url, `SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE '\_sync%' ORDER BY CAST(TABLE_NAME AS BINARY)`) {
		if r[1] == "VIEW" {
			continue
		}
		create := providertest.Query(t, url, "SHOW CREATE TABLE `"+strings.ReplaceAll(r[0], "`", "``")+"`")[0][1]
		create = autoIncrement.ReplaceAllString(create, "")
		create = noActions.ReplaceAllString(create, "")
		create = negative.ReplaceAllString(introducer.ReplaceAllString(create, "'"), "-$1")
		var columns, keys []string
		lines := strings.Split(create, "\n")
		for _, l := range lines[1:] {
			l = strings.TrimSuffix(strings.TrimSpace(l), ",")
			if strings.HasPrefix(l, "`") {
				columns = append(columns, l)
			} else {
				keys = append(keys, l)
			}
		}
		slices.Sort(keys)
		out = append(out, lines[0])
		for _, l := range append(columns, keys...) {
			out = append(out, "  "+r[0]+": "+l)
		}
		for i, c := range providertest.Query(t, url, "SELECT COLUMN_NAME, COLUMN_TYPE, EXTRA, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND CAST(TABLE_NAME AS BINARY) = '"+r[0]+"' ORDER BY ORDINAL_POSITION") {
			out = append(out, fmt.Sprintf("  %s %d: %s", r[0], i, strings.Join(c, " | ")))
		}
	}
	return strings.Join(out, "\n")
}
