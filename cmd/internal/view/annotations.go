package view

import (
	"io"
	"strconv"
	"strings"
)

// GitHubAnnotations writes issues as workflow commands, which GitHub shows at their
// lines of a pull request.
func GitHubAnnotations(w io.Writer, issues []Issue) error {
	var b printer
	for _, i := range issues {
		level := i.Level
		if level == "note" {
			level = "notice"
		}
		var props []string
		prop := func(name, value string) {
			if value != "" && value != "0" {
				props = append(props, name+"="+commandProperty(value))
			}
		}
		prop("file", i.File)
		prop("line", strconv.Itoa(i.Line))
		prop("endLine", strconv.Itoa(i.EndLine))
		if i.EndLine == i.Line { // GitHub takes columns of one line only
			prop("col", strconv.Itoa(i.Col))
			prop("endColumn", strconv.Itoa(i.EndCol))
		}
		prop("title", i.Rule+": "+i.Title)
		b.line("::%s %s::%s", level, strings.Join(props, ","), commandData(i.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// commandData escapes the text of a workflow command, so that nothing in it ends the
// command or begins another.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(SafeLines(s))
}

func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
