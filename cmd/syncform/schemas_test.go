package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaCommands are commands of scripts that check JSON:
//
//	valid NAME FILE        FILE is valid by docs/schemas/NAME.json
//	validlines NAME FILE   so is each of its lines, and there is one
//	validby SCHEMA FILE    FILE is valid by the file SCHEMA
func schemaCommands(root string) map[string]func(*testscript.TestScript, bool, []string) {
	check := func(ts *testscript.TestScript, neg bool, schema string, texts ...string) {
		s, err := jsonschema.NewCompiler().Compile(schema)
		ts.Check(err)
		for _, text := range texts {
			v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			ts.Check(err)
			switch err := s.Validate(v); {
			case err != nil && !neg:
				ts.Fatalf("%v\n%.3000s", err, text)
			case err == nil && neg:
				ts.Fatalf("valid, and should not be: %.3000s", text)
			}
		}
	}
	of := func(name string) string { return filepath.Join(root, "docs", "schemas", name+".json") }
	return map[string]func(*testscript.TestScript, bool, []string){
		"valid": func(ts *testscript.TestScript, neg bool, args []string) {
			check(ts, neg, of(args[0]), ts.ReadFile(args[1]))
		},
		"validlines": func(ts *testscript.TestScript, neg bool, args []string) {
			text := strings.TrimSpace(ts.ReadFile(args[1]))
			if text == "" {
				ts.Fatalf("no line")
			}
			check(ts, neg, of(args[0]), strings.Split(text, "\n")...)
		},
		"validby": func(ts *testscript.TestScript, neg bool, args []string) {
			check(ts, neg, ts.MkAbs(args[0]), ts.ReadFile(args[1]))
		},
	}
}

// validJSON checks a document by docs/schemas.
func validJSON(t *testing.T, name string, text []byte) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "schemas", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
