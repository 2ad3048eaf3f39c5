# ParkPulse. `make` alone says what there is. Everything lives in .venv; no root, no container engine, no account.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test faults check bench clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
CODE := pipeline connectors simulators tests
ARGS ?=
SERVICES ?=
export SERVICES

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.for-run ## factory lines, broker, pipeline and live view in one process: make run ARGS="--seconds 60"
	$(BIN)/parkpulse demo $(ARGS)

test: $(VENV)/.for-work ## every tier of tests; SERVICES=required fails where a real service is missing
	$(BIN)/python -m tests.run

faults: $(VENV)/.for-work ## what is done to the product to see its promises: docs/reliability.md; ARGS="-k row_18" for one
	$(BIN)/python -m tests.faults $(ARGS)

check: $(VENV)/.for-work ## lint, format, types, import contracts, docs in step
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/unit/test_architecture.py $(wildcard tests/unit/test_docs.py)

bench: $(VENV)/.for-bench ## the benchmarks, short form: make bench ARGS="core --json core.json" for one
	$(BIN)/parkpulse bench $(ARGS)

clean: ## removes the environment, caches and build leftovers; never data
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says which extras the environment has; a changed pyproject.toml brings it up to date.

$(VENV)/.for-run: pyproject.toml | $(BIN)/python
	$(PIP) -e '.[broker]' || { echo "no wheel of the bundled broker for this machine: installing without it" >&2; $(PIP) -e .; }
	touch $@

$(VENV)/.for-bench: pyproject.toml $(VENV)/.for-run
	$(PIP) -e '.[kafka,influx]'
	touch $@

$(VENV)/.for-work: pyproject.toml $(VENV)/.for-run
	$(PIP) -e '.[test,check]'
	touch $@

# The first Python from 3.11 up; on Debian the module venv is a package of its own.
$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			$$python -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); echo "$$python cannot make an environment; on Debian: apt-get install python3-venv" >&2; exit 1; \
		fi; \
	done; echo "Python 3.11 or newer is needed; found: $$(python3 --version 2>&1)" >&2; exit 1
