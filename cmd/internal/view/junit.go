package view

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/syncform/syncform/executor/verify"
)

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Time    string      `xml:"time,attr"`
	Failure *junitFault `xml:"failure,omitempty"`
	Error   *junitFault `xml:"error,omitempty"`
	Out     string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	Suites  []junitSuite
}

// VerifyJUnit writes the result of a comparison as JUnit's XML: a test per mapping. It
// names keys and columns that differ, and no other value.
func VerifyJUnit(w io.Writer, reports []verify.Report) error {
	suite := junitSuite{Name: "syncform verify", Tests: len(reports), Time: "0", Cases: []junitCase{}}
	for _, r := range reports {
		sync, name, ok := strings.Cut(r.Addr, ".mapping[")
		if !ok {
			name = r.Addr
		} else {
			name = "mapping[" + name
		}
		c := junitCase{Class: Safe(sync), Name: Safe(name), Time: "0"}
		switch {
		case r.Error != "":
			suite.Errors++
			c.Error = &junitFault{Message: "could not be compared", Type: "error", Text: Safe(r.Error)}
		case !r.Equal():
			suite.Failures++
			c.Failure = &junitFault{Message: counts(r), Type: "difference", Text: junitRows(r)}
		default:
			c.Out = Plural(r.SourceRows, "row") + how(r.Method)
		}
		suite.Cases = append(suite.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Name: "syncform", Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitRows(r verify.Report) string {
	var b printer
	for _, d := range r.Differences {
		switch d.Kind {
		case verify.KindMissing:
			b.line("%s: missing in the target", Safe(d.Key))
		case verify.KindExtra:
			b.line("%s: only in the target", Safe(d.Key))
		default:
			var cols []string
			for _, c := range d.Columns {
				cols = append(cols, Safe(c.Column))
			}
			b.line("%s: different in %s", Safe(d.Key), list(cols))
		}
	}
	if r.Truncated {
		b.line("... and more; all of them are counted")
	}
	return b.String()
}
