package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/syncform/syncform/cmd/internal/view"
)

// exitCode is an error that has been shown already, or needs no words.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// problem is an error with a summary for its first line.
type problem struct {
	summary string
	detail  string
	cause   error
}

func (p *problem) Error() string {
	if p.detail == "" {
		return p.summary
	}
	return p.summary + ": " + p.detail
}

// Unwrap returns the cause.
func (p *problem) Unwrap() error { return p.cause }

// failed makes a problem of an error; nil stays nil.
func failed(summary string, err error) error {
	if err == nil {
		return nil
	}
	var p *problem
	var d *diagnosed
	var c exitCode
	if errors.As(err, &p) || errors.As(err, &d) || errors.As(err, &c) {
		return err
	}
	detail := err.Error()
	if errors.Is(err, context.Canceled) { // Go's words for what the user did
		detail = strings.TrimSuffix(detail, ": "+context.Canceled.Error()) + "."
	}
	return &problem{summary: summary, detail: detail, cause: err}
}

// refused is a problem that a person can mend as the detail says.
func refused(summary, detail string, args ...any) error {
	return &problem{summary: summary, detail: fmt.Sprintf(detail, args...)}
}

// diagnosed is a list of diagnostics as an error.
type diagnosed struct {
	diags hcl.Diagnostics
	files map[string]*hcl.File
}

func (d *diagnosed) Error() string { return d.diags.Error() }

// diagnostics gives an error in the form in which all are shown.
func diagnostics(err error) (hcl.Diagnostics, map[string]*hcl.File) {
	var d *diagnosed
	if errors.As(err, &d) {
		return d.diags, d.files
	}
	var p *problem
	if errors.As(err, &p) {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: p.summary, Detail: p.detail}}, nil
	}
	if errors.Is(err, context.Canceled) {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Interrupted"}}, nil
	}
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}, nil
}

// show writes an error to stderr.
func (s *session) show(err error) {
	diags, files := diagnostics(err)
	s.showDiagnostics(diags, files)
}

// showDiagnostics writes to stderr, which is all that can be done about errors of
// stderr itself.
func (s *session) showDiagnostics(diags hcl.Diagnostics, files map[string]*hcl.File) {
	if err := view.Diagnostics(s.err, s.paintErr(), s.redact(diags), files); err != nil {
		os.Exit(1)
	}
}
