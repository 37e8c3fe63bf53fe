# What people type. Everything lands in .venv; a stamp a step, so that a second run installs nothing.
# Only Python 3.11 or later with its venv module is needed; PYTHON picks another one.
PYTHON ?= python3
LOCK_PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# A process a core and two more (tests/conftest.py); whoever is done takes over what another has left.
EVERYWHERE := -n auto --dist worksteal
# Extras stay in the lock of the tools: where one asks for another with an extra, pip 23 takes the newest of it, which
# has no hash here. The other lock is a constraint for it, which may have none.
LOCK := --quiet --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# Each hub that a test starts would otherwise compile itself anew, which takes a second.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run install test coverage bench pictures check format lock clean

help:  ## this list
	@grep -hE "^[a-z]+:.*##" $(MAKEFILE_LIST) | sed -E "s/^([a-z]+):.*## */  make \1\t/" | expand -t 18

demo: .venv/.installed  ## real events through a real hub, on a throw-away database
	$(BIN)/hookhub demo --exit

run: .venv/.installed  ## serve on http://127.0.0.1:8000, data in ./hub-data
	$(BIN)/hookhub serve

install: .venv/.installed  ## the hub in .venv, from the lock file

test: .venv/.installed-dev  ## every test, on every core; TESTS="tests/test_config.py -k secret" picks some
	@.ci/install-system
	$(BIN)/python -m pytest $(or $(TESTS),$(EVERYWHERE))

coverage: .venv/.installed-dev  ## the same, and which lines and branches no test runs
	@.ci/install-system
	$(BIN)/python -m pytest $(or $(TESTS),$(EVERYWHERE)) --cov --cov-report=term-missing:skip-covered

bench: .venv/.installed-dev  ## how fast over HTTP, as ratios to floors; BENCH="--only singles --seconds 5" picks
	@$(BIN)/python -m bench $(BENCH)

pictures: .venv/.installed-dev  ## remake the pictures of README and docs, from a real hub
	$(BIN)/python docs/pictures/make.py

check: .venv/.installed-dev  ## format, lint, types, layers, the map of the modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/design/modules.py --check
	$(BIN)/python docs/connect/sources.py --check

format: .venv/.installed-dev  ## rewrite in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/design/modules.py
	$(BIN)/python docs/connect/sources.py

lock:  ## remake the lock files (UPGRADE=--upgrade for newer versions)
	$(LOCK_PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11) and \"Lock on Python 3.11, the oldest we support: later ones need less.\")"
	$(LOCK_PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet pip-tools==7.6.2
	CUSTOM_COMPILE_COMMAND="make lock" .venv-lock/bin/pip-compile $(LOCK) --strip-extras $(UPGRADE) --build-deps-for editable -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" .venv-lock/bin/pip-compile $(LOCK) $(UPGRADE) --build-deps-for editable --extra dev --extra brokers -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## remove what was built and installed (never hub-data)
	rm -rf .venv .venv-lock build dist hookhub.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

.venv/.made:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and \"Python 3.11 or later is needed and $(PYTHON) is \" + sys.version.split()[0] + \": make PYTHON=python3.12 ...\")"
	@$(PYTHON) -c "import ensurepip, venv" 2>/dev/null || { echo "$(PYTHON) lacks its venv module: on Debian and Ubuntu run 'apt-get install python3-venv', then make again." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

# The build tool stands in the lock as well, so that installing the project itself fetches nothing.
.venv/.installed: .venv/.made requirements.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed requirements-dev.lock
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@
