package view

import (
	"github.com/syncform/syncform/executor"
)

// ApplyText is the last line of an apply that went through.
func ApplyText(r executor.Result) string {
	return "Apply complete! " + resultText(r)
}

// DestroyText is the last line of a destroy that went through.
func DestroyText(r executor.Result) string {
	return "Destroy complete! " + resultText(r)
}

func resultText(r executor.Result) string {
	text := "Resources: " + Count(int64(r.Created)) + " created, " + Count(int64(r.Updated)) + " changed, " + Count(int64(r.Deleted)) + " dropped"
	if r.Loaded > 0 || r.Rows > 0 {
		text += "; " + Plural(r.Rows, "row") + " copied"
	}
	return text + "."
}
