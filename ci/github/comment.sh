#!/usr/bin/env bash
# Puts a plan on a pull request: comment.sh NUMBER FILE. The comment that begins with the
# file's first line, its marker, is replaced; where there is none it is made. It needs
# curl, jq, GITHUB_TOKEN, GITHUB_REPOSITORY and, but on github.com, GITHUB_API_URL.
set -euo pipefail

number=$1
file=$2
api="${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/issues"
marker=$(head -n 1 "$file")

call() { # METHOD URL: the body comes from stdin
  curl -sS --fail-with-body --retry 3 -X "$1" "$2" \
    -H 'Accept: application/vnd.github+json' -H @<(printf 'Authorization: Bearer %s\n' "$GITHUB_TOKEN") \
    --data-binary @-
}

find_comment() {
  local page=1 found count
  while :; do
    local body
    body=$(call GET "$api/$number/comments?per_page=100&page=$page" </dev/null)
    found=$(jq -r --arg marker "$marker" '[.[] | select(.body | startswith($marker)) | .id][0] // empty' <<<"$body")
    count=$(jq length <<<"$body")
    if [ -n "$found" ] || [ "$count" -lt 100 ]; then
      echo "$found"
      return
    fi
    page=$((page + 1))
  done
}

id=$(find_comment)
if [ -n "$id" ]; then
  jq -Rs '{body: .}' "$file" | call PATCH "$api/comments/$id" >/dev/null
  echo "updated comment $id"
else
  jq -Rs '{body: .}' "$file" | call POST "$api/$number/comments" >/dev/null
  echo "made a comment"
fi
