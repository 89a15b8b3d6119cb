# make quickstart and make test are all that a newcomer needs; see CONTRIBUTING.md.

SHELL := /bin/bash
export CGO_ENABLED ?= 0
# The version is stamped below; go's own stamping fails where git does not trust the folder.
export GOFLAGS := -buildvcs=false $(GOFLAGS)

# A tag's version, else the source's with the commit behind it.
VERSION     ?= $(or $(shell git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null | sed 's/^v//'),$(shell sed -nE 's/^var version = "(.*)"/\1/p' cmd/syncform/main.go)+$(or $(shell git describe --always --dirty=.dirty 2>/dev/null),unknown))
LDFLAGS     := -s -w -X main.version=$(VERSION)
PACKAGES    ?= ./...
# Tests wait for servers more than they compute: several at a time.
TESTFLAGS   ?= -timeout 25m -parallel 4
CHAOS       ?= 100
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Packages whose work is goroutines sharing things, for the race detector.
RACE        ?= ./executor/backfill ./executor/stream ./executor/transform ./executor/verify ./planner/state/... ./providers/row/...

.PHONY: help quickstart test race underload bench lint fmt build ci pieces

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST)

build: ## the binary, into bin/syncform
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/syncform ./cmd/syncform

quickstart: build ## a small SQLite shop: plan, apply, change, apply again
	examples/quickstart/run.sh

test: bin/servers ## every test, on real servers that it finds or fetches and starts; PACKAGES, TESTFLAGS
	bin/servers -- go test $(TESTFLAGS) $(PACKAGES)

race: bin/servers ## the tests of RACE with the race detector (needs a C compiler)
	CGO_ENABLED=1 bin/servers -- go test -race $(TESTFLAGS) $(RACE)

underload: bin/servers ## each safe form of a change on a busy table: the longest stall of others (minutes; a quiet machine)
	SF_TEST_UNDERLOAD=1 bin/servers -- go test ./providers/all -run TestUnderLoad -v -timeout 40m

chaos: bin/servers ## the suite of faults, long: kills under load in every pair of systems, full disks; CHAOS=n kills per pair, or 20m of them
	SF_TEST_CHAOS=$(CHAOS) SF_TEST_FAULTS=1 SF_TEST_KILLS=25 bin/servers -- go test -timeout 170m -run 'Chaos|Kill|Disk|Fault|Sweep' ./cmd/syncform ./executor/... ./providers/...

bench: build bin/servers ## ratios against the limit measured in the same run; BENCHFLAGS="-rows 300000"
	SF_TEST_REPLICAS=1 bin/servers -- go run ./bench $(BENCHFLAGS)

lint: ## gofmt, vet, who imports whom, staticcheck, govulncheck
	@test -z "$$(gofmt -l .)" || { echo 'not formatted (make fmt):'; gofmt -l .; exit 1; }
	go vet ./...
	go run ./cmd/internal/importlint
	go run $(STATICCHECK) ./...
	.ci/vulncheck

pieces: ## the pieces of ci/, by actionlint, OPA, Kubernetes' types and schemas; a module of its own
	cd ci && test -z "$$(gofmt -l .)" && go vet ./... && go test ./...

fmt: ## gofmt over everything
	gofmt -w .

ci: ## what the gate runs
	.ci/run

.PHONY: bin/servers
bin/servers:
	@go build -o $@ ./providers/providertest/servers
