package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// TestManPages: docs/man is what the commands' own help says.
func TestManPages(t *testing.T) {
	s := &session{}
	app := s.app()
	made := map[string]bool{"syncform.1": true}
	var top strings.Builder
	head(&top, "syncform", "Terraform for moving and evolving databases")
	top.WriteString(".B syncform\n[\\fIglobal options\\fR] \\fIcommand\\fR [\\fIargs\\fR]\n.SH DESCRIPTION\nWhat a folder of HCL says is planned against live databases, shown, and applied.\n.SH COMMANDS\n")
	for _, c := range app.Commands {
		if c.Hidden {
			continue
		}
		fmt.Fprintf(&top, ".TP\n.BR syncform-%s (1)\n%s.\n", roff(c.Name), roff(c.Usage))
		var b strings.Builder
		head(&b, "syncform-"+c.Name, c.Usage)
		manCommand(&b, c, c.Name)
		b.WriteString(".SH SEE ALSO\n.BR syncform (1)\n")
		name := "syncform-" + c.Name + ".1"
		made[name] = true
		same(t, filepath.Join(docs, "man", name), b.String())
	}
	top.WriteString(".SH OPTIONS\n.TP\n.B \\-chdir=\\fIDIR\\fR\nSwitch to a different working directory before executing the given command.\n.TP\n.B \\-help\nShow the help of a command.\n.TP\n.B \\-version\nAn alias for the command version.\n")
	top.WriteString(".SH EXIT STATUS\n0 done; 1 error; with \\fBplan \\-detailed\\-exitcode\\fR 2 there are changes, 3 there are changes that are held for review.\n")
	top.WriteString(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nNo colours.\n.TP\n.B SF_ACCESSIBLE\nWords in place of symbols and progress bars, for a screen reader.\n.TP\n.B SF_IN_AUTOMATION\nNo hints on what to type next.\n.TP\n.B SF_LOG\nThe level of structured lines on stderr: debug, info, warn, error.\n.TP\n.B SF_VAR_\\fIname\\fR\nThe value of a variable.\n")
	same(t, filepath.Join(docs, "man", "syncform.1"), top.String())
	files, err := os.ReadDir(filepath.Join(docs, "man"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !made[f.Name()] {
			t.Errorf("docs/man/%s is of no command", f.Name())
		}
	}
}

func head(b *strings.Builder, name, usage string) {
	fmt.Fprintf(b, ".\\\" Made from the command's own help: go test ./cmd/syncform -run TestManPages -update\n.TH %s 1 \"\" syncform \"User Commands\"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", strings.ToUpper(roff(name)), roff(name), roff(usage))
}

func manCommand(b *strings.Builder, c *cli.Command, path string) {
	if len(c.Subcommands) > 0 {
		fmt.Fprintf(b, ".B syncform %s\n\\fIsubcommand\\fR [\\fIoptions\\fR] [\\fIargs\\fR]\n", roff(path))
	} else {
		fmt.Fprintf(b, ".B syncform %s\n[\\fIoptions\\fR] %s\n", roff(path), roff(c.ArgsUsage))
	}
	b.WriteString(".SH DESCRIPTION\n")
	manText(b, c.Description)
	if fs := visible(c.Flags); len(fs) > 0 {
		b.WriteString(".SH OPTIONS\n")
		manFlags(b, c)
	}
	for _, sub := range c.Subcommands {
		fmt.Fprintf(b, ".SH %s\n.B syncform %s %s\n[\\fIoptions\\fR] %s\n.PP\n", strings.ToUpper(roff(sub.Name)), roff(path), roff(sub.Name), roff(sub.ArgsUsage))
		manText(b, sub.Description)
		manFlags(b, sub)
	}
}

func manFlags(b *strings.Builder, c *cli.Command) {
	for _, f := range visible(c.Flags) {
		name, text := flagHelp(f)
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(name), roff(text))
	}
}

// manText writes a description; its indented lines are examples.
func manText(b *strings.Builder, text string) {
	code := false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch example := strings.HasPrefix(line, "  "); {
		case example && !code:
			b.WriteString(".PP\n.nf\n.RS 4\n" + roff(strings.TrimSpace(line)) + "\n")
			code = true
		case example:
			b.WriteString(roff(strings.TrimSpace(line)) + "\n")
		case line == "" && code:
		case line == "":
			b.WriteString(".PP\n")
		default:
			if code {
				b.WriteString(".RE\n.fi\n")
				code = false
			}
			b.WriteString(roff(line) + "\n")
		}
	}
	if code {
		b.WriteString(".RE\n.fi\n")
	}
}

// roff escapes text: no line of it is a request, and hyphens can be copied.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}

// TestExamplesInHelp: every command's help has an example, but where it only has
// subcommands.
func TestExamplesInHelp(t *testing.T) {
	var walk func(path string, commands []*cli.Command)
	walk = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			at := strings.TrimSpace(path + " " + c.Name)
			if len(c.Subcommands) == 0 && !c.Hidden && !strings.Contains(c.Description, "\n  syncform "+at) && !strings.Contains(c.Description, "(syncform "+at) {
				t.Errorf("the help of %q has no example", at)
			}
			walk(at, c.Subcommands)
		}
	}
	walk("", (&session{}).app().Commands)
}
