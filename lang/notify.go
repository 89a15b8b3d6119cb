package lang

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// notifyTypes are the services that a notifier may be: those of the docs first, then
// the others whose URLs shoutrrr knows.
var notifyTypes = []string{"slack", "webhook", "email",
	"bark", "discord", "generic", "googlechat", "gotify", "ifttt", "join", "matrix", "mattermost", "ntfy", "opsgenie",
	"pagerduty", "pushbullet", "pushover", "rocketchat", "signal", "smtp", "teams", "telegram", "zulip"}

var notifySpec = BlockSpec{
	Name:   "notify",
	Labels: []Label{{Name: "type", OneOf: notifyTypes}, {Name: "name"}},
	Arguments: []Argument{
		{Name: "url", Type: text, Required: true, Marked: true, Sensitive: true, Text: "The webhook's address, or a shoutrrr URL."},
	},
	Text: `Who is told. "slack:#channel" goes through the one slack block.`,
}

// notifier decodes a notify block.
func (l *loader) notifier(b *hcl.Block, addr string) {
	blk := l.open(&notifySpec, b, addr, env{})
	l.cfg.Notifiers = append(l.cfg.Notifiers, &Notifier{Block: blk.Block, Type: b.Labels[0], Name: b.Labels[1],
		URL: get[cty.Value](blk, "url"), Attrs: map[string]cty.Value{}})
}

// notifyText checks a notifier that is named by a text: "slack:#channel".
func (l *loader) notifyText(s string, rng hcl.Range) status {
	kind, to, ok := strings.Cut(s, ":")
	if !ok || to == "" {
		l.report(errorAt(rng, sumRef, `A notifier is a reference, notify.TYPE.NAME, or a text such as "slack:#channel".`))
		return unknown
	}
	count := 0
	for _, a := range l.scope.addrs {
		if strings.HasPrefix(a, "notify."+kind+".") {
			count++
		}
	}
	switch {
	case count == 1:
		return given
	case count > 1:
		l.report(errorAt(rng, sumRef, "There are %d notify blocks of type %q, so %q does not say which. Write a reference.", count, kind, s))
	default:
		hint := ""
		if !slices.Contains(notifyTypes, kind) {
			hint = didYouMean(kind, notifyTypes)
		}
		l.report(errorAt(rng, sumRefNothing, "%q goes through the one notify block of type %q, and there is none.%s", s, kind, hint))
	}
	return unknown
}
