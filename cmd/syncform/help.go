package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
)

// helpColumns is the width of help texts, whatever the terminal's.
const helpColumns = 80

func (s *session) appHelp(app *cli.App) error {
	var b strings.Builder
	b.WriteString("Usage: syncform [global options] <command> [args]\n\n")
	b.WriteString("syncform is Terraform for moving and evolving databases: what a folder of HCL\nsays is planned against live databases, shown, and applied.\n")
	for _, cat := range []string{"", "other"} {
		title := "Main commands:"
		if cat != "" {
			title = "All other commands:"
		}
		b.WriteString("\n" + title + "\n")
		for _, c := range app.Commands {
			if c.Category == cat && !c.Hidden {
				fmt.Fprintf(&b, "  %-13s %s\n", c.Name, c.Usage)
			}
		}
	}
	b.WriteString("\nGlobal options (before or after the command):\n")
	option(&b, "-chdir=DIR", "Switch to a different working directory before executing the given command.")
	option(&b, "-help", "Show this help, or the help of a command.")
	option(&b, "-version", "An alias for the \"version\" command.")
	_, err := io.WriteString(s.out, b.String())
	return err
}

func (s *session) commandHelp(c *cli.Command, path []string) error {
	var b strings.Builder
	b.WriteString("Usage: syncform [global options] " + strings.Join(path, " "))
	if len(c.Subcommands) > 0 {
		b.WriteString(" <subcommand> [options] [args]\n\n")
	} else {
		b.WriteString(" " + strings.TrimSpace("[options] "+c.ArgsUsage) + "\n\n")
	}
	for line := range strings.SplitSeq(view.Wrap(strings.TrimSpace(c.Description), helpColumns-2), "\n") {
		b.WriteString(strings.TrimRight("  "+line, " ") + "\n")
	}
	if len(c.Subcommands) > 0 {
		b.WriteString("\nSubcommands:\n")
		for _, sub := range c.Subcommands {
			fmt.Fprintf(&b, "  %-13s %s\n", sub.Name, sub.Usage)
		}
	}
	if len(visible(c.Flags)) > 0 {
		b.WriteString("\nOptions:\n")
	}
	for _, f := range visible(c.Flags) {
		b.WriteString("\n")
		name, text := flagHelp(f)
		option(&b, name, text)
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

func visible(flags []cli.Flag) []cli.Flag {
	var out []cli.Flag
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && v.IsVisible() {
			out = append(out, f)
		}
	}
	return out
}

// flagHelp gives a flag as it is written and its text; a word in backquotes in the
// text names the value.
func flagHelp(f cli.Flag) (name, text string) {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		panic("bug in syncform: a flag without a text: " + f.Names()[0])
	}
	text = d.GetUsage()
	name = "-" + f.Names()[0]
	if b, ok := f.(*cli.BoolFlag); ok && b.Value {
		name += "=false"
	}
	if before, rest, ok := strings.Cut(text, "`"); ok {
		if value, after, ok := strings.Cut(rest, "`"); ok {
			return name + "=" + value, before + value + after
		}
	}
	return name, text
}

func option(b *strings.Builder, name, text string) {
	const in = 25
	lines := strings.Split(view.Wrap(text, helpColumns-in), "\n")
	if len(name) > in-4 {
		fmt.Fprintf(b, "  %s\n", name)
		name = ""
	}
	fmt.Fprintf(b, "  %-*s%s\n", in-2, name, lines[0])
	for _, l := range lines[1:] {
		fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", in), l)
	}
}
