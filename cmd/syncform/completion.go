package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/syncform/syncform/cmd/internal/view"
)

func (s *session) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "Print a completion script for your shell", ArgsUsage: "bash|zsh|fish", Category: "other",
		Description: `
Prints a script that completes commands, their options and, where an option or command takes one, the addresses of the configuration and the state.

Examples:

  source <(syncform completion bash)
  syncform completion zsh > "${fpath[1]}/_syncform"
  syncform completion fish > ~/.config/fish/completions/syncform.fish`,
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "bash, zsh or fish")
			if err != nil {
				return err
			}
			if args[0] == "addresses" { // what the scripts ask for
				return s.addresses(c.Context)
			}
			commands := completable(s.app().Commands, "")
			var script string
			switch args[0] {
			case "bash":
				script = bashCompletion(commands)
			case "zsh":
				script = "#compdef syncform\nautoload -U +X bashcompinit && bashcompinit\n" + bashCompletion(commands)
			case "fish":
				script = fishCompletion(commands)
			default:
				return refused("Unknown shell", "There are completion scripts for bash, zsh and fish, not for %q.", args[0])
			}
			_, err = io.WriteString(s.out, script)
			return err
		},
	}
}

// addresses prints what an address may be: syncs and mappings of the configuration, and
// mappings of the state. What can't be read is left out: a completion says nothing.
func (s *session) addresses(ctx context.Context) error {
	known := map[string]bool{}
	cfg, _ := s.read(configOptions{}, true)
	if cfg == nil {
		return nil
	}
	for _, sync := range cfg.Syncs {
		known[sync.Addr] = true
		for _, m := range sync.Mappings {
			if !strings.Contains(m.Label, "*") {
				known[m.Addr] = true
			}
		}
	}
	if cfg.Backend.Type == "local" { // no network for a key that was pressed
		if st, err := s.readState(ctx); err == nil && st != nil {
			for _, addr := range st.List() {
				known[addr] = true
			}
		}
	}
	for _, addr := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintln(s.out, view.Safe(addr))
	}
	return nil
}

// takeAddress are the commands whose arguments are addresses.
const takeAddress = "import|state show|state mv|state rm|state list"

// completed is a command with the words that may follow it.
type completed struct {
	path, usage string
	words       []string
}

func completable(commands []*cli.Command, parent string) []completed {
	var out []completed
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		k := completed{path: strings.TrimSpace(parent + " " + c.Name), usage: c.Usage}
		for _, sub := range c.Subcommands {
			k.words = append(k.words, sub.Name)
		}
		for _, f := range visible(c.Flags) {
			k.words = append(k.words, "-"+f.Names()[0])
		}
		k.words = append(k.words, "-help", "-chdir")
		out = append(append(out, k), completable(c.Subcommands, k.path)...)
	}
	return out
}

func bashCompletion(commands []completed) string {
	var top []string
	var cases strings.Builder
	for _, c := range commands {
		if !strings.Contains(c.path, " ") {
			top = append(top, c.path)
		}
		fmt.Fprintf(&cases, "    %q) words=%q ;;\n", c.path, strings.Join(c.words, " "))
	}
	return `_syncform() {
  local cur prev path word words i a bare dir=()
  cur="${COMP_WORDS[COMP_CWORD]}"
  prev="${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi
  path=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case "$word" in
      -chdir|--chdir)
        if [ "${COMP_WORDS[i+1]}" = "=" ]; then i=$((i + 1)); fi
        dir=("-chdir=${COMP_WORDS[i+1]}"); i=$((i + 1)) ;;
      -chdir=*|--chdir=*) dir=("-chdir=${word#*=}") ;;
      -*|=) ;;
      *) if [ "${COMP_WORDS[i-1]}" != "=" ]; then path="${path:+$path }$word"; fi ;;
    esac
  done
  case "${prev#-}|$path" in
    target\|*|-target\|*|replace\|*|-replace\|*|approve\|*|-approve\|*|*\|import|*\|"state show"|*\|"state rm"*|*\|"state mv"*|*\|"state list"*)
      if [[ "$cur" != -* ]]; then
        bare="${cur#[\"\']}"
        COMPREPLY=()
        while IFS= read -r a; do
          if [[ "$a" == "$bare"* ]]; then COMPREPLY+=("'$a'"); fi
        done < <(syncform "${dir[@]}" completion addresses 2>/dev/null)
        return
      fi ;;
  esac
  case "$path" in
    "") words="` + strings.Join(top, " ") + ` -chdir -help -version" ;;
` + cases.String() + `    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _syncform syncform
`
}

func fishCompletion(commands []completed) string {
	var b strings.Builder
	for _, c := range commands {
		parent, name, nested := strings.Cut(c.path, " ")
		if !nested {
			fmt.Fprintf(&b, "complete -c syncform -n __fish_use_subcommand -a %s -d %s\n", c.path, fishQuote(c.usage))
		} else {
			fmt.Fprintf(&b, "complete -c syncform -n '__fish_seen_subcommand_from %s' -a %s -d %s\n", parent, name, fishQuote(c.usage))
		}
		for _, w := range c.words {
			switch w {
			case "-target", "-replace", "-approve":
				fmt.Fprintf(&b, "complete -c syncform -n '__fish_seen_subcommand_from %s' -o %s -x -a '(syncform completion addresses 2>/dev/null)'\n", c.path, w[1:])
				continue
			}
			if strings.HasPrefix(w, "-") {
				fmt.Fprintf(&b, "complete -c syncform -n '__fish_seen_subcommand_from %s' -o %s\n", c.path, w[1:])
			}
		}
		if slices.Contains(strings.Split(takeAddress, "|"), c.path) {
			fmt.Fprintf(&b, "complete -c syncform -n '__fish_seen_subcommand_from %s' -f -a '(syncform completion addresses 2>/dev/null)'\n", c.path[strings.LastIndex(c.path, " ")+1:])
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
