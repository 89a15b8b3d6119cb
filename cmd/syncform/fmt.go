package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
	"github.com/syncform/syncform/lang"
)

func (s *session) fmtCommand() *cli.Command {
	return &cli.Command{
		Name: "fmt", Usage: "Reformat your configuration in the standard style", ArgsUsage: "[target...]", Category: "other",
		Description: `
Rewrites all configuration files (*.sf.hcl) and variables files (*.sfvars) to a canonical format, and lists those that it changed. JSON files are not changed.

By default it works on the current directory. A target may be a directory, a file, or a single dash ("-") for standard input.

Examples:

  syncform fmt -recursive
  syncform fmt -check -diff`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "list", Value: true, Usage: "Don't list files whose formatting differs."},
			&cli.BoolFlag{Name: "write", Value: true, Usage: "Don't write to source files (always so with -check or standard input)."},
			&cli.BoolFlag{Name: "diff", Usage: "Display diffs of formatting changes."},
			&cli.BoolFlag{Name: "check", Usage: "Check if the input is formatted: the exit code is 0 if it is and 3 if not. Nothing is written."},
			&cli.BoolFlag{Name: "recursive", Usage: "Also process files in subdirectories."},
			jsonFlag("Print the files whose formatting differs as JSON; docs/json.md describes it."),
		},
		Action: func(c *cli.Context) error {
			d := s.collect(c, "fmt")
			f := formatter{s: s, done: d, list: c.Bool("list"), write: c.Bool("write") && !c.Bool("check"), diff: c.Bool("diff"), recursive: c.Bool("recursive")}
			if d.doc.DryRun = !f.write; d.json && (f.diff || slices.Contains(c.Args().Slice(), "-")) {
				return refused("Incompatible command line options", "-json prints one document, so it goes neither with -diff nor with standard input.")
			}
			targets := c.Args().Slice()
			if len(targets) == 0 {
				targets = []string{"."}
			}
			for _, t := range targets {
				if err := f.target(t); err != nil {
					return d.end(err)
				}
			}
			if err := d.end(nil); err != nil {
				return err
			}
			if c.Bool("check") && f.changed > 0 {
				return exitCode(3)
			}
			return nil
		},
	}
}

type formatter struct {
	s                            *session
	done                         *done
	list, write, diff, recursive bool
	changed                      int
}

func (f *formatter) target(path string) error {
	if path == "-" {
		src, err := io.ReadAll(f.s.in)
		if err != nil {
			return failed("Can't read standard input", err)
		}
		out, err := formatted("<stdin>", src)
		if err != nil {
			return err
		}
		if !bytes.Equal(src, out) {
			f.changed++
		}
		if f.diff {
			return f.show("<stdin>", src, out)
		}
		_, err = f.s.out.Write(out)
		return err
	}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return refused("No file or directory", "No file or directory at %s", path)
	} else if err != nil {
		return failed("Can't read "+path, err)
	}
	if !st.IsDir() {
		if !formats(path) {
			return refused("Only configuration files can be formatted", "%s is neither *.sf.hcl nor *.sfvars.", path)
		}
		return f.file(path)
	}
	return f.folder(path)
}

// formats reports whether fmt takes care of a file of that name.
func formats(name string) bool {
	return strings.HasSuffix(name, lang.ExtHCL) || strings.HasSuffix(name, ".sfvars")
}

func (f *formatter) folder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return failed("Can't read the directory", err)
	}
	var errs []error
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir() && f.recursive && !strings.HasPrefix(e.Name(), "."):
			errs = append(errs, f.folder(path))
		case !e.IsDir() && formats(e.Name()):
			errs = append(errs, f.file(path))
		}
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

func (f *formatter) file(path string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return failed("Can't read "+path, err)
	}
	out, err := formatted(path, src)
	if err != nil || bytes.Equal(src, out) {
		return err
	}
	f.changed++
	line := ""
	if f.list {
		line = path
	}
	f.done.add(view.Changed{Name: path}, line)
	if f.write {
		st, err := os.Stat(path)
		if err != nil {
			return failed("Can't write "+path, err)
		}
		if err := os.WriteFile(path, out, st.Mode().Perm()); err != nil {
			return failed("Can't write "+path, err)
		}
	}
	if f.diff {
		return f.show(path, src, out)
	}
	return nil
}

func (f *formatter) show(name string, src, out []byte) error {
	_, err := f.s.out.Write(diff.Diff("old/"+name, src, "new/"+name, out))
	return err
}

// formatted is HCL in the standard style. What does not parse is not touched.
func formatted(name string, src []byte) ([]byte, error) {
	out, diags := lang.Format(src, name)
	if diags.HasErrors() {
		return nil, &diagnosed{diags: diags} // without the source: the line may hold a password
	}
	return out, nil
}
