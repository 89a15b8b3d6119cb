package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func (s *session) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "Print a completion script for your shell", ArgsUsage: "bash|zsh|fish", Category: "other",
		Description: `
Prints a script that completes commands and their options.

Examples:

  source <(syncform completion bash)
  syncform completion zsh > "${fpath[1]}/_syncform"
  syncform completion fish > ~/.config/fish/completions/syncform.fish`,
		Action: func(c *cli.Context) error {
			args, err := s.positional(c, 1, 1, "bash, zsh or fish")
			if err != nil {
				return err
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
  local cur path word words i
  cur="${COMP_WORDS[COMP_CWORD]}"
  path=""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case "$word" in
      -*) ;;
      *) path="${path:+$path }$word" ;;
    esac
  done
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
			if strings.HasPrefix(w, "-") {
				fmt.Fprintf(&b, "complete -c syncform -n '__fish_seen_subcommand_from %s' -o %s\n", c.path, w[1:])
			}
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
}
