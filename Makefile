# The two commands to know: `make run` and `make test`.  Both work first thing on a fresh Debian or Ubuntu.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := .tools/bin/uv
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never

.PHONY: servers help venv dev run test check bench soak image clean

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

venv: $(VENV)/.installed ## Build .venv with the console script and nothing else

dev: $(VENV)/.developing

run: venv ## Start the daemon on the embedded default: Maildir in data/inbox, tickets in data/tickets
	$(BIN)/fanin run

test: dev servers ## Run the tests, with real servers
	$(BIN)/pytest -n auto --dist loadgroup $(TESTS)

check: dev ## Lint, types, import arrows, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m config.schema --check docs/schema
	$(BIN)/python -m config.reference --check docs/configuration.md

bench: dev ## Measure against the baselines, and print ratios
	$(BIN)/python -m benchmarks

soak: dev servers ## The long runs: thousands of messages, hundreds of restarts
	FANIN_SOAK=1 $(BIN)/pytest tests/system tests/integration -n 0 --timeout 7200

image: ## Build the container image with docker or podman
	$$(command -v docker || command -v podman) build -t fanin .

clean: ## Remove what was built (never data/)
	rm -rf $(VENV) .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

servers: ## Install the servers that the tests use, where apt can
	@tests/support/install-servers

$(UV):
	@tests/support/install-python $(PYTHON)
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet 'uv>=0.9'

$(VENV)/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --no-dev --compile-bytecode --quiet --python $(PYTHON)
	@touch $@

$(VENV)/.developing: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --compile-bytecode --quiet --python $(PYTHON)
	@touch $@ $(VENV)/.installed
