# Yitong: `make help` lists what one can do.
SHELL       := /bin/bash
TAGS        := duckdb_arrow
CACHE       := $(CURDIR)/.cache
BIN         := $(CURDIR)/bin/yitong

LINT_VERSION := v2.15.0
GENERATOR   := github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2
LINT        := $(CACHE)/golangci-lint-$(LINT_VERSION)
SCALE       ?= campus
RUN_FLAGS   ?=
# One package's tests at a time link DuckDB: two at once would not fit small machines.
TEST_PARALLEL ?= 2
TEST_TIMEOUT  ?= 20m
# What the tests may need from Debian, beside the compiler that the build needs.
BUILD_PACKAGES := gcc g++ git ca-certificates
TEST_PACKAGES  := $(BUILD_PACKAGES) postgresql mariadb-server slapd ldap-utils maven default-jdk-headless

export CGO_ENABLED = 1

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: build ## Build the demo campus if it is not there, synchronise all of its systems, and serve
	$(BIN) run --scale $(SCALE) $(RUN_FLAGS)

.PHONY: build
build: setup-build ## Build bin/yitong
	go build -tags $(TAGS) -o $(BIN) ./cmd/yitong

.PHONY: test
test: setup-test ## Run all tests
	YITONG_TEST_REQUIRE=1 go test -tags $(TAGS) -p $(TEST_PARALLEL) -timeout $(TEST_TIMEOUT) ./...

.PHONY: test-quick
test-quick: setup-build ## Run the tests that need no server and finish in seconds each
	go test -short -tags $(TAGS) -p $(TEST_PARALLEL) -timeout $(TEST_TIMEOUT) ./...

.PHONY: bench
bench: setup-build ## Measure loads, files and the demo campus
	go run -tags $(TAGS) ./bench
	go test -tags $(TAGS) -run XXX -bench . -benchtime 1x -v ./bench

.PHONY: bench-api
bench-api: setup-build ## Measure the API under load: reads of one person, a large read, exports
	go run -tags $(TAGS) ./bench -case api

.PHONY: soak
soak: setup-test ## Run the long tests: all crash moments, full random counts, fuzzing
	YITONG_SOAK=50 YITONG_TEST_REQUIRE=1 go test -tags $(TAGS) -p 1 -timeout 3h -count=1 ./pipelines/... ./internal/app/... ./audit/...
	YITONG_SOAK=1 go test -tags $(TAGS) -timeout 3h -count=1 -run ContributionsEqual ./api -rapid.checks=150
	YITONG_ACL_TRIPLES=1000000 go test -tags $(TAGS) -timeout 3h -count=1 -run ThreeEvaluatorsAgree -v ./acl/policystore/
	YITONG_GATE_READS=12000 go test -tags $(TAGS) -timeout 3h -count=1 -run EveryExit -v ./query/
	go test -tags $(TAGS) -timeout 3h -count=1 -run NoStatementReaches ./query/ -rapid.checks=20000
	./scripts/fuzz.sh

.PHONY: lint
lint: setup-build $(LINT) ## Run golangci-lint; the layer table is checked by internal/archtest
	$(LINT) run --build-tags $(TAGS) --timeout 15m ./...
	go test -tags $(TAGS) -count=1 ./internal/archtest/

.PHONY: generate
generate: setup-build ## Generate the API's types from its contract, api/openapi.yaml
	cd api/contract && go run $(GENERATOR) -config generate.yaml ../openapi.yaml

.PHONY: generated
generated: setup-build ## Check that what is generated is what the contract says
	mkdir -p $(CACHE)
	sed 's|^output: .*|output: $(CACHE)/contract.gen.go|' api/contract/generate.yaml > $(CACHE)/generate.yaml
	cd api/contract && go run $(GENERATOR) -config $(CACHE)/generate.yaml ../openapi.yaml
	diff -u api/contract/contract.gen.go $(CACHE)/contract.gen.go

$(LINT):
	mkdir -p $(CACHE)
	GOBIN=$(CACHE)/tmp go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(CACHE)/tmp/golangci-lint $@

.PHONY: setup-build
setup-build: ## Install what the build needs
	@./scripts/packages.sh $(BUILD_PACKAGES)
	@go mod download

.PHONY: setup-test
setup-test: ## Install what the tests need
	@./scripts/packages.sh $(TEST_PACKAGES)
	@go mod download

.PHONY: clean
clean: ## Remove what was built, not the home folder ./var
	rm -rf bin .cache
