package schema

import (
	"reflect"
	"testing"
)

// TestIdenticalColumns: no field is overlooked, however deep.
func TestIdenticalColumns(t *testing.T) {
	full := func() Column {
		var c Column
		fillValue(reflect.ValueOf(&c).Elem(), 0)
		return c
	}
	if a, b := full(), full(); !IdenticalColumns([]Column{a}, []Column{b}) {
		t.Fatal("equal columns are told apart")
	}
	var count int
	for i := 0; ; i++ {
		c := full()
		n := i
		name := change(reflect.ValueOf(&c).Elem(), &n)
		if name == "" {
			break
		}
		count++
		if IdenticalColumns([]Column{full()}, []Column{c}) {
			t.Errorf("another %s (%d) is not seen", name, i)
		}
	}
	if count < 30 {
		t.Errorf("only %d fields were changed", count)
	}
}

// fillValue gives every field a value; types of types go one deep.
func fillValue(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int:
		v.SetInt(7)
	case reflect.Pointer:
		if depth < 2 {
			v.Set(reflect.New(v.Type().Elem()))
			fillValue(v.Elem(), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0), depth)
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), depth)
		}
	}
}

// change changes the n-th value and names its field.
func change(v reflect.Value, n *int) string {
	take := func() bool { *n--; return *n < 0 }
	switch v.Kind() {
	case reflect.String:
		if take() {
			v.SetString(v.String() + "y")
			return "text"
		}
	case reflect.Int:
		if take() {
			v.SetInt(v.Int() + 1)
			return "number"
		}
	case reflect.Bool:
		if take() {
			v.SetBool(!v.Bool())
			return "flag"
		}
	case reflect.Pointer:
		if v.IsNil() {
			return ""
		}
		if take() {
			v.SetZero()
			return "pointer"
		}
		return change(v.Elem(), n)
	case reflect.Slice:
		if take() {
			v.SetZero()
			return "list"
		}
		return change(v.Index(0), n)
	case reflect.Struct:
		for i := range v.NumField() {
			if name := change(v.Field(i), n); name != "" {
				return v.Type().Field(i).Name + "." + name
			}
		}
	}
	return ""
}
