# make demo | up | test | check | bench: `make help` lists all. It needs Python 3.11 to 3.14 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MANAGE := $(BIN)/python manage.py
SHELL := /bin/bash

.PHONY: help demo up stop install check lint types imports migrations schema kernels test bench bench-full bench-load bench-stages bench-pages bench-features bench-content bench-training bench-faults mutants pictures format lock audit sbom

help:
	@echo "make demo      run everything on simulated payments, with a first model and live traffic"
	@echo "make up        run everything on your own data"
	@echo "make stop      stop all processes and the embedded services"
	@echo "make install   install the pinned packages into $(VENV): 2 GB, a few minutes"
	@echo "make test      run all checks and tests, from nothing"
	@echo "make check     run the checks without the tests"
	@echo "make bench     measure this machine: a few minutes; bench-full: longer, at more rates"
	@echo "               bench-load: single requests beside a bulk load of 200,000 events"
	@echo "               bench-features: backfill compared with other tools and at growing sizes, sequencing, hot entities"
	@echo "               bench-training: reading a million payments for training, fitting a million rows"
	@echo "               bench-content: posts, pictures and hash banks alone"
	@echo "               bench-faults: 60 quiet days and 14 injected faults on a virtual clock: what alerts say"
	@echo "make mutants   put small faults into the code and check that a test fails: several hours"
	@echo "make pictures  take the documentation's pictures from a running demo"
	@echo "make lock      resolve requirements.lock after a change of requirements"

demo: install
	@$(MANAGE) demo

# Services, tables, web, workers and scheduler on http://localhost:8000 (ASSAY_PORT). A process that ends is
# restarted. The services keep running when the command ends.
up: export ASSAY_HTTPS ?= 0
up: install
	@$(MANAGE) up

stop: install
	$(MANAGE) services stop

install: $(STAMP)

# The stamp is newer than the lock file when its packages are installed, so a second run costs nothing.
$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "Assay needs Python 3.11 to 3.14; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python tools/install_packages.py requirements.lock
	@touch $(STAMP)

# After a change of requirements.txt or requirements-dev.txt: all packages with their hashes.
lock: install
	$(BIN)/uv pip compile requirements-dev.txt --universal --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

# Known vulnerabilities of the pinned packages (asks PyPI), and a bill of materials (CycloneDX).
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

# Compiled once, so that the test processes need not each compile them.
kernels: install
	$(MANAGE) compile_kernels

# Checks run two at a time, and tests in three processes: for a third of their time tests wait for others.
test: install
	@$(MAKE) --no-print-directory --jobs=2 check kernels
	$(BIN)/pytest --numprocesses=3

# On services and processes of its own. The set-up takes minutes; ASSAY_BENCH_VAR=/a/directory keeps it.
bench: install
	$(BIN)/python -m benchmarks.bench

bench-full: install
	$(BIN)/python -m benchmarks.bench --mode full

# A bulk load of 200,000 events with single requests beside it: two minutes.
bench-load: install
	$(BIN)/python -m benchmarks.loading

# One event's time by stage: docs/reference/performance.md.
bench-stages: install
	$(BIN)/python -m benchmarks.stages

# 200,000 events and 20,000 cases are stored first: a few minutes.
bench-pages: install
	$(BIN)/python -m benchmarks.pages

# A million payments are loaded first: some minutes.
bench-training: install
	$(BIN)/python -m benchmarks.training

# Posts, pictures and a bank of a million hashes: ten minutes.
bench-content: install
	$(BIN)/python -m benchmarks.content

# The whole product for months on a virtual clock, and each fault in a copy of it: half an hour.
bench-faults: install
	$(BIN)/python -m benchmarks.faults

# Backfill against pandas, Polars and DuckDB, up to 3 million events; an entity in ten million: ten minutes.
bench-features: install
	$(BIN)/python -m benchmarks.backfill --growth
	$(BIN)/python -m benchmarks.sequencing --hot

# README's pictures, taken from a running `make demo`. It needs Chromium and chromedriver on the PATH.
pictures: install
	$(BIN)/python -m tools.take_pictures

# A sample of each room (MUTANTS="--room log --sample 100" for more of one). mutants/survivors.toml explains survivors.
mutants: install
	$(BIN)/python -m mutants.run $(MUTANTS)
