package row

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/syncform/syncform/providers/schema"
)

func TestNormal(t *testing.T) {
	set := schema.Type{Kind: schema.Set, Values: []string{"b", "a", "c"}}
	array := func(k schema.Kind) schema.Type { return schema.Type{Kind: schema.Array, Elem: &schema.Type{Kind: k}} }
	for _, c := range []struct {
		t        schema.Type
		in, want string
	}{
		{schema.Type{Kind: schema.Bool}, "1", "t"},
		{schema.Type{Kind: schema.Bool}, "0", "f"},
		{schema.Type{Kind: schema.Bool}, "t", "t"},
		{schema.Type{Kind: schema.Int}, "-007", "-7"},
		{schema.Type{Kind: schema.Int}, "+12", "12"},
		{schema.Type{Kind: schema.Year}, "0000", "0"},
		{schema.Type{Kind: schema.Decimal}, "1.00", "1"},
		{schema.Type{Kind: schema.Decimal}, "-0.00", "0"},
		{schema.Type{Kind: schema.Decimal}, ".50", "0.5"},
		{schema.Type{Kind: schema.Decimal}, "00100.010", "100.01"},
		{schema.Type{Kind: schema.Decimal}, "0.00010", "0.0001"},
		{schema.Type{Kind: schema.Decimal}, "1000", "1000"},
		{schema.Type{Kind: schema.Decimal}, "NaN", "NaN"},
		{schema.Type{Kind: schema.Decimal}, "-Infinity", "-Infinity"},
		{schema.Type{Kind: schema.Decimal}, "1e3", "1000"},
		{schema.Type{Kind: schema.Decimal}, "1e9999999", "1e9999999"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "1e15", "1e+15"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "100000000000000", "100000000000000"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "0.00001", "1e-05"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "-0", "0"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "inf", "inf"},
		{schema.Type{Kind: schema.Float, Bits: 32}, "16777216.0", "1.6777216e+07"},
		{schema.Type{Kind: schema.Float, Bits: 32}, "0.10000000149011612", "0.1"},
		{schema.Type{Kind: schema.Float, Bits: 64}, "NaN", "NaN"},
		{schema.Type{Kind: schema.Char}, "ab \t  ", "ab \t"},
		{schema.Type{Kind: schema.Varchar}, "ab  ", "ab  "},
		{schema.Type{Kind: schema.Time}, "15:04:05.120", "15:04:05.12"},
		{schema.Type{Kind: schema.Time}, "15:04:05.000000", "15:04:05"},
		{schema.Type{Kind: schema.TimestampTZ}, "2024-02-29 10:20:00.500+00", "2024-02-29 10:20:00.5+00"},
		{schema.Type{Kind: schema.Timestamp}, "0044-03-15 10:20:00.000 BC", "0044-03-15 10:20:00 BC"},
		{schema.Type{Kind: schema.Timestamp}, "infinity", "infinity"},
		{schema.Type{Kind: schema.UUID}, "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{schema.Type{Kind: schema.UUID}, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		{schema.Type{Kind: schema.UUID}, "nonsense", "nonsense"},
		{set, "c,b", "b,c"}, {set, "", ""}, {set, "a,x", "a,x"},
		{schema.Type{Kind: schema.Bit}, "0011", "0011"},
		{array(schema.Decimal), `{1.0,NULL,"2.50"}`, `{1,NULL,2.5}`},
		{array(schema.Decimal), `[0:1]={{1.0},{2}}`, `[0:1]={{1},{2}}`},
		{array(schema.Text), `{"a b","NULL","",c,"q\"\\"}`, `{"a b","NULL","",c,"q\"\\"}`},
		{array(schema.Text), `{a,`, `{a,`},
		{array(schema.Blob), `{"\\xAB"}`, `{"\\xab"}`},
		{array(schema.JSONB), `{"{\"b\": 1, \"a\": 1.0}"}`, `{"{\"a\":1,\"b\":1}"}`},
		{schema.Type{Kind: schema.JSON}, ` { "b" : 1.0 , "a" : [ 10e-1, true , null ] } `, `{"a":[1,true,null],"b":1}`},
		{schema.Type{Kind: schema.JSON}, `{"a":1,"a":2}`, `{"a":1,"a":2}`},
		{schema.Type{Kind: schema.JSONB}, `{"a":1,"b":0,"a":2}`, `{"a":2,"b":0}`},
		{schema.Type{Kind: schema.JSON}, `"\u00e9\/\n\ud83d\ude00\u0000"`, `"é/` + `\u000a` + `😀\u0000"`},
		{schema.Type{Kind: schema.JSON}, `"\ud83d\u0041"`, `"\ud83dA"`},
		{schema.Type{Kind: schema.JSON}, `-0.0e5`, `0`},
		{schema.Type{Kind: schema.JSON}, `1e400`, `1e400`},
		{schema.Type{Kind: schema.JSON}, `10E+399`, `1e400`},
		{schema.Type{Kind: schema.JSON}, `18446744073709551615`, `18446744073709551615`},
		{schema.Type{Kind: schema.JSON}, `1e99999999999999999999`, `1e99999999999999999999`},
		{schema.Type{Kind: schema.JSON}, `{"a":}`, `{"a":}`},
		{schema.Type{Kind: schema.JSON}, `01`, `01`},
		{schema.Type{Kind: schema.JSON}, `{} x`, `{} x`},
		{schema.Type{Kind: schema.Other}, "(1,2)", "(1,2)"},
	} {
		if got := string(Normal([]byte("x"), c.t, []byte(c.in))); got != "x"+c.want {
			t.Errorf("Normal(%s, %q) = %q, want %q", c.t.Kind, c.in, got[1:], c.want)
		}
	}
}

func TestNormalDeepJSON(t *testing.T) {
	deep := strings.Repeat("[", 3_000_000)
	if got := Normal(nil, schema.Type{Kind: schema.JSON}, []byte(deep)); string(got) != deep {
		t.Error("a document nested past all limits must stay as it is")
	}
}

// Two spellings of one number have one normal form, and its value is theirs.
func TestNormalDecimalProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{0,25})?`).Draw(t, "number")
		got := string(Normal(nil, schema.Type{Kind: schema.Decimal}, []byte(text)))
		a, _ := new(big.Rat).SetString(strings.TrimSuffix(text, "."))
		b, ok := new(big.Rat).SetString(got)
		if !ok || a.Cmp(b) != 0 {
			t.Fatalf("%q became %q", text, got)
		}
		spelled := strings.TrimPrefix(text, "-")
		if !strings.Contains(spelled, ".") {
			spelled += "."
		}
		spelled = "00" + spelled + "00"
		if strings.HasPrefix(text, "-") {
			spelled = "-" + spelled
		}
		if other := string(Normal(nil, schema.Type{Kind: schema.Decimal}, []byte(spelled))); other != got {
			t.Fatalf("%q is %q, but %q is %q", text, got, spelled, other)
		}
	})
}

func TestNormalFloatProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		got := Normal(nil, schema.Type{Kind: schema.Float, Bits: 64}, AppendFloat(nil, f, 64))
		if math.IsInf(f, 0) {
			return
		}
		back, err := strconv.ParseFloat(string(got), 64)
		if err != nil || back != f {
			t.Fatalf("%v became %s", f, got)
		}
		long := strconv.FormatFloat(f, 'e', 30, 64)
		if other := Normal(nil, schema.Type{Kind: schema.Float, Bits: 64}, []byte(long)); !bytes.Equal(got, other) {
			t.Fatalf("%s is %s, but %s", long, other, got)
		}
	})
}

// A document written with other spaces, key order and escapes has the same normal form.
func TestNormalJSONProperty(t *testing.T) {
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		leaf := []*rapid.Generator[any]{
			rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "s") }),
			rapid.Custom(func(t *rapid.T) any {
				return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?`).Draw(t, "n"))
			}),
			rapid.Just[any](nil), rapid.Just[any](true),
		}
		if depth > 0 {
			leaf = append(leaf,
				rapid.Custom(func(t *rapid.T) any { return rapid.SliceOfN(value(depth-1), 0, 4).Draw(t, "a") }),
				rapid.Custom(func(t *rapid.T) any { return rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).Draw(t, "o") }))
		}
		return rapid.OneOf(leaf...)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "v")
		compact, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		wide, err := json.MarshalIndent(v, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []schema.Kind{schema.JSON, schema.JSONB} {
			ty := schema.Type{Kind: k}
			a, b := Normal(nil, ty, compact), Normal(nil, ty, wide)
			if !bytes.Equal(a, b) {
				t.Fatalf("%s and %s", a, b)
			}
			if !json.Valid(a) {
				t.Fatalf("not JSON any more: %s", a)
			}
			if again := Normal(nil, ty, a); !bytes.Equal(a, again) {
				t.Fatalf("%s became %s", a, again)
			}
		}
	})
}

// FuzzNormal: whatever the text, Normal neither fails nor changes its mind on its
// own result, and leaves dst alone.
func FuzzNormal(f *testing.F) {
	kinds := []schema.Type{
		{Kind: schema.Bool}, {Kind: schema.Int}, {Kind: schema.Decimal}, {Kind: schema.Float, Bits: 32}, {Kind: schema.Float, Bits: 64},
		{Kind: schema.Char}, {Kind: schema.Text}, {Kind: schema.JSON}, {Kind: schema.JSONB}, {Kind: schema.Time}, {Kind: schema.TimestampTZ},
		{Kind: schema.UUID}, {Kind: schema.Set, Values: []string{"a", "b", ""}}, {Kind: schema.Bit}, {Kind: schema.Other},
		{Kind: schema.Array, Elem: &schema.Type{Kind: schema.JSONB}}, {Kind: schema.Array, Elem: &schema.Type{Kind: schema.Char}}, {Kind: schema.Array, Elem: &schema.Type{Kind: schema.Blob}},
	}
	for _, s := range []string{"", "1.50", `{"a":[1,{"b":"\u0041"}],"a":2}`, `{a,"b c",{NULL}}`, "[0:1]={1,2}", "b,a", "1e5", "12:00:00.10+00", "{\"\\\\xAB\"}"} {
		for i := range kinds {
			f.Add(i, s)
		}
	}
	f.Fuzz(func(t *testing.T, kind int, text string) {
		ty := kinds[uint(kind)%uint(len(kinds))]
		once := Normal([]byte("dst"), ty, []byte(text))
		if !bytes.HasPrefix(once, []byte("dst")) {
			t.Fatalf("dst was changed: %q", once)
		}
		twice := Normal(nil, ty, once[3:])
		if !bytes.Equal(once[3:], twice) {
			t.Fatalf("%s: %q is %q is %q", ty.Kind, text, once[3:], twice)
		}
	})
}
