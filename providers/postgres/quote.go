package postgres

import (
	"strings"

	"github.com/syncform/syncform/providers/schema"
)

// quote writes an identifier in double quotes, whatever it holds.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// quoteAll writes a list of identifiers, separated by commas.
func quoteAll(names []string) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(n))
	}
	return b.String()
}

// quoteName writes a schema-qualified name.
func quoteName(n schema.Name) string {
	if n.Schema == "" {
		return quote(n.Name)
	}
	return quote(n.Schema) + "." + quote(n.Name)
}

// literal writes a string constant for sessions with standard_conforming_strings on.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoteNameIfNeeded writes a name as the server's own format_type and
// pg_get_expr would: quoted only where it must be.
func quoteNameIfNeeded(n schema.Name) string {
	if n.Schema == "" {
		return quoteIfNeeded(n.Name)
	}
	return quoteIfNeeded(n.Schema) + "." + quoteIfNeeded(n.Name)
}

func quoteIfNeeded(s string) string {
	if s == "" || s[0] >= '0' && s[0] <= '9' || reserved[s] {
		return quote(s)
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_') {
			return quote(s)
		}
	}
	return s
}

// reserved are the words that quote_identifier puts in quotes: all but
// PostgreSQL's unreserved key words.
var reserved = words(`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean
both case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog
current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc
distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping having
ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg json_exists
json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least left like limit
localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on only or
order out outer overlaps overlay placing position precision primary real references returning right row select session_user
setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing treat trim true
union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement xmlexists
xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}
