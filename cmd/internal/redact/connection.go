package redact

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	// password=x, as libpq's words and parameters of URLs have it.
	parameter = regexp.MustCompile(`(?i)pass(?:word|wd)?\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&]+))`)
	// user:password@, whatever stands before and behind.
	userinfo = regexp.MustCompile(`^(?:[^/@]*//)?[^:/@]*:(.*)@`)
)

// passwords gives what may be a password in a connection string, as it is written and as
// it is meant.
func passwords(connection string) []string {
	var out []string
	add := func(raw string) {
		out = append(out, raw)
		if meant, err := url.PathUnescape(raw); err == nil && meant != raw {
			out = append(out, meant)
		}
	}
	if u, err := url.Parse(connection); err == nil && u.User != nil {
		if p, ok := u.User.Password(); ok {
			add(p)
		}
	}
	if m := userinfo.FindStringSubmatch(connection); m != nil {
		add(m[1])
	}
	for _, m := range parameter.FindAllStringSubmatch(connection, -1) {
		add(m[1] + m[2])
		add(strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(m[1] + m[2]))
	}
	return out
}
