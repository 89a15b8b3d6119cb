package planner

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestNamesAreCut: names that syncform makes up fit every system, are whole characters,
// and differ where what they are made of does.
func TestNamesAreCut(t *testing.T) {
	seen := map[string]string{}
	for _, base := range []string{"a", "été", strings.Repeat("é", 40), strings.Repeat("t", 63), strings.Repeat("t", 62) + "u"} {
		for _, suffix := range []string{"2", "k", strings.Repeat("n", 53), strings.Repeat("n", 54), strings.Repeat("ö", 31), strings.Repeat("n", 63), strings.Repeat("n", 62) + "m"} {
			name := cutName(base, suffix)
			if len(name) > maxName || !utf8.ValidString(name) {
				t.Errorf("cutName(%q, %q) = %q, %d bytes", base, suffix, name, len(name))
			}
			if was := seen[name]; was != "" {
				t.Errorf("%s and %s are both called %q", was, base+"_"+suffix, name)
			}
			seen[name] = base + "_" + suffix
		}
	}
}
