package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// maxLines is the length past which a file holds two ideas.
const maxLines = 500

// check reads every Go file of a module and returns what breaks the rules, a line
// each, beginning with file:line.
func check(files fs.FS, module string) ([]string, error) {
	var found []string
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		lines, err := checkFile(name, text, module)
		found = append(found, lines...)
		return err
	})
	return found, err
}

func checkFile(name string, text []byte, module string) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []string
	report := func(at token.Pos, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s:%d: ", name, set.Position(at).Line)+fmt.Sprintf(format, args...))
	}
	from := path.Dir(name)
	test := strings.HasSuffix(name, "_test.go")
	for _, spec := range file.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if ours, ok := strings.CutPrefix(to, module+"/"); ok {
			if !mayImport(from, ours, test) {
				report(spec.Pos(), "%s may not import %s", from, ours)
			}
		} else if !mayImportForeign(from, to) {
			report(spec.Pos(), "%s may not import %s", from, to)
		}
	}
	if p := strings.TrimSuffix(file.Name.Name, "_test"); p == "util" || p == "utils" {
		report(file.Name.Pos(), "no package is called %s: name what it is about", p)
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			report(f.Pos(), "no init(): wire it where it is used")
		}
	}
	if n := bytes.Count(text, []byte("\n")); n > maxLines && !test && !ast.IsGenerated(file) {
		report(file.Pos(), "%d lines; past %d a file holds two ideas", n, maxLines)
	}
	return found, nil
}
