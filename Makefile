# Every target sets up what it needs; a machine with python3 (3.11 or newer, with venv) is enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# The tests may use what only POSIX has.
PRODUCT := . --exclude '^(tests|tools|\.venv)/'

.PHONY: demo test check bench proof real coverage release clean

demo: $(READY)
	$(BIN)/python -m tests.demo

test: $(READY)
	$(BIN)/python -m pytest -q -n 4 --cov --cov-report= --cov-fail-under=90 tests

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/mypy $(PRODUCT) --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy $(PRODUCT) --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench

proof: $(READY)
	$(BIN)/python -m pytest -q -m proof --timeout=3600 tests

real: $(READY)
	$(BIN)/python -m pytest -q -rs -m real --timeout=600 tests/real

coverage: test
	$(BIN)/coverage report

release: $(READY)
	$(BIN)/python -m tools.release

clean:
	rm -rf .venv .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(READY): requirements.txt requirements-dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stash2Plex needs Python 3.11 or newer: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@
