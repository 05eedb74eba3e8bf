# The only entry points a newcomer needs. `make demo` and `make test` need python3.11+ with venv, and make.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench clean

PYTHON ?= python3
CORES ?= 2
BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export MPLBACKEND := Agg

help:
	@echo "make demo   install into .venv, run the demo organism, print where predictions and report are"
	@echo "make test   install into .venv, run all tests"
	@echo "make lint   style, formatting and types"
	@echo "make bench  the learner beside its peers, on the data in ../shared"
	@echo "make clean  remove .venv and the demo's results"

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "GeneDuet needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.'
	@touch $@

.venv/tested: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test,slurm]'
	@touch $@

demo: .venv/installed
	$(SNAKEMAKE) --config 'organisms=[demo]' --report results/snakemake_report.html --report-after-run
	@echo
	@cat results/demo/evaluation/headlines.txt
	@echo
	@echo "predictions: $(CURDIR)/results/demo/predictions.tsv.gz"
	@echo "report:      $(CURDIR)/results/demo/report.html"
	@echo "workflow:    $(CURDIR)/results/snakemake_report.html"

test: .venv/tested
	$(BIN)/python -m pytest

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check --compact-diff Snakefile workflow

MADE_UP := benchmarks/results/made_up/organism.yaml
$(MADE_UP): benchmarks/learner/made_up_table.py | .venv/tested
	$(BIN)/python $< $(@D)

bench: .venv/tested $(MADE_UP)
	$(SNAKEMAKE) --config 'organisms=[$(MADE_UP)]'
	$(SNAKEMAKE) --snakefile benchmarks/Snakefile

clean:
	rm -rf .venv results/demo results/snakemake_report.html logs/demo benchmarks/demo
