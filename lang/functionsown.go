package lang

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// What Terraform has and go-cty's standard library lacks, or has otherwise.

var base64EncodeFunc = textFunc("str", func(s string) (string, error) {
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
})

var base64DecodeFunc = textFunc("str", func(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	switch {
	case err != nil:
		return "", errors.New("the text is not base64")
	case !utf8.Valid(b):
		return "", errors.New("the bytes are not UTF-8 text")
	}
	return string(b), nil
})

var sha256Func = textFunc("str", func(s string) (string, error) {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:]), nil
})

var urlEncodeFunc = textFunc("str", func(s string) (string, error) { return url.QueryEscape(s), nil })

var (
	startsWithFunc  = textTest("prefix", strings.HasPrefix)
	endsWithFunc    = textTest("suffix", strings.HasSuffix)
	strContainsFunc = textTest("substr", strings.Contains)
)

// textTest makes a function that asks something of two texts.
func textTest(param string, f func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(f(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// replaceFunc replaces a text, or a pattern written as /.../.
var replaceFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "str", Type: cty.String}, {Name: "substr", Type: cty.String}, {Name: "replace", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		s, sub, with := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(sub) > 1 && strings.HasPrefix(sub, "/") && strings.HasSuffix(sub, "/") {
			re, err := regexp.Compile(sub[1 : len(sub)-1])
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "the pattern is wrong: %w", err)
			}
			return cty.StringVal(re.ReplaceAllString(s, with)), nil
		}
		return cty.StringVal(strings.ReplaceAll(s, sub, with)), nil
	},
})

// lengthFunc counts elements, or the characters of a text.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true, AllowUnknown: true, AllowMarked: true}},
	Type: func(args []cty.Value) (cty.Type, error) {
		ty := args[0].Type()
		if ty == cty.String || ty == cty.DynamicPseudoType || ty.IsObjectType() || ty.IsTupleType() || ty.IsCollectionType() {
			return cty.Number, nil
		}
		return cty.Number, function.NewArgErrorf(0, "it is a text, a list, a set or a map")
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v, marks := args[0].Unmark()
		switch ty := v.Type(); {
		case ty == cty.DynamicPseudoType:
			return cty.UnknownVal(cty.Number).WithMarks(marks), nil
		case ty == cty.String:
			n, err := stdlib.Strlen(v)
			return n.WithMarks(marks), err
		case ty.IsTupleType():
			return cty.NumberIntVal(int64(ty.Length())).WithMarks(marks), nil
		case ty.IsObjectType():
			return cty.NumberIntVal(int64(len(ty.AttributeTypes()))).WithMarks(marks), nil
		}
		return v.Length().WithMarks(marks), nil
	},
})

// listParam takes a list, tuple or set.
var listParam = function.Parameter{Name: "list", Type: cty.DynamicPseudoType}

// elements returns the elements of a list, tuple or set.
func elements(v cty.Value) ([]cty.Value, error) {
	if ty := v.Type(); !ty.IsListType() && !ty.IsTupleType() && !ty.IsSetType() {
		return nil, function.NewArgErrorf(0, "it is a list or a set")
	}
	return v.AsValueSlice(), nil
}

// fold makes a function of a list.
func fold(ret cty.Type, f func([]cty.Value) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{listParam},
		Type:   function.StaticReturnType(ret),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			list, err := elements(args[0])
			if err != nil {
				return cty.NilVal, err
			}
			if !args[0].IsWhollyKnown() {
				return cty.UnknownVal(ret), nil
			}
			return f(list)
		},
	})
}

// logical folds a list of booleans: the result is end as soon as one element is.
func logical(end bool) function.Function {
	return fold(cty.Bool, func(list []cty.Value) (cty.Value, error) {
		for _, v := range list {
			if v.IsNull() || v.Type() != cty.Bool {
				return cty.NilVal, function.NewArgErrorf(0, "every element is true or false")
			}
			if v.True() == end {
				return cty.BoolVal(end), nil
			}
		}
		return cty.BoolVal(!end), nil
	})
}

var (
	allTrueFunc = logical(false)
	anyTrueFunc = logical(true)
)

var sumFunc = fold(cty.Number, func(list []cty.Value) (cty.Value, error) {
	total := cty.Zero
	for _, v := range list {
		if v.IsNull() || v.Type() != cty.Number {
			return cty.NilVal, function.NewArgErrorf(0, "every element is a number")
		}
		total = total.Add(v)
	}
	return total, nil
})

// oneFunc takes the only element out of a list, or null out of an empty one.
var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{listParam},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list, err := elements(args[0])
		switch {
		case err != nil:
			return cty.NilVal, err
		case len(list) > 1:
			return cty.NilVal, function.NewArgErrorf(0, "it has more than one element")
		case len(list) == 0:
			return cty.NullVal(cty.DynamicPseudoType), nil
		}
		return list[0], nil
	},
})

// indexFunc finds the place of a value in a list.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{listParam, {Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list, err := elements(args[0])
		if err != nil {
			return cty.NilVal, err
		}
		for i, v := range list {
			eq, err := stdlib.Equal(v, args[1])
			if err != nil {
				continue // values of types that never are equal
			}
			if !eq.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if eq.True() {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.NilVal, errors.New("the value is not in the list")
	},
})

// markParam takes any value as it is.
var markParam = function.Parameter{Name: "value", Type: cty.DynamicPseudoType,
	AllowNull: true, AllowUnknown: true, AllowDynamicType: true, AllowMarked: true}

func typeOfFirst(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil }

// sensitiveFunc marks a value as sensitive.
func (l *loader) sensitiveFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{markParam}, Type: typeOfFirst,
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			l.secretsOf(args[0])
			return args[0].Mark(Sensitive), nil
		},
	})
}

// nonsensitiveFunc takes the mark off: the writer's own decision.
var nonsensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{markParam}, Type: typeOfFirst,
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return Reveal(args[0]), nil },
})

var isSensitiveFunc = function.New(&function.Spec{
	Params: []function.Parameter{markParam}, Type: function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.BoolVal(args[0].ContainsMarked()), nil
	},
})
