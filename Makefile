# `make demo`, `make demo-server` and `make test` need python3 (3.11 or newer) with venv, and make; they install the rest into .venv.
# Only results go to standard output; what is installed is said on standard error.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install
PYTEST_ARGS ?=
PROGRAM := $(BIN)/shipper

# Modules that write a file: its PATH, its text by reference()
GENERATORS := tests.reference tests.cli_reference tests.server.api_reference tests.operator.api_reference shipper.spec.schema tests.verify.vectors

define UP_TO_DATE
import importlib, sys
page = importlib.import_module(sys.argv[1])
current = open(page.PATH, encoding="utf-8").read() == page.reference()
sys.exit(None if current else page.PATH + " is out of date, run: make docs")
endef
export UP_TO_DATE

define WRITE_PAGE
import importlib, sys
page = importlib.import_module(sys.argv[1])
text = page.reference()
open(page.PATH, "w", encoding="utf-8").write(text)
print("wrote", page.PATH, file=sys.stderr)
endef
export WRITE_PAGE

.PHONY: demo demo-server test faults lint format docs bench tools image rootfs-test test-minimum test-pythons golden lock clean

demo: $(VENV)/.run
	@$(PROGRAM) render specs/quickstart.yaml --license specs/quickstart/license.pem

# A license server and two operators on loopback, and what they say of a day of three users
demo-server: $(VENV)/.server
	@$(BIN)/python -m demo.server

test: $(VENV)/.dev
	@$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

# What goes wrong outside, in full size: `make test` does a little of it
faults: $(VENV)/.dev
	@SHIPPER_FAULTS=full $(BIN)/python -m pytest -n 0 -ra -s tests/faults $(PYTEST_ARGS)

# All checks, also after one has failed
lint: $(VENV)/.dev
	@status=0; \
	$(BIN)/ruff format --check --quiet . || { echo "run: make format" >&2; status=1; }; \
	$(BIN)/ruff check --quiet . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports --no-logo || status=1; \
	for module in $(GENERATORS); do $(BIN)/python -c "$$UP_TO_DATE" $$module || status=1; done; \
	exit $$status

format: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Pages that are generated from the code
docs: $(VENV)/.dev
	@set -e; for module in $(GENERATORS); do $(BIN)/python -c "$$WRITE_PAGE" $$module; done

bench: $(VENV)/.dev
	@$(BIN)/python -m bench

# The container image shipper:VERSION; TRUST_KEY=FILE puts the vendor's public key into it
image:
	@bash image/build.sh

# The file tree of the image, run as in a strict cluster; needs root and Debian 12, and no container engine
rootfs-test: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 0 -ra tests/image $(PYTEST_ARGS)
	@du -sh .tools/image/rootfs

# helm 4 and 3, kubectl and Go, for tests and bench
tools: $(VENV)/.dev
	@$(BIN)/python -m tests.tools

# The golden files of the examples, after a deliberate change
golden: $(VENV)/.dev
	@$(BIN)/python -m pytest -k golden --update-golden

# The declared minimum versions work
test-minimum: $(VENV)-minimum/.done
	@$(VENV)-minimum/bin/python -m pytest -m "not slow" $(PYTEST_ARGS)

# Same bytes on every other Python that is found
test-pythons: $(VENV)/.dev
	@bash requirements/pythons.sh

lock: $(VENV)/.dev
	@bash requirements/lock.sh

clean:
	rm -rf $(VENV) $(VENV)-* .tools .coverage .coverage.* .*_cache build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "shipper needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV) >&2

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo "installing shipper into $(VENV)" >&2
	@$(PIP) --require-hashes --requirement requirements/run.txt >&2
	@$(PIP) --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(VENV)/.server: requirements/server.txt $(VENV)/.run
	@echo "installing what the services need into $(VENV)" >&2
	@$(PIP) --require-hashes --requirement requirements/server.txt >&2
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "installing the development tools into $(VENV)" >&2
	@$(PIP) --require-hashes --requirement requirements/dev.txt >&2
	@touch $@

$(VENV)-minimum/.done: requirements/minimum.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -m venv --clear $(VENV)-minimum >&2
	@$(VENV)-minimum/bin/python -m pip -qq --disable-pip-version-check install --only-binary :all: --requirement requirements/minimum.txt >&2
	@$(VENV)-minimum/bin/python -m pip -qq --disable-pip-version-check install --editable '.[test]' --constraint requirements/minimum.txt >&2
	@touch $@
