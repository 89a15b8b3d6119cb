package providertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/schema"
)

// documents are JSON: any nesting, hard strings, and numbers as exact as the type
// keeps them.
func documents(t schema.Type) *rapid.Generator[string] {
	numbers := []string{"0", "-1", "1.5", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "0.1", "1e15"}
	if t.System == schema.PostgreSQL {
		numbers = append(numbers, "123456789012345678901234567890.123456789", "1e400", "-0.00", "1.10", "1E+2")
	}
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		scalar := []*rapid.Generator[string]{
			rapid.SampledFrom([]string{"null", "true", "false", `""`, "{}", "[]"}),
			rapid.SampledFrom(numbers),
			rapid.Map(rapid.Int64(), func(n int64) string { return fmt.Sprint(n) }),
			rapid.Map(characters(schema.Type{}), jsonString),
		}
		if depth == 0 {
			return rapid.OneOf(scalar...)
		}
		list := rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(v []string) string { return "[" + strings.Join(v, ", ") + "]" })
		object := rapid.Map(rapid.MapOfN(rapid.Map(characters(schema.Type{Length: 10}), jsonString), value(depth-1), 0, 4), func(m map[string]string) string {
			var parts []string
			for _, k := range slices.Sorted(maps.Keys(m)) {
				parts = append(parts, k+": "+m[k])
			}
			return "{" + strings.Join(parts, ", ") + "}"
		})
		return rapid.OneOf(append(scalar, list, object)...)
	}
	return value(2)
}

func jsonString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("bug in syncform: a string that JSON can't write: " + err.Error())
	}
	return string(b)
}

// samples are values of types that no other system has, by their native name.
var samples = map[string][]string{
	"inet":           {"192.168.0.1/24", "10.0.0.1", "::1", "2001:db8::/32"},
	"cidr":           {"192.168.0.0/24", "10.1.2.3/32", "2001:db8::/32"},
	"macaddr":        {"08:00:2b:01:02:03"},
	"macaddr8":       {"08:00:2b:01:02:03:04:05"},
	"point":          {"(1,2)", "(-1.5,1e+20)"},
	"line":           {"{1,-1,0}"},
	"lseg":           {"[(1,2),(3,4)]"},
	"box":            {"(3,4),(1,2)"},
	"path":           {"[(1,2),(3,4)]", "((1,2),(3,4),(5,6))"},
	"polygon":        {"((1,2),(3,4),(5,6))"},
	"circle":         {"<(1,2),3>"},
	"int4range":      {"empty", "[1,5)", "(,)", "[1,)", "(,7)"},
	"int8range":      {"empty", "[1,9223372036854775807)"},
	"numrange":       {"empty", "[1.5,2.50]", "(1,)"},
	"tsrange":        {`["2024-01-01 00:00:00","2024-02-01 12:30:00.5")`, "empty"},
	"tstzrange":      {`["2024-01-01 00:00:00+00","2024-02-01 12:30:00.5+00")`, "(,infinity]"},
	"daterange":      {"[2024-01-01,2024-02-01)", "(,infinity)"},
	"int4multirange": {"{}", "{[1,3),[5,7)}"},
	"tsvector":       {"'a':1A 'b c':2,3", ""},
	"tsquery":        {"'a' & !'b' | 'c':*"},
	"jsonpath":       {`$."a"[*]?(@ > 1)`},
	"pg_lsn":         {"16/B374D848", "0/0"},
	"oid":            {"0", "4294967295"},
	"name":           {"x", "Mixed Case", "ü"},
	`"char"`:         {"a", ""},
	"money":          {"$1,234.50", "-$0.01", "$0.00"},
	"inet6":          {"::1", "2001:db8::ff"},
	"inet4":          {"1.2.3.4"},
}
