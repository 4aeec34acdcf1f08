# Everything happens in .venv beside this file. Works with GNU make 3.81 (macOS) and 4.
#
#   make run                 raw records to a reviewed model, with the embedded microworld
#   make test                every test and check
#   make check DATA=file     dry run on your own data; ENV=alpaca and PARAMS=... as for kedro run
#   make ui                  MLflow and kedro-viz, until ctrl-C
#   make chat                the base model and its newest version, side by side

SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
TORCH_INDEX_URL ?=
TORCH_VERSION := 2.13.0
MLFLOW_PORT ?= 5001
VIZ_PORT ?= 4141
PYTEST_ARGS ?=
# Processes that share the test files, in order: those with slow tests come first. Each trains tiny models on one core.
PYTEST_WORKERS ?= 2

BIN := .venv/bin
INSTALLED := .venv/installed

export DO_NOT_TRACK := 1
export MLFLOW_DISABLE_TELEMETRY := true
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: install run test ui chat check bench clean
.DEFAULT_GOAL := run

install: $(INSTALLED)

# TORCH_INDEX_URL picks another build of torch, such as https://download.pytorch.org/whl/cpu. A local build
# (2.13.0+cpu) satisfies the lock's 2.13.0.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed and $(PYTHON) is another: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing about 2.7 GB of packages into .venv (more with PyPI's torch on Linux); this takes some minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=24" "setuptools>=70"
	@if [ -n "$(TORCH_INDEX_URL)" ]; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check \
			--no-compile "torch==$(TORCH_VERSION)" --index-url "$(TORCH_INDEX_URL)"; \
	fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@# On all cores, which pip does not; some packages ship templates that are no Python.
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@touch $@

run: $(INSTALLED)
	@$(BIN)/kedro run

# mypy looks beside the tests, on what these leave of the cores, speaks when both have ended, and stops where they are
# stopped. Compiled files are written whatever the shell says: many of the tests' processes read the same modules.
test: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	@said="$$(mktemp)"; trap 'kill $$mypy 2>/dev/null; rm -f "$$said"' EXIT; trap 'exit 130' INT; \
	$(BIN)/mypy >"$$said" 2>&1 & mypy=$$!; \
	OMP_NUM_THREADS=1 env -u PYTHONDONTWRITEBYTECODE \
		$(BIN)/pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS); tested=$$?; \
	wait $$mypy; typed=$$?; echo "mypy:"; cat "$$said"; \
	exit $$((tested ? tested : typed))

ui: $(INSTALLED)
	@$(BIN)/kedro ui --mlflow-port $(MLFLOW_PORT) --viz-port $(VIZ_PORT)

chat: $(INSTALLED)
	@$(BIN)/kedro chat

check: $(INSTALLED)
	@test -n "$(DATA)" || { echo "Name a file or folder: make check DATA=path/to/records.json"; exit 2; }
	@$(BIN)/kedro check "$(DATA)" $(if $(ENV),--env "$(ENV)") $(if $(PARAMS),--params "$(PARAMS)")

bench: $(INSTALLED)
	@missed=0; for script in benchmarks/[a-z]*.py; do \
		echo "== $$script"; $(BIN)/python "$$script" || { echo "$$script: exit status $$?"; missed=1; }; \
	done; exit $$missed

# What runs have made; the virtual environment and the committed data stay.
clean:
	rm -rf data/.work data/.executions data/0[2-8]_*/*.parquet data/0[2-8]_*/*.jsonl data/0[2-8]_*/*.json data/0[2-8]_*/*.md data/0[2-8]_*/*.html \
		data/06_models/sft_model data/06_models/reward_model data/06_models/pretrained_base \
		data/06_models/backtranslated_model \
		mlflow.db mlartifacts mlruns .mypy_cache .ruff_cache .import_linter_cache
