# Everything runs from a clean clone: each target makes .venv where it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

.PHONY: help demo test check build bench clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[render,dev]'
	@touch $@

demo: $(READY) ## Fetch the demo's assets and generate 16 labelled frames
	$(BIN)/twin assets fetch core
	$(BIN)/twin generate scenes/tabletop.yaml --frames 16 --out out/tabletop

test: $(READY) ## Run every test
	$(BIN)/twin assets fetch core || echo "no network: tests that need the core pack will be skipped"
	$(BIN)/python -m pytest

check: $(READY) ## Lint, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

build: $(READY) ## Build wheel and sdist and try each in a clean environment
	rm -rf dist
	$(BIN)/python -m build --quiet
	PYTHON=$(PYTHON) sh tests/smoke.sh dist/*.whl
	PYTHON=$(PYTHON) sh tests/smoke.sh dist/*.tar.gz

bench: $(READY) ## Measure seconds per stage, memory and label-only speed
	$(BIN)/python -m tests.bench

clean: ## Remove environments and build products
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
