# The only front door: everything that people and CI run is a target here.
# Three rings of tests: `make test` (every commit), `make proof` (before a release), `make deep` (hours).
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Foundry's native programs. The npm shims in node_modules/.bin are never used: they exit 0 when a test fails.
NPM_BIN := $(CURDIR)/node_modules/@foundry-rs
export PATH := $(NPM_BIN)/forge-linux-amd64/bin:$(NPM_BIN)/anvil-linux-amd64/bin:$(NPM_BIN)/cast-linux-amd64/bin:$(PATH)
export FOUNDRY_DISABLE_NIGHTLY_WARNING := 1

PURSE := target/debug/purse
# Everything at once, so that each dependency is built with one set of features, once.
BUILD_ALL := cargo build --locked --workspace --all-targets
SETUP_DONE := node_modules/.package-lock.json

# Where the reader of the archive lies, for one test of `make proof`.
DUCKDB := $(CURDIR)/target/duckdb
DUCKDB_VERSION := 2.0.0

# Where somebody else's facilitator is built, for one test of `make proof`.
X402_RS := $(CURDIR)/target/x402-rs

.PHONY: help setup build demo test test-contracts forge-test test-rust bench bench-x402 bench-indexer lint lint-format fmt gas snapshots docs proof deep clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP_DONE) ## install the pinned toolchain (npm lockfile, no install scripts)

$(SETUP_DONE): package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

build: setup ## build the contracts and the programs
	cargo build --locked --workspace

demo: setup ## the whole story on a local chain, each line decided by the contract
	@cargo build --quiet --locked -p purse-cli
	@$(PURSE) demo

test: lint-format test-contracts test-rust ## everything CI checks (at most 25 minutes from a cold checkout)
	@echo "make test: all passed"

test-contracts: setup
	scripts/check-forge-fails
	scripts/code-size
	scripts/storage-layout
	scripts/opcodes
	scripts/bytecode-lock
	$(MAKE) --no-print-directory forge-test
	node --test scripts/mutate/
	node scripts/bug-zoo.mjs --attacks
	node scripts/tidy-trees.mjs
	node scripts/vectors.mjs --check

FORGE_TEST_FLAGS ?=
forge-test: setup
	forge test $(FORGE_TEST_FLAGS)

# What is tested is compiled by clippy's driver, with warnings as errors: linting alone would build everything twice.
test-rust: export RUSTC_WORKSPACE_WRAPPER := clippy-driver
test-rust: export CLIPPY_ARGS := -Dwarnings
test-rust: setup
	$(BUILD_ALL)
	cargo test --locked --workspace --no-fail-fast
	target/debug/gas
	target/debug/reference --check
	@command -v initdb pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		echo "skipped: the indexer's tests on PostgreSQL, which is not installed"

lint: lint-format ## formatting, clippy, forge lint
	cargo clippy --locked --workspace --all-targets -- -D warnings

lint-format: setup
	cargo fmt --all --check
	forge fmt --check contracts
	forge lint contracts/src --severity high --severity med --deny warnings

fmt: setup ## format everything
	cargo fmt --all
	forge fmt contracts

gas: setup ## gas of every verb by whole transactions, compared with contracts/snapshots/gas.json
	cargo run --quiet --locked -p purse-tests --bin gas

bench: setup ## time the warm demo, status and a payment's work in the client; writes target/bench/client.json
	cargo build --quiet --locked -p purse-cli
	cargo run --quiet --locked -p purse-tests --bin bench

bench-x402: setup ## time a request paid from a purse against the same paid by an account; writes target/bench/x402.json
	PURSE_BENCH=40 cargo test --quiet --locked -p purse-tests --test e2e -- a_purse_pays_about_as_fast
	@cat target/bench/x402.json

bench-indexer: setup ## time the indexer against what the node and the decoder allow; writes target/bench/indexer.json
	cargo build --quiet --locked --release -p purse-cli -p purse-tests --bin purse --bin bench-indexer
	target/release/bench-indexer $(BENCH_EVENTS)

snapshots: setup ## rewrite the snapshots of storage layout, bytecode and gas
	scripts/storage-layout --write
	scripts/bytecode-lock --write
	cargo run --quiet --locked -p purse-tests --bin gas -- --write

docs: setup ## generate the reference pages (CLI, errors, events, HTTP) and the API documentation
	cargo build --quiet --locked -p purse-cli
	cargo run --quiet --locked -p purse-tests --bin reference
	cargo doc --locked --workspace --no-deps

proof: test ## before a release: coverage, mutants, symbolic proofs, both pipelines; writes docs/proof.json (needs PyPI)
	node scripts/proof.mjs
	PURSE_TREES=10000 cargo test --locked -p purse-indexer --test indexer any_tree
	PURSE_KILLS=100 cargo test --locked -p purse-indexer --test kills
	PURSE_EVERY_KILL=1 cargo test --locked -p purse-tests --test e2e -- x402::killed
	cargo build --locked --manifest-path tests/x402/x402-rs/Cargo.toml --target-dir $(X402_RS)
	PURSE_X402_RS=$(X402_RS)/debug/x402-rs-facilitator cargo test --locked -p purse-tests --test e2e -- \
		--ignored --exact x402::x402_rs::x402_rs_settles_from_a_purse_what_the_vault_allows
	python3 -m venv $(DUCKDB)
	$(DUCKDB)/bin/pip install --quiet --disable-pip-version-check duckdb==$(DUCKDB_VERSION)
	PURSE_DUCKDB_PYTHON=$(DUCKDB)/bin/python cargo test --locked -p purse-tests --test e2e -- \
		--ignored --exact archive::duckdb_reads_an_archive

deep: setup ## hours: the long fuzz, invariant and differential runs
	FOUNDRY_PROFILE=deep forge test
	PURSE_MODEL_OPS=1000000 cargo test --locked -p purse-model
	PURSE_KILLS=2000 cargo test --locked -p purse-indexer --test kills

clean: ## remove what was built
	rm -rf target out cache node_modules .build
