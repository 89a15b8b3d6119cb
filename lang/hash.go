package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// hashFormat changes when equal configurations hash otherwise than before.
const hashFormat = "syncform configuration 1\n"

// hidden stands for a sensitive value in the hash's input, and notKnown for one that
// only apply knows.
const (
	hidden   = "(sensitive)"
	notKnown = "(known after apply)"
)

// hashOf is the hash of what the configuration means.
func hashOf(c *Config) string {
	sum := sha256.Sum256(hashInput(c))
	return hex.EncodeToString(sum[:])
}

// hashInput writes what the configuration means as JSON: values decided and defaults
// filled in, without places and descriptions, blocks by address. Where the state is
// kept, and variables that only name a value, are no part of it.
func hashInput(c *Config) []byte {
	parts := map[string]any{}
	v := reflect.ValueOf(c).Elem()
	for _, name := range []string{"Endpoints", "SecretManagers", "Syncs", "SchemaPolicies", "ConflictPolicies",
		"Notifiers", "Monitoring", "Migrations", "Moved", "Removed", "Outputs"} {
		parts[name] = meaning(v.FieldByName(name))
	}
	b, err := json.Marshal(parts) // maps are written in the order of their keys
	if err != nil {
		panic(fmt.Sprintf("bug in syncform: the configuration can't be hashed: %v", err))
	}
	return append([]byte(hashFormat), b...)
}

var (
	valueType    = reflect.TypeFor[cty.Value]()
	blockType    = reflect.TypeFor[Block]()
	durationType = reflect.TypeFor[time.Duration]()
)

// meaning turns a part of the configuration into what JSON can write. Fields tagged
// `hash:"-"` are left out, and of those tagged `hash:"set"` the order does not count.
// Zero values are left out: an empty list says what no list says.
func meaning(v reflect.Value) any {
	switch {
	case v.Type() == valueType:
		return valueMeaning(v.Interface().(cty.Value))
	case v.Type() == durationType:
		return v.Int()
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return meaning(v.Elem())
	case reflect.Struct:
		return structMeaning(v)
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = meaning(v.Index(i))
		}
		if v.Type().Elem().Kind() == reflect.Pointer {
			sortMeanings(list)
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = meaning(it.Value())
		}
		return m
	}
	return v.Interface()
}

// structMeaning writes a struct's fields by name.
func structMeaning(v reflect.Value) any {
	out := map[string]any{}
	t := v.Type()
	for i := range t.NumField() {
		f, tag := v.Field(i), t.Field(i).Tag.Get("hash")
		switch {
		case tag == "-" || !t.Field(i).IsExported():
		case f.Type() == blockType:
			out["Addr"] = f.FieldByName("Addr").String()
		case f.IsZero() && f.Type() != valueType, f.Type() == valueType && f.Interface().(cty.Value) == cty.NilVal:
		case f.Kind() == reflect.Slice && f.Len() == 0:
		default:
			m := meaning(f)
			if list, ok := m.([]any); ok && tag == "set" {
				sortMeanings(list)
			}
			out[t.Field(i).Name] = m
		}
	}
	return out
}

// sortMeanings sorts by the JSON of each: blocks so come by address.
func sortMeanings(list []any) {
	slices.SortFunc(list, func(a, b any) int {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		if errX != nil || errY != nil {
			panic(fmt.Sprintf("bug in syncform: the configuration can't be hashed: %v %v", errX, errY))
		}
		return slices.Compare(x, y)
	})
}

// valueMeaning writes a value with its type, or a mark in its place.
func valueMeaning(v cty.Value) any {
	switch {
	case v.ContainsMarked():
		return hidden
	case !v.IsWhollyKnown():
		return notKnown
	}
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return fmt.Sprintf("%#v", v.Type()) // a type that JSON has no form for
	}
	return json.RawMessage(b)
}
