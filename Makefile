# Two commands on a fresh machine with Python 3.11 or newer, git and make: `make quickstart` and `make test`.
# A stamp file stands for each set-up that is done; it is repeated when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNS ?= runs

.PHONY: help quickstart test check bench docs clean
.DEFAULT_GOAL := help

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile | expand -t 20

quickstart: $(VENV)/.ready ## Raw text to an aligned assistant on the embedded world; prints the scorecard and the report's place
	$(BIN)/trivium run recipes/quickstart.toml --runs $(RUNS)

test: $(VENV)/.ready-test ## All tests; one that is skipped counts as failed
	CI=true $(BIN)/python -m pytest

check: $(VENV)/.ready-test ## ruff, mypy strict, layers, maxima of files and functions, generated pages
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/maxima.py
	$(BIN)/python scripts/commands_page.py --check
	$(BIN)/python scripts/formats_page.py --check

bench: $(VENV)/.ready-bench ## Every measurement to runs/bench.md, beside TRL, transformers and datatrove; says its plan first; PARTS="trl kernels" takes some
	$(BIN)/python -m bench.whole $(PARTS)

docs: $(VENV)/.ready ## Write the generated pages anew: docs/commands.md, and the README's scorecard where a run is there
	$(BIN)/python scripts/commands_page.py
	$(BIN)/python scripts/formats_page.py
	@test ! -f $(RUNS)/quickstart/scorecard.json || $(BIN)/python scripts/readme_scorecard.py $(RUNS)/quickstart/scorecard.json

clean: ## Remove the environment and caches; runs stay
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@PYTHON=$(PYTHON) scripts/system_packages.sh venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready-test: $(VENV)/.ready
	@PYTHON=$(PYTHON) scripts/system_packages.sh compiler
	@scripts/system_packages.sh browser
	@scripts/system_packages.sh database
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,check]'
	@touch $@

$(VENV)/.ready-bench: $(VENV)/.ready-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@
