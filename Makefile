# The two commands that matter: `make book` and `make test`. Both set everything up.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup torch browser real-summaries book test test-unit test-book test-web test-wheel
.PHONY: oldest refresh real lint clean

export UV_PYTHON_DOWNLOADS = never
export PYTHONHASHSEED = 0
# Some machines forbid Python to keep what it has compiled: every kernel would compile it all again.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PYTHON ?= python3.11
STAMP := .venv/.synced

help:  ## Show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

# uv is taken from PATH, or installed into a small environment of its own.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
.uv/bin/uv:
	$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet uv

$(STAMP): pyproject.toml uv.lock | $(filter .uv/bin/uv,$(UV))
	$(UV) sync --frozen --inexact --all-extras --group web --python $(PYTHON)
	@touch $@

setup: $(STAMP)  ## Create .venv with the locked packages and an editable install

book: $(STAMP)  ## Build the executed book into _build/html
	$(BIN)/python tools/build_book.py

test: test-unit test-book  ## Unit tests, doctests, notebooks in step, notebooks' outputs

test-unit: $(STAMP)  ## Unit tests and doctests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

test-book: $(STAMP)  ## Notebooks agree with their sources and with their outputs
	$(BIN)/python tools/notebooks.py check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -o addopts="-p no:cacheprovider" \
	  -W default --nbval --nbval-current-env --nbval-sanitize-with=nbval_sanitize.cfg \
	  --nbval-cell-timeout=300 book

test-web: $(STAMP)  ## Read the built book in a headless Chromium (after `make book`)
	$(BIN)/python -m pytest -q -n 2 -m web tests/web

test-wheel: $(STAMP)  ## Build the wheel and use it in an empty environment
	rm -rf dist && $(UV) build --quiet --out-dir dist
	$(BIN)/python tools/try_wheel.py dist "$(UV)"

# Chromium from the system, or Playwright's own where that can be fetched.
browser: $(STAMP)  ## Install a Chromium for test-web, if there is none
	command -v chromium || command -v google-chrome || test -n "$${CHROMIUM:-}" \
	  || { apt-get update -qq && apt-get install -y -qq chromium; } \
	  || $(BIN)/playwright install --with-deps chromium

# Without the extra scale: its packages need newer ones than the core promises to work with.
EXTRAS := archives,trees,sky,filters,summaries,book
oldest: | $(filter .uv/bin/uv,$(UV))  ## Fill .venv anew with the oldest packages that are allowed
	$(UV) venv --quiet --clear --python $(PYTHON) .venv
	$(UV) pip install --quiet --python .venv --resolution lowest-direct -e '.[$(EXTRAS)]' --group dev
	@touch $(STAMP)

refresh: $(STAMP)  ## Execute every chapter and rewrite the notebooks beside them
	$(BIN)/python tools/notebooks.py refresh

# torch is no locked dependency: the registry's Linux build brings gigabytes of GPU code. The CPU
# build comes from its own index, or from wherever pip finds one.
torch: $(STAMP)  ## Install the CPU build of torch, for the embeddings of qsolearn.summary
	$(UV) pip install --quiet --no-config --torch-backend=cpu torch==2.13.0 \
	  || $(PYTHON) -m pip --python $(BIN)/python install --quiet torch==2.13.0

real: $(STAMP)  ## Run the methods on the real catalogs in the folder QSOLEARN_DATA
	$(BIN)/python benchmarks/real_selection.py
	$(BIN)/python benchmarks/real_tradeoff.py
	$(BIN)/python benchmarks/real_prior_shift.py
	$(BIN)/python benchmarks/real_pitfalls.py
	$(BIN)/python benchmarks/real_overlap.py
	$(BIN)/python benchmarks/real_sky.py
	$(BIN)/python benchmarks/real_stars.py
	$(BIN)/python benchmarks/real_redshift.py
	$(BIN)/python benchmarks/real_sedfit.py
	$(BIN)/python benchmarks/real_ks4.py
	$(BIN)/python benchmarks/real_redshift_wise.py
	$(BIN)/python benchmarks/real_own_catalog.py
	$(BIN)/python benchmarks/real_three_methods.py
	$(UV) sync --frozen --inexact --all-extras --group benchmarks --python $(PYTHON)
	$(BIN)/python benchmarks/real_reverse.py

real-summaries: torch  ## Judge the summary metrics on the human judgements in QSOLEARN_SHARED
	$(BIN)/python benchmarks/summaries_real.py judge

lint: $(STAMP)  ## Style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## Remove everything that was built
	rm -rf _build .venv .uv
