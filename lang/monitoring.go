package lang

import (
	"net"
	"regexp"
	"strconv"

	"github.com/hashicorp/hcl/v2"
)

// metrics are the names that alerts may watch.
var metrics = []string{"sync_lag_seconds", "records_synced_total", "sync_errors_total", "conflict_count"}

var monitoringSpec = BlockSpec{
	Name: "monitoring",
	Arguments: []Argument{
		{Name: "listen", Type: text, Text: "host:port of /metrics, /status, /healthz and the dashboard; left out, none."},
	},
	Blocks: []BlockSpec{{
		Name: "alert", Labels: []Label{{Name: "metric", OneOf: metrics}},
		Arguments: []Argument{
			{Name: "warning", Type: text, Text: `When to warn, such as "> 60".`},
			{Name: "critical", Type: text, Text: `When it is critical, such as "> 300".`},
			{Name: "notify", Type: notifiers, Kinds: []string{"notify"}, Required: true, Text: "Who is told."},
		},
		Many: true,
		Text: "When a metric is told, and to whom.",
	}},
	Text: "What a running sync shows of itself.",
}

var threshold = regexp.MustCompile(`^\s*(>|>=|<|<=|==|!=)\s*[0-9]+(\.[0-9]+)?\s*$`)

// monitoring decodes the monitoring block.
func (l *loader) monitoring(b *hcl.Block, addr string) {
	blk := l.open(&monitoringSpec, b, addr, env{})
	m := &Monitoring{Block: blk.Block, Listen: get[string](blk, "listen")}
	if m.Listen != "" {
		_, port, err := net.SplitHostPort(m.Listen)
		if n, convErr := strconv.Atoi(port); err != nil || convErr != nil || n < 0 || n > 65535 {
			l.report(errorAt(blk.Range("listen"), sumValue, `listen is host:port, such as "127.0.0.1:9187".`))
		}
	}
	for _, a := range blk.many("alert") {
		m.Alerts = append(m.Alerts, l.alert(a))
	}
	l.cfg.Monitoring = m
}

// alert decodes an alert.
func (l *loader) alert(blk *blk) *Alert {
	a := &Alert{Block: blk.Block, Metric: blk.labels[0], Warning: get[string](blk, "warning"),
		Critical: get[string](blk, "critical"), Notify: get[[]string](blk, "notify")}
	for arg, s := range map[string]string{"warning": a.Warning, "critical": a.Critical} {
		if s != "" && !threshold.MatchString(s) {
			l.report(errorAt(blk.Range(arg), sumValue, `%s is a comparison with a number, such as "> 60".`, arg))
		}
	}
	if !blk.set["warning"] && !blk.set["critical"] {
		l.report(errorAt(blk.DeclRange, sumMissingArg, "alert needs the argument warning or critical, or both."))
	}
	return a
}
