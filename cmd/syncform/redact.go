package main

import (
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/lang"
)

// secretsOf gives the sensitive texts that a configuration's endpoints were given: a
// server's or driver's error may hold one of them, such as a path or a host.
func secretsOf(cfg *lang.Config) []string {
	var out []string
	add := func(_ cty.Path, v cty.Value) (bool, error) {
		v, marks := v.Unmark()
		if len(marks) > 0 && v.IsKnown() && !v.IsNull() && v.Type() == cty.String && len(v.AsString()) >= shortestSecret {
			s := v.AsString()
			quoted := strconv.Quote(s)
			out = append(out, s, redacted, quoted[1:len(quoted)-1], redacted)
		}
		return true, nil
	}
	for _, e := range cfg.Endpoints {
		for _, v := range e.Attrs {
			_ = cty.Walk(v, add) // add returns no error
		}
	}
	return out
}

const (
	redacted = "(sensitive value)"
	// shortestSecret is the length from which a text is told apart from the words of a
	// message.
	shortestSecret = 4
)

// redact takes the secrets of the configuration out of diagnostics.
func (s *session) redact(diags hcl.Diagnostics) hcl.Diagnostics {
	if len(s.secrets) == 0 {
		return diags
	}
	r := strings.NewReplacer(s.secrets...)
	out := make(hcl.Diagnostics, len(diags))
	for i, d := range diags {
		c := *d
		c.Summary, c.Detail = r.Replace(d.Summary), r.Replace(d.Detail)
		out[i] = &c
	}
	return out
}
