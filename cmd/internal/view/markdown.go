package view

import (
	"html"
	"io"
	"regexp"
	"strings"

	"github.com/syncform/syncform/planner/plan"
)

// MarkdownLimit is how many bytes a comment may have: GitHub takes 65,536 characters.
const MarkdownLimit = 65_000

// listed is how many entries a list above the folded details has at most.
const listed = 20

// MarkdownOptions say what a comment shows besides the plan.
type MarkdownOptions struct {
	ID       string // tells apart the comments of several configurations
	Findings []Finding
	Outputs  []OutputChange
}

// PlanMarkdown writes a plan for a pull request's comment: a marker by which a bot finds
// its comment, the summary, what needs a decision, and the changes folded. It has at
// most MarkdownLimit bytes, cut between tables or statements, and says what is left
// out. The same plan made again is the same text.
func PlanMarkdown(w io.Writer, p *plan.Plan, o MarkdownOptions) error {
	p = stable(p)
	m := markdown{p: p, v: newPlanView(Paint{Width: 100}, p, PlanOptions{Outputs: o.Outputs})}
	m.head(o)
	m.held()
	m.hazards()
	m.findings(o.Findings, true, "Missing, so that the plan can't be applied yet")
	for _, g := range m.v.groups {
		m.endpoint(g)
	}
	m.statements()
	m.findings(o.Findings, false, "To know before it is applied")
	m.notes(o)
	m.end()
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct {
	printer
	p    *plan.Plan
	v    *planView
	left []string // what was left out
}

// room is how much may still be written, with space kept for the end.
func (m *markdown) room() int { return MarkdownLimit - m.Len() - 1200 }

var notID = regexp.MustCompile(`[^A-Za-z0-9._/-]+`)

func (m *markdown) head(o MarkdownOptions) {
	id := strings.Trim(notID.ReplaceAllString(o.ID, "-"), "-")
	if len(id) > 100 {
		id = id[:100]
	}
	for strings.Contains(id, "--") { // would end the marker
		id = strings.ReplaceAll(id, "--", "-")
	}
	if id != "" {
		m.line("<!-- syncform-plan: %s -->", id)
		m.line("### syncform plan: %s", code(id))
	} else {
		m.line("<!-- syncform-plan -->")
		m.line("### syncform plan")
	}
	m.line("")
	title := Summarize(m.p).String()
	switch {
	case m.p.Empty() && m.p.Held > 0:
		title = "No changes to apply; " + Plural(int64(m.p.Held), "change") + " held."
	case m.p.Empty() && len(o.Outputs) > 0:
		title = "No changes to databases; only outputs change."
	case m.p.Empty():
		title = "No changes. The targets match the configuration."
	}
	m.line("**%s**", title)
}

// held lists what waits for someone's word, and how to give it.
func (m *markdown) held() {
	n := 0
	for i := range m.p.Actions {
		a := &m.p.Actions[i]
		if a.Held == "" {
			continue
		}
		if n++; n == 1 {
			m.line("\n#### Held for review\n")
		}
		if n > listed || m.room() < 8000 {
			continue
		}
		_, text := describeAny(a)
		m.line("- %s: %s; %s", code(clip(a.Addr, 300)), code(clip(text, 300)), prose(clip(a.Held, 600)))
	}
	if n > listed {
		m.line("- and %s more", Count(int64(n-listed)))
	}
}

// describeAny is describe for any action.
func describeAny(a *plan.Action) (sym, text string) {
	if a.Change == nil {
		return "!", joined(", ", a.Info, a.Reason)
	}
	sym, text = describe(a.Change)
	return sym, held(sym, text)
}

func (m *markdown) hazards() {
	n := 0
	for i := range m.p.Actions {
		a := &m.p.Actions[i]
		for _, h := range hazardsOf(a) {
			if n++; n == 1 {
				m.line("\n#### Hazards\n")
			}
			if n > listed || m.room() < 6000 {
				continue
			}
			line := "- [" + prose(h.Code) + "](" + docsAt + "hazards/" + notID.ReplaceAllString(h.Code, "") + ".md) " + code(clip(tableOf(m.p, a).String(), 200)) + ": " + prose(clip(h.Text, 400))
			if l := lockText(m.p, a); l != "" {
				line += ". " + prose(l)
			}
			m.line("%s", line)
		}
	}
	if n > listed {
		m.line("- and %s more", Count(int64(n-listed)))
	}
}

func (m *markdown) findings(fs []Finding, fatal bool, title string) {
	n := 0
	for _, f := range fs {
		if f.Fatal != fatal {
			continue
		}
		if n++; n == 1 {
			m.line("\n#### %s\n", title)
		}
		if n > listed || m.room() < 4000 {
			continue
		}
		m.line("- %s: %s", code(clip(f.Endpoint, 200)), prose(clip(f.Text, 600)))
		if f.Fix != "" {
			m.line("\n%s", indent(fenced("sql", clip(SafeLines(f.Fix), 1500)), "  "))
		}
	}
	if n > listed {
		m.line("- and %s more", Count(int64(n-listed)))
	}
}

// endpoint folds what is done at one endpoint, table by table as long as there is room.
func (m *markdown) endpoint(g *endpointGroup) {
	var parts []string
	part := func(f func()) {
		if text := m.v.aside(f); text != "" {
			parts = append(parts, text)
		}
	}
	for _, a := range g.others {
		part(func() { m.v.change(a, nil, "  ") })
	}
	for _, t := range g.tables {
		part(func() { m.v.table(t) })
	}
	for _, a := range g.loads {
		part(func() { m.v.loads([]*plan.Action{a}) })
	}
	if len(parts) == 0 {
		return
	}
	room := m.room() - 400
	var body strings.Builder
	for i, text := range parts {
		text = shifted(text)
		if body.Len()+len(text) > room {
			if i == 0 {
				body.WriteString(cutLines(text, max(room, 0)))
				i++
			}
			if rest := len(parts) - i; rest > 0 {
				m.left = append(m.left, Plural(int64(rest), "object")+" of "+code(g.addr))
			}
			break
		}
		body.WriteString(text)
	}
	if strings.TrimSpace(body.String()) == "" {
		return
	}
	m.line("\n<details><summary>Changes at <code>%s</code></summary>\n", html.EscapeString(Safe(clip(g.addr, 200))))
	m.line("%s\n\n</details>", fenced("diff", body.String()))
}

// statements folds the script, as long as there is room.
func (m *markdown) statements() {
	var body strings.Builder
	room := m.room() - 400
	n, out := 0, 0
	for i := range m.p.Actions {
		text := SafeLines(actionSQL(m.p, &m.p.Actions[i]))
		if text == "" {
			continue
		}
		n++
		if out > 0 || body.Len()+len(text) > room {
			out++
			continue
		}
		body.WriteString(text)
	}
	if out > 0 {
		m.left = append(m.left, "the statements of "+Plural(int64(out), "action"))
	}
	if n == out {
		return
	}
	m.line("\n<details><summary>Statements</summary>\n")
	m.line("%s\n\n</details>", fenced("sql", strings.TrimRight(body.String(), "\n")))
}

func (m *markdown) notes(o MarkdownOptions) {
	n, out := 0, 0
	note := func(text string) {
		if n++; n == 1 {
			m.line("\n<details><summary>Notes</summary>\n")
		}
		if out > 0 || n > 5*listed || m.room() < len(text)+600 {
			out++
			return
		}
		m.line("- %s", text)
	}
	for _, x := range m.p.Moved {
		note(code(clip(x.From, 300)) + " is now " + code(clip(x.To, 300)) + " in the state")
	}
	for _, addr := range m.p.Forget {
		note(code(clip(addr, 300)) + " is forgotten in the state")
	}
	for _, c := range o.Outputs {
		note("output " + code(clip(c.Name, 200)) + ": " + code(clip(c.Symbol+" "+c.text, 400)))
	}
	for _, x := range m.p.Notes {
		note(joined(": ", code(clip(x.Addr, 300)), prose(clip(x.Text, 800))))
	}
	if out > 0 {
		m.left = append(m.left, Plural(int64(out), "note"))
	}
	if n > 0 {
		m.line("\n</details>")
	}
}

func (m *markdown) end() {
	if len(m.left) == 0 {
		return
	}
	if len(m.left) > 6 {
		m.left = append(m.left[:5], "more")
	}
	m.line("\n**Left out, as a comment holds no more than 65,000 characters: %s.** `syncform show` of the saved plan shows all.", list(m.left))
}

var signed = regexp.MustCompile(`(?m)^( +)([-+!]) `)

// shifted moves the symbols of lines to their beginning, where a diff has them.
func shifted(text string) string { return signed.ReplaceAllString(text, "$2$1 ") }

// fenced puts text into a code block that nothing in it can end.
func fenced(lang, text string) string {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + lang + "\n" + strings.TrimRight(text, "\n") + "\n" + fence
}

// cutLines keeps as many whole lines as fit n bytes, and says that more follow.
func cutLines(text string, n int) string {
	if len(text) <= n {
		return text
	}
	var b strings.Builder
	rest := 0
	for l := range strings.SplitAfterSeq(text, "\n") {
		if rest > 0 || b.Len()+len(l) > n {
			rest++
			continue
		}
		b.WriteString(l)
	}
	return b.String() + "  ... " + Plural(int64(rest), "more line") + "\n"
}

// clip shortens a text to n runes.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// code writes a name as inline code: nothing in it is markdown or HTML.
func code(s string) string {
	if s = Safe(s); s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.TrimSpace(s) == "" {
		s = " " + s + " "
	}
	return fence + s + fence
}

// prose writes a text so that names in it are neither markdown nor HTML, and mention
// nobody.
func prose(s string) string {
	var b strings.Builder
	for _, r := range Safe(s) {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '<', '>', '~', '|', '&', '!', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '#':
			b.WriteString(`\#<!-- -->`)
		case '@':
			b.WriteString("@<!-- -->")
		default:
			b.WriteRune(r)
		}
	}
	return linked.ReplaceAllString(b.String(), "$1<!-- -->$2")
}

// linked are the texts that GitHub makes links of where nothing asks for it.
var linked = regexp.MustCompile(`(?i)(:|www|gh)(//|\.|-)`)
