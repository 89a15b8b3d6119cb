package view

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// HCLValue writes a value of JSON's types as HCL would spell it.
func HCLValue(v any) string { return hclValue(v, "") }

func hclValue(v any, in string) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return string(hclwrite.TokensForValue(cty.StringVal(v)).Bytes())
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		var b strings.Builder
		b.WriteString("[\n")
		for _, e := range v {
			b.WriteString(in + "  " + hclValue(e, in+"  ") + ",\n")
		}
		return b.String() + in + "]"
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		var b strings.Builder
		b.WriteString("{\n")
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b.WriteString(in + "  " + hclValue(k, "") + " = " + hclValue(v[k], in+"  ") + "\n")
		}
		return b.String() + in + "}"
	}
	return plainNumber(v)
}

// plainNumber writes numbers without an exponent, and bools.
func plainNumber(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}
