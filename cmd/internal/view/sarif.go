package view

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"strconv"

	"github.com/syncform/syncform/docs"
)

// docsAt is where the pages of the documentation are read.
const docsAt = "https://github.com/syncform/syncform/blob/main/docs/"

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Short   sarifText `json:"shortDescription"`
	HelpURI string    `json:"helpUri,omitempty"`
	Help    sarifText `json:"help"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifPlace struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifLocation struct {
	Physical *sarifPlace    `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	URI     string      `json:"informationUri"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

// SARIF writes issues as a SARIF 2.1.0 log of one run.
func SARIF(w io.Writer, version string, issues []Issue) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "syncform", Version: version, URI: "https://github.com/syncform/syncform", Rules: []sarifRule{}}
	index := map[string]int{}
	for _, i := range issues {
		at, ok := index[i.Rule]
		if !ok {
			at = len(run.Tool.Driver.Rules)
			index[i.Rule] = at
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(i))
		}
		r := sarifResult{RuleID: i.Rule, RuleIndex: at, Level: i.Level, Message: sarifText{Text: i.Text}, Fingerprints: map[string]string{"syncform/v1": fingerprint(i)}}
		var place sarifLocation
		if i.File != "" {
			place.Physical = &sarifPlace{}
			place.Physical.Artifact.URI = (&url.URL{Path: i.File}).EscapedPath()
			if i.Line > 0 {
				place.Physical.Region = &sarifRegion{i.Line, i.Col, i.EndLine, i.EndCol}
			}
		}
		if i.Addr != "" {
			place.Logical = []sarifLogical{{Name: i.Addr, Kind: "resource"}}
		}
		if i.File != "" || i.Addr != "" {
			r.Locations = []sarifLocation{place}
		}
		run.Results = append(run.Results, r)
	}
	return writeJSON(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

func rule(i Issue) sarifRule {
	r := sarifRule{ID: i.Rule, Short: sarifText{Text: i.Title}, Help: sarifText{Text: i.Title}}
	r.Default.Level = i.Level
	if page, ok := docs.HazardPage(i.Rule); ok {
		r.HelpURI = docsAt + "hazards/" + i.Rule + ".md"
		r.Help = sarifText{Text: joined(" What to do: ", page.Title, page.Advice), Markdown: page.Text}
	}
	return r
}

// fingerprint names an issue so that it is known again when lines move.
func fingerprint(i Issue) string {
	h := sha256.New()
	for _, part := range []string{i.Rule, i.Addr, i.File, i.Title} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	if i.Addr == "" {
		h.Write([]byte(i.Text))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// codeQuality is an entry of GitLab's code quality report.
type codeQuality struct {
	Description string `json:"description"`
	CheckName   string `json:"check_name"`
	Fingerprint string `json:"fingerprint"`
	Severity    string `json:"severity"`
	Location    struct {
		Path  string `json:"path"`
		Lines struct {
			Begin int `json:"begin"`
		} `json:"lines"`
	} `json:"location"`
}

// CodeQuality writes issues as GitLab's code quality report: an array, of which each
// entry has a fingerprint of its own. An issue without a place stands at line 1 of
// fallback.
func CodeQuality(w io.Writer, issues []Issue, fallback string) error {
	out := []codeQuality{}
	seen := map[string]int{}
	for _, i := range issues {
		c := codeQuality{Description: i.Text, CheckName: i.Rule, Fingerprint: fingerprint(i), Severity: map[string]string{"error": "critical", "warning": "major"}[i.Level]}
		if c.Severity == "" {
			c.Severity = "info"
		}
		if n := seen[c.Fingerprint]; n > 0 {
			seen[c.Fingerprint]++
			c.Fingerprint += "-" + strconv.Itoa(n+1)
		} else {
			seen[c.Fingerprint] = 1
		}
		c.Location.Path, c.Location.Lines.Begin = i.File, max(i.Line, 1)
		if i.File == "" {
			c.Location.Path = fallback
		}
		out = append(out, c)
	}
	return writeJSON(w, out)
}
