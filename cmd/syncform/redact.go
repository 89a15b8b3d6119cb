package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/syncform/syncform/lang"
)

// learn takes the secrets of a configuration, so that nothing that is said shows them: a
// server's or driver's error may hold one, such as a path or a host. What credentials
// lead to is learned as endpoints are opened.
func (s *session) learn(cfg *lang.Config) {
	s.secrets.Add(sensitiveTexts(cfg)...)
	for _, e := range cfg.Endpoints {
		for _, v := range e.Attrs {
			if text, ok := lang.Plain(v).(string); ok {
				s.secrets.AddConnection(text)
			}
		}
	}
	s.secrets.AddConnection(cfg.Backend.Connection)
	s.secrets.AddConnection(s.getenv("SF_BACKEND_CONNECTION"))
}

// sensitiveTexts gives the texts that are marked sensitive: of variables, and of
// endpoints, whose arguments may be made of them or of the environment.
func sensitiveTexts(cfg *lang.Config) []string {
	var out []string
	add := func(v cty.Value) {
		if !lang.IsSensitive(v) {
			return
		}
		err := cty.Walk(lang.Reveal(v), func(_ cty.Path, e cty.Value) (bool, error) {
			if e.IsKnown() && !e.IsNull() && e.Type() == cty.String {
				out = append(out, e.AsString())
			}
			return true, nil
		})
		if err != nil {
			panic("bug in syncform: a walk that can't fail has failed")
		}
	}
	for _, v := range cfg.Variables {
		add(v.Value)
	}
	for _, e := range cfg.Endpoints {
		for _, v := range e.Attrs {
			add(v)
		}
		if e.Credentials != nil {
			add(e.Credentials.Username)
			add(e.Credentials.Password)
		}
	}
	return out
}

// redact takes secrets out of diagnostics.
func (s *session) redact(diags hcl.Diagnostics) hcl.Diagnostics {
	out := make(hcl.Diagnostics, len(diags))
	for i, d := range diags {
		c := *d
		c.Summary, c.Detail = s.secrets.Text(d.Summary), s.secrets.Text(d.Detail)
		out[i] = &c
	}
	return out
}
