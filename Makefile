# make demo | up | test | check | bench. Only Python 3.11 (or later) and make have to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MANAGE := $(BIN)/python manage.py
SHELL := /bin/bash

.PHONY: help demo up stop install check lint types imports migrations schema test bench bench-full bench-load bench-stages bench-pages bench-features mutants format lock audit sbom

help:
	@echo "make demo    everything, with simulated history, a first model and live traffic"
	@echo "make up      everything, on your own data"
	@echo "make stop    stop everything: what 'make up' runs, and the embedded services that it leaves running"
	@echo "make test    checks and tests, from nothing"
	@echo "make check   the checks without the tests"
	@echo "make bench   measure this machine: some minutes; bench-full: longer, at more rates"
	@echo "             bench-load: single requests beside a bulk load of 200,000 events"
	@echo "             bench-features: backfill against other tools, its growth, sequencing, hot entities"
	@echo "make mutants put small faults into the code and see whether its tests notice: some hours"

demo: install
	@$(MANAGE) demo

# Services, tables, web, workers and scheduler on http://localhost:8000 (ASSAY_PORT); a process that ends is
# started again. The services stay up when it ends.
up: export ASSAY_HTTPS ?= 0
up: install
	@$(MANAGE) up

stop: install
	$(MANAGE) services stop

install: $(STAMP)

# The stamp is newer than the lock file when its packages are installed, so a second run costs nothing.
$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "Assay needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) --version 2>&1). Say which: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python tools/install_packages.py requirements.lock
	@touch $(STAMP)

# After a change of requirements.txt or requirements-dev.txt: every package that they bring, with its hashes.
lock: install
	$(BIN)/uv pip compile requirements-dev.txt --universal --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

# Known vulnerabilities of what is installed (asks PyPI), and a bill of materials (CycloneDX).
audit: install
	$(BIN)/uvx pip-audit@2.10.1 --require-hashes --disable-pip -r requirements.lock

sbom: install
	$(BIN)/uvx --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements.lock --output-file sbom.json

check: lint types imports migrations schema

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

migrations: install
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run  # no database is needed

schema: install
	$(MANAGE) spectacular --validate --fail-on-warn --file /dev/null

test: install check
	$(BIN)/pytest

# Services and processes of its own. Setting up takes minutes; ASSAY_BENCH_VAR=/a/directory keeps that for the next.
bench: install
	$(BIN)/python -m benchmarks.bench

bench-full: install
	$(BIN)/python -m benchmarks.bench --mode full

# A bulk load of 200,000 events with single requests beside it: two minutes.
bench-load: install
	$(BIN)/python -m benchmarks.loading

# Where an event's time goes: docs/reference/performance.md.
bench-stages: install
	$(BIN)/python -m benchmarks.stages

# 200,000 events and 20,000 cases are stored first: some minutes.
bench-pages: install
	$(BIN)/python -m benchmarks.pages

# Backfill against pandas, Polars and DuckDB, up to 3 million events; an entity in ten million: ten minutes.
bench-features: install
	$(BIN)/python -m benchmarks.backfill --growth
	$(BIN)/python -m benchmarks.sequencing --hot

# A sample of each room (MUTANTS="--room log --sample 100" for more of one); survivors with a reason: mutants/survivors.toml.
mutants: install
	$(BIN)/python -m mutants.run $(MUTANTS)
