# The two commands to know: `make run` and `make test`.  Both work first thing on a fresh Debian or Ubuntu.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := .tools/bin/uv
SYNC := $(UV) sync --locked --compile-bytecode --quiet --python $(PYTHON)
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never

OTHER_PYTHONS ?= $(wildcard /usr/bin/python3.1[1-9] /usr/local/bin/python3.1[1-9] $(HOME)/.pyenv/versions/3.1[1-9]*/bin/python3)
.PHONY: help venv dev run demo test test-pythons check bench soak triage-report image clean servers

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

venv: $(VENV)/.running ## Build .venv with the console script and nothing else

dev: $(VENV)/.developing ## Build .venv with the tools of development too

run: $(or $(wildcard $(VENV)/.developing),$(VENV)/.running) ## Start the daemon on the embedded default: Maildir in data/inbox, tickets in data/tickets
	$(BIN)/fanin run

demo: dev servers ## Start fanin with mail, chat, X, Weibo, Redis and Request Tracker on this machine, with tickets to look at
	$(BIN)/python -m tests.demo

test: dev servers ## Run the tests, with real servers
	$(BIN)/pytest -n auto --dist loadgroup $(TESTS)

test-pythons: dev ## Run the tests of what reads and understands under each other Python here (OTHER_PYTHONS="…" names them)
	@set -e; for python in $(OTHER_PYTHONS); do \
	  version=$$($$python -V); [[ $$version == "$$($(BIN)/python -V)" ]] && continue; echo "$$version"; \
	  $(UV) run --isolated --locked --quiet --python $$python pytest -q -n auto tests/unit/normalizer tests/unit/model tests/unit/config; \
	done

check: dev ## Lint, types, import arrows, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m config.schema --check docs/schema
	$(BIN)/python -m config.reference --check docs/configuration.md
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --prefix web
	PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent --prefix web check

bench: dev ## Measure against the baselines, and print ratios
	$(BIN)/python -m benchmarks

triage-report: dev ## Measure triage on the labelled messages of the test part, with the table of confusions
	$(BIN)/python -m tests.support.triage --errors

soak: dev servers ## The long runs: thousands of messages, hundreds of restarts
	FANIN_SOAK=1 $(BIN)/pytest tests/system tests/integration -n 0 --timeout 7200

image: ## Build the container image with docker or podman
	if command -v docker; then docker build -t fanin .; else podman build --format docker -t fanin .; fi

clean: ## Remove what was built (never data/)
	rm -rf $(VENV) .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

servers: ## Install the servers that the tests use, where apt can
	@tests/support/install-servers

$(UV):
	@tests/support/install-python $(PYTHON)
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9'

# The environment is one or the other, and has the stamp of what it is.
$(VENV)/.running: pyproject.toml uv.lock | $(UV)
	$(SYNC) --no-dev
	@rm -f $(VENV)/.developing && touch $@

$(VENV)/.developing: pyproject.toml uv.lock | $(UV)
	$(SYNC)
	@rm -f $(VENV)/.running && touch $@
