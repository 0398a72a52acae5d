# The project's commands. `make run` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
HOST ?= 127.0.0.1
PORT ?= 3000

.PHONY: help install run test browser check ui bench accuracy lock clean

help:  ## List the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say which with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# pip compiles what it installs, but for what it leaves in its place.
	$(BIN)/python -m compileall -q csp_pipeline
	@touch $(READY)

install: $(READY)  ## Make .venv with the pinned packages, and nothing else

run: $(READY)  ## Run the pipeline on sources/ and say what was loaded, refused and in conflict
	@# Exit code 3 says that files were refused; they are listed, and the rest is published.
	@$(BIN)/csp run || [ $$? -eq 3 ]

test: $(READY)  ## Run every test
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

browser:  ## Install what the tests of pages and workbooks need: Chromium and LibreOffice (by apt-get, as root), axe-core (by npm)
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 || { echo "Install Chromium: apt-get install chromium"; exit 1; }; \
		apt-get update -qq && apt-get install -y -qq chromium; }
	@# Without LibreOffice one test is skipped by name.
	@command -v soffice >/dev/null || test "$$(id -u)" != 0 || { \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends libreoffice-calc; }
	npm ci --prefix tests/browser --no-audit --no-fund

check: $(READY)  ## Lint, types, layers, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/csp dictionary --check

ui: $(READY)  ## Dagster's UI on localhost, over the same instance as `make run`
	$(BIN)/csp ui --host $(HOST) --port $(PORT)

bench: $(READY)  ## Measure speed and memory beside baselines; writes .bench/results.json
	$(BIN)/python -m tests.bench.run

accuracy: $(READY)  ## Measure how often bridges name the planted cause; writes .bench/accuracy.md
	$(BIN)/python -m tests.accuracy.run

lock:  ## Pin every dependency again, with hashes and without addresses (needs uv)
	uv pip compile pyproject.toml --extra dev --extra ui --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-emit-index-url --no-header --no-annotate --constraint .ci/constraints.txt -o requirements.lock

clean:  ## Remove the environment and what can be made again; landing and its secret stay
	rm -rf $(VENV) .bench tests/browser/node_modules warehouse/lake warehouse/reports warehouse/dagster warehouse/csp.duckdb
