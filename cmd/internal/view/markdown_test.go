package view

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	gtext "github.com/yuin/goldmark/text"

	"github.com/syncform/syncform/planner/plan"
	"github.com/syncform/syncform/providers"
	"github.com/syncform/syncform/providers/ledger"
	"github.com/syncform/syncform/providers/schema"
)

func comment(t *testing.T, p *plan.Plan, o MarkdownOptions) string {
	t.Helper()
	return written(t, func(w io.Writer) error { return PlanMarkdown(w, p, o) })
}

// manyTables is a plan that makes n tables, and changes one that is there.
func manyTables(n int, word string) *plan.Plan {
	p := &plan.Plan{ID: "big"}
	for i := range n {
		name := schema.Name{Name: fmt.Sprintf("%s_%04d", word, i)}
		p.Actions = append(p.Actions, plan.Action{
			ID: fmt.Sprintf("a%05d", i), Kind: plan.Create, Addr: fmt.Sprintf("sync.s.mapping[%q]", name.Name), Endpoint: "target.mysql.a", Table: name,
			Change: schema.AddTable{To: schema.Table{Name: name, Columns: []schema.Column{{Name: "id", Type: native(schema.Int, "bigint")}, {Name: "note", Type: native(schema.Text, "text")}}}},
			Steps:  []providers.Step{{Text: "CREATE TABLE `" + name.Name + "` (`id` bigint, `note` text)", Hazards: []providers.Hazard{{Code: "SF107", Text: "on " + name.Name}}}},
		})
		if i%2 == 0 {
			p.Actions[i].Held = "it may take away what is there"
			p.Held++
		}
		p.Notes = append(p.Notes, plan.Note{Addr: "sync.s", Text: "something of " + name.Name})
	}
	return p
}

// TestMarkdownLimit: however much a plan does, its comment fits, its fences and folds
// are closed, and it says what is left out.
func TestMarkdownLimit(t *testing.T) {
	wide := &plan.Plan{Actions: []plan.Action{{ID: "a001", Kind: plan.Create, Addr: "sync.s", Endpoint: "target.mysql.a", Change: schema.AddTable{To: schema.Table{Name: schema.Name{Name: "wide"}}}}}}
	to := wide.Actions[0].Change.(schema.AddTable).To
	for i := range 4000 {
		to.Columns = append(to.Columns, schema.Column{Name: fmt.Sprintf("column_%d", i), Type: native(schema.Int, "bigint")})
	}
	wide.Actions[0].Change = schema.AddTable{To: to}
	for name, p := range map[string]*plan.Plan{"many": manyTables(3000, "table"), "long names": manyTables(500, strings.Repeat("ü", 4000)), "wide": wide} {
		findings := []Finding{}
		for i := range 500 {
			findings = append(findings, Finding{Endpoint: "target.mysql.a", Finding: providers.Finding{Fatal: i%2 == 0, Text: strings.Repeat("needs this ", 50), Fix: strings.Repeat("GRANT SELECT; ", 80)}})
		}
		text := comment(t, p, MarkdownOptions{Findings: findings})
		if len(text) > MarkdownLimit {
			t.Errorf("%s: %d bytes", name, len(text))
		}
		if !strings.Contains(text, "Left out, as a comment holds no more than 65,000 characters") && !strings.Contains(text, "more line") {
			t.Errorf("%s: nothing says what is left out", name)
		}
		if a, b := strings.Count(text, "<details>"), strings.Count(text, "</details>"); a != b {
			t.Errorf("%s: %d folds opened, %d closed", name, a, b)
		}
		if strings.Count(text, "\n```")%2 != 0 {
			t.Errorf("%s: a code block is not closed", name)
		}
	}
}

// TestMarkdownStable: the same change planned again, on a table that has grown by a few
// rows, is the same comment.
func TestMarkdownStable(t *testing.T) {
	make := func(gen string, rows int64) *plan.Plan {
		users := schema.Name{Name: "users"}
		aside := schema.Name{Name: ledger.Aside("users", gen)}
		return &plan.Plan{ID: gen, Actions: []plan.Action{
			{ID: "a001", Kind: plan.Create, Addr: "sync.s", Endpoint: "target.mysql.a", Table: users, Change: schema.AddAside{Live: schema.Table{Name: users}, Aside: aside}, Steps: []providers.Step{{Text: "CREATE TABLE `" + aside.Name + "` LIKE `users`"}}},
			{ID: "a002", Kind: plan.Backfill, Addr: "sync.s", Endpoint: "target.mysql.a", Table: users, Backfill: &plan.BackfillSpec{Into: aside, Generation: gen, Rows: rows, Bytes: rows * 97, Chunks: rows / 1000}},
			{ID: "a003", Kind: plan.Update, Addr: "sync.s", Endpoint: "target.mysql.a", Table: users, Change: schema.EmptyTable{In: users}, Steps: []providers.Step{{Text: "TRUNCATE `" + aside.Name + "`", Hazards: []providers.Hazard{{Code: "SF106", Text: fmt.Sprintf("rows (about %d rows) are replaced", rows)}}}}},
		}, Read: []plan.ReadObject{{Endpoint: "target.mysql.a", Name: users, Table: &schema.Table{Name: users, Rows: rows}}}}
	}
	one, two := comment(t, make("aaaa", 123456), MarkdownOptions{}), comment(t, make("bbbb", 123999), MarkdownOptions{})
	if one != two {
		t.Errorf("not stable:\n%s\n%s", one, two)
	}
	if !strings.Contains(one, "~100,000 rows") {
		t.Errorf("no estimate in\n%s", one)
	}
	if a, b := comment(t, &plan.Plan{}, MarkdownOptions{ID: "envs/prod"}), comment(t, &plan.Plan{}, MarkdownOptions{ID: "x --> <script>"}); !strings.HasPrefix(a, "<!-- syncform-plan: envs/prod -->\n") || !strings.HasPrefix(b, "<!-- syncform-plan: x-script -->\n") {
		t.Errorf("markers: %q, %q", a, b)
	}
}

// hostileNames are names that would be markdown, HTML or mentions.
var hostileNames = []string{
	"`", "```", "a`b``c", "</details>", "<script>alert(1)</script>", "[x](http://evil.example)", "![x](y)", "@everyone", "#1", "a|b", "**bold**", "\n\n# head\n\n", "-->", "~~~~", "http://evil.example/x", "$$x$$",
	"\n```\n\n[x](javascript:alert(1))\n", "</summary></details><img src=x onerror=alert(1)>", "&lt;b&gt;", "a\r\n> quote", "_x_", `\`, "\u202eevil", "", " ", "  x  ", "` `", " `a` ", "www.evil.example", "a@evil.example", "GH-1", "o/r#1", "mailto:a@b.example", "1. x", "- [ ] x", "| a |\n|---|\n| b |", "---", "***", "[^1]", "[^1]: x", "[x]: http://evil.example", "\t", "\\\n", "ftp://evil.example", "\xff", ":tada:", "a\u2028b", "<!--", "<?x?>", "<![CDATA[x]]>", "-->\n<b>", "https:\\evil",
}

// FuzzMarkdown: names and texts of databases are shown and never become markdown, HTML,
// links or mentions, as a real parser sees the comment.
func FuzzMarkdown(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 500 {
			return // longer ones are clipped
		}
		text := comment(t, hostilePlan(name), MarkdownOptions{ID: name, Findings: []Finding{{Endpoint: name, Finding: providers.Finding{Fatal: true, Text: name, Fix: name}}}, Outputs: []OutputChange{{"+", name, name}}})
		checkInert(t, parser, name, []byte(text))
	})
}

// hostilePlan has a name wherever a plan has a text that it has not written.
func hostilePlan(name string) *plan.Plan {
	n := schema.Name{Schema: name, Name: name}
	return &plan.Plan{
		Held: 1,
		Actions: []plan.Action{
			{ID: "a001", Kind: plan.Create, Addr: "sync." + name, Endpoint: name, Table: n, Change: schema.AddTable{To: schema.Table{Name: n, Columns: []schema.Column{{Name: name, Type: native(schema.Text, name), Comment: name, Default: &schema.Default{Literal: true, Text: name}}}}}, Steps: []providers.Step{{Text: "CREATE " + name, Hazards: []providers.Hazard{{Code: "SF" + name, Text: name + " and " + name}}}}},
			{ID: "a002", Kind: plan.Delete, Addr: "sync." + name, Endpoint: name, Table: n, Change: schema.DropColumn{In: n, Column: schema.Column{Name: name}}, Held: "held: " + name, Info: name, Reason: name},
		},
		Notes: []plan.Note{{Addr: name, Text: name}}, Forget: []string{name}, Moved: []plan.Moved{{From: name, To: name}},
	}
}

// checkInert parses a comment as GitHub does and looks for what only a name can have
// made, and for the name as text.
func checkInert(t *testing.T, parser parser.Parser, name string, src []byte) {
	t.Helper()
	shown := map[string]bool{} // what stands as inline code
	tags, folds := 0, 0
	err := ast.Walk(parser.Parse(gtext.NewReader(src)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch node := node.(type) {
		case *ast.Link:
			if !strings.HasPrefix(string(node.Destination), docsAt) {
				t.Errorf("%q: a link to %s", name, node.Destination)
			}
		case *ast.Heading:
			if h := string(node.Lines().Value(src)); !strings.HasPrefix(h, "syncform plan") && node.Level != 4 {
				t.Errorf("%q: a heading %q", name, h)
			}
		case *ast.HTMLBlock:
			for _, tag := range htmlTag.FindAllString(string(node.Lines().Value(src)), -1) {
				switch tag {
				case "<details>":
					folds++
				case "</details>":
					folds--
				case "<summary>", "</summary>", "<code>", "</code>":
				default:
					if tags++; tags > 1 || !strings.HasPrefix(tag, "<!-- syncform-plan") {
						t.Errorf("%q: HTML %q", name, tag)
					}
				}
			}
		case *ast.RawHTML:
			if h := string(node.Segments.Value(src)); h != "<!-- -->" {
				t.Errorf("%q: HTML %q", name, h)
			}
		case *ast.Text:
			if v := string(node.Value(src)); mention.MatchString(v) && node.Parent().Kind() != ast.KindCodeSpan {
				t.Errorf("%q: mentions in %q", name, v)
			}
		case *ast.CodeSpan:
			var b strings.Builder
			for c := node.FirstChild(); c != nil; c = c.NextSibling() {
				if c, ok := c.(*ast.Text); ok {
					b.Write(c.Value(src))
				}
			}
			shown[b.String()] = true
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *ast.ListItem, *ast.FencedCodeBlock, *ast.Emphasis, *ast.String:
			if e, ok := node.(*ast.Emphasis); ok && e.Level != 2 {
				t.Errorf("%q: emphasis", name)
			}
		default:
			t.Errorf("%q: there is a %s in\n%s", name, node.Kind(), src)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if folds != 0 {
		t.Errorf("%q: the folds are not closed:\n%s", name, src)
	}
	if want := Safe("sync." + name); !shown[want] && len([]rune(want)) < 300 {
		t.Errorf("%q: %q is not shown as code in\n%s", name, want, src)
	}
}

var (
	htmlTag = regexp.MustCompile(`(?s)<!--.*?-->|</?[A-Za-z][^>]*>`)
	// What GitHub makes a link or a notice of besides markdown.
	mention = regexp.MustCompile(`@[A-Za-z0-9]|#[0-9]|\bGH-[0-9]`)
)
