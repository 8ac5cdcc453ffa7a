# Every target sets up what it needs. Nothing is downloaded while .venv is newer than pyproject.toml.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first of these that is new enough makes the virtual environment.
PYTHON ?= python3
CANDIDATES := $(PYTHON) python3.13 python3.12 python3.11

# Relative paths only, so that a directory with spaces in its name is no trouble.
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev

# An environment whose interpreter is gone is no environment; its stamps must not say otherwise.
GONE := $(shell test -x $(BIN)/python || rm -rf $(VENV))

# pip's own notices (a newer release, running as root) would bury what matters.
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help demo test lint format types pytest bench bench-quick bench-compare soak fuzz vendor clean

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: $(RUN_STAMP) ## a coding agent's session with the example plugins
	@$(BIN)/python -m host demo

# Programs run as modules: their scripts hold an absolute path, which a moved checkout makes wrong.
CHECK_STYLE = $(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .
CHECK_TYPES = $(BIN)/python -m mypy
CHECK_IMPORTS = $(BIN)/python -c 'from importlinter.cli import lint_imports_command as run; run()'

# A file of tests stays with one process: what its tests share is made once. How many processes: tests/conftest.py.
PARALLEL ?= -n auto --maxprocesses 8 --dist loadfile

# Compiled once: most programs that tests start may write no bytecode, and would each compile all they import.
PACKAGES = host worker ipc policies jcode_plugins

# One recipe, so that the order holds under `make -j` and pytest has the last word.
test: $(DEV_STAMP) ## lint, types, import rules, all tests
	$(CHECK_STYLE)
	$(CHECK_TYPES)
	$(CHECK_IMPORTS)
	$(BIN)/python -m compileall -q $(PACKAGES)
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

lint: $(DEV_STAMP) ## style and import rules
	$(CHECK_STYLE)
	$(CHECK_IMPORTS)

format: $(DEV_STAMP) ## format and repair what can be repaired
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

types: $(DEV_STAMP) ## types
	$(CHECK_TYPES)

pytest: $(DEV_STAMP) ## tests alone; PYTEST_ARGS='-k name' chooses
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(DEV_STAMP) ## all benchmarks, about four minutes; BENCH_ARGS='--rows NAME' chooses
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-quick: $(DEV_STAMP) ## all benchmarks, about a minute
	$(BIN)/python -m benchmarks --quick $(BENCH_ARGS)

bench-compare: $(DEV_STAMP) ## two runs: A=before.json B=after.json
	@test -n "$(A)" && test -n "$(B)" || { echo "usage: make bench-compare A=before.json B=after.json" >&2; exit 1; }
	$(BIN)/python -m benchmarks.compare "$(A)" "$(B)"

soak: $(DEV_STAMP) ## tests that take minutes
	$(BIN)/python -m pytest -m soak --timeout 3600 $(PYTEST_ARGS)

fuzz: $(DEV_STAMP) ## ten million frames against the host, about ten minutes; FUZZ_ARGS='--seed 1' repeats
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

vendor: $(DEV_STAMP) ## bundle the JavaScript packages that worker/vendor/package-lock.json names
	$(BIN)/python worker/vendor/build.py

clean: ## remove what these targets made
	rm -rf $(VENV) build dist .make .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@found=; for candidate in $(CANDIDATES); do \
		if "$$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "error: no Python 3.11 or newer among: $(CANDIDATES); install one, or name one: make PYTHON=/path/to/python" >&2; exit 1; \
	fi; \
	echo "setting up $(VENV) with $$found"; \
	rm -rf $(VENV) && "$$found" -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "error: $$found cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	}

$(RUN_STAMP): pyproject.toml | $(BIN)/python
	$(PIP) install -e .
	@touch $@

# With `make -j demo test` only one pip may work on .venv at a time, hence the order.
$(DEV_STAMP): pyproject.toml | $(RUN_STAMP)
	$(PIP) install -e '.[dev]'
	@touch $@
