#!/usr/bin/env bash
# The quick start: what "make quickstart" shows, step by step. It needs bin/syncform
# (make build) and Go; no server, no root. What it makes stays in bin/quickstart.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CGO_ENABLED=0

work=bin/quickstart
rm -rf "$work"
mkdir -p "$work"
go build -trimpath -o "$work/shop" ./examples/quickstart/shop
cp examples/quickstart/main.sf.hcl "$work"
PATH="$PWD/bin:$PATH"
cd "$work"

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
if [ -n "${NO_COLOR:-}" ] || [ ! -t 1 ]; then
  say() { printf '\n# %s\n' "$*"; }
fi

# Runs a command as it is shown, and wants an exit code of it.
run() {
  local wanted=$1 code=0 arg
  shift
  printf '$'
  for arg in "$@"; do
    case $arg in
    *'"'*) printf " '%s'" "$arg" ;;
    *) printf ' %s' "$arg" ;;
    esac
  done
  printf '\n'
  "$@" || code=$?
  if [ "$code" != "$wanted" ]; then
    echo "quickstart: exit code $code, wanted $wanted" >&2
    exit 1
  fi
}

say "A small shop, in SQLite."
run 0 ./shop make shop.db

say "What shall be: main.sf.hcl says which tables go where, under which names."
cat main.sf.hcl

say "Is it right? Nothing is connected to."
run 0 syncform validate

say "What will be done: the plan, saved as it is shown."
run 0 syncform plan -out tfplan

say "Do that, and nothing else."
run 0 syncform apply tfplan

say "Are the rows the same? Source and target are compared."
run 0 syncform verify

say "A day in the shop."
run 0 ./shop change shop.db

say "The tables are as they should be, so there is nothing to plan (mode full copies once) ..."
run 0 syncform plan -detailed-exitcode

say "... but rows differ, and verify says which: exit code 1."
run 1 syncform verify

say "Load that table anew. It gathers beside the live one and takes its place at once."
run 0 syncform apply -auto-approve -replace='sync.shop.mapping["orders"]'

say "The same again?"
run 0 syncform verify

say "And is there anything left to do? Exit code 0 says no."
run 0 syncform plan -detailed-exitcode

say "That was it. Look around in $work, and at docs/getting-started.md."
