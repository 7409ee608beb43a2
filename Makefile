# The two commands to know: `make serve` and `make test`. Each sets up all that it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: serve test lint format bench lock clean

serve: $(READY)
	$(BIN)/her2 serve

# pytest comes last, so that its closing line is the last line printed.
test: lint
	$(BIN)/her2 check
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check service tests
	$(BIN)/ruff format --check service tests
	$(BIN)/mypy service/core service/knowledge
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix service tests
	$(BIN)/ruff format service tests

bench: $(READY)
	$(BIN)/python -m tests.bench.assess
	$(BIN)/python -m tests.bench.record

# A clean environment holds just what the project needs; its freeze is the lock.
lock:
	rm -rf build
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --editable '.[dev]'
	build/lock/bin/python -m pip freeze --exclude-editable --exclude her2-service \
	  --exclude pip --exclude setuptools > requirements.lock
	rm -rf build

clean:
	rm -rf $(VENV) tests/judges/target tests/contract/clients/node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find service tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Done again only when what it rests on has changed.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "her2-service needs Python 3.11 or newer. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)
