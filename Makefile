# The words of this project.  `make demo` shows it, `make test` proves it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup run demo test fast check fmt lock docs messages bench release
PORT ?= 8000
# Compiled once and kept: a hub starts a dozen processes from the same modules.
export PYTHONDONTWRITEBYTECODE :=
ARGS ?=

help: ## Show these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Prepare .venv, the front end and the system packages
	@scripts/setup run

run: setup ## Start the hub (PORT=8000)
	@.venv/bin/bitgoeul serve --port $(PORT) $(ARGS)

demo: setup ## From nothing to a live, metered AI service, then keep the hub up (PORT=8000, ARGS=--exit)
	@.venv/bin/bitgoeul demo --port $(PORT) $(ARGS)

test: ## Everything that must hold: both databases, API, verifier, browser
	@scripts/setup test
	@scripts/test

fast: ## The tests that answer within a minute (SQLite, no browser, changed capabilities first)
	@scripts/setup test
	@scripts/test fast

check: ## Format, lint, types, import contracts
	@scripts/setup test
	@scripts/test check

fmt: ## Format and mend what can be mended
	@scripts/setup test
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format .

lock: ## Make the lock files again (UPGRADE=1 for newer versions)
	@scripts/lock

docs: setup ## Write the generated references under docs/
	@.venv/bin/bitgoeul docs

messages: ## Collect and compile the translations
	@scripts/setup test
	@.venv/bin/bitgoeul messages --collect

bench: setup ## Run every benchmark and write docs/benchmarks.md
	@.venv/bin/bitgoeul bench --all

release: ## Build the package that a release is made of, from a clean tree whose tests pass
	@scripts/release
