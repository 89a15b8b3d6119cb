package endpoints

import (
	"fmt"
	"math/big"

	"github.com/zclconf/go-cty/cty"
)

// plain turns an attribute's value into what providers.Config holds: string, int64,
// bool, []string or map[string]string. ok is false where the value is null. Marks go:
// from here on the value only travels to the provider. Errors never hold the value.
func plain(v cty.Value) (out any, ok bool, err error) {
	v, _ = v.UnmarkDeep()
	if v == cty.NilVal || v.IsNull() {
		return nil, false, nil
	}
	if !v.IsWhollyKnown() {
		return nil, false, fmt.Errorf("its value is not known before apply")
	}
	t := v.Type()
	switch {
	case t == cty.String:
		return v.AsString(), true, nil
	case t == cty.Bool:
		return v.True(), true, nil
	case t == cty.Number:
		n, acc := v.AsBigFloat().Int64()
		if acc != big.Exact {
			return nil, false, fmt.Errorf("it takes a whole number")
		}
		return n, true, nil
	case t.IsListType(), t.IsSetType(), t.IsTupleType():
		list := []string{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			if e.IsNull() || e.Type() != cty.String {
				return nil, false, fmt.Errorf("it takes a list of strings")
			}
			list = append(list, e.AsString())
		}
		return list, true, nil
	case t.IsMapType(), t.IsObjectType():
		m := map[string]string{}
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			if e.IsNull() || e.Type() != cty.String {
				return nil, false, fmt.Errorf("it takes a map of strings")
			}
			m[k.AsString()] = e.AsString()
		}
		return m, true, nil
	}
	return nil, false, fmt.Errorf("it can't be a %s", t.FriendlyName())
}

// text gives a string value, "" where it is null or none was said.
func text(v cty.Value) (string, error) {
	p, ok, err := plain(v)
	if err != nil || !ok {
		return "", err
	}
	s, isString := p.(string)
	if !isString {
		return "", fmt.Errorf("it takes a string")
	}
	return s, nil
}
