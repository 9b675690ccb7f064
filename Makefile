# What a contributor runs. Each target says what it needs; `make help` lists them.
# `make test` needs Go and a C compiler (for SQLite and the race detector);
# tests on Redis, PostgreSQL and MariaDB are skipped, with a line each, where
# those are not installed, and fail instead where CI=true.

# Pinned: another version of sqlc writes other code into every generated file.
# Without cgo it uses PostgreSQL's parser as WebAssembly, which builds in a
# minute instead of several.
SQLC := CGO_ENABLED=0 go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.30.0

# A module of its own, whose libraries no user of moneyclip pays for. After a
# change of go.mod here it needs `go mod tidy` there.
TOOLS := examples/tools

# The slowest package starts several servers; a test that hangs should still
# say where before CI gives up.
TIMEOUT := 25m

.DEFAULT_GOAL := help
.PHONY: help test lint generate bench

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## vet, then all tests with the race detector
	@command -v redis-server >/dev/null || command -v valkey-server >/dev/null || \
		echo "no redis-server: the tests on Redis will be skipped"
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		echo "no PostgreSQL server: the tests on PostgreSQL will be skipped"
	@command -v mariadbd >/dev/null || ls /usr/sbin/mariadbd >/dev/null 2>&1 || \
		echo "no MariaDB server: the tests on MariaDB will be skipped"
	go vet ./...
	CGO_ENABLED=1 go test -race -parallel 4 -timeout $(TIMEOUT) ./...
	cd $(TOOLS) && go vet ./... && CGO_ENABLED=1 go test -race -parallel 4 -timeout $(TIMEOUT) ./...

lint: ## vet, gofmt, and golangci-lint where it is installed
	go vet ./...
	cd $(TOOLS) && go vet ./...
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; \
		else echo "golangci-lint is not installed: its linters were not run"; fi

generate: ## write the sqlc code of the example again (builds sqlc once)
	cd examples/tweeter && $(SQLC) generate

bench: ## the benchmarks, with allocations
	go test -run '^$$' -bench . -benchmem ./...
