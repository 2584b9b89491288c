# Every target does its own set-up in .venv; only Python 3.11 or later, pip and make are assumed.
PYTHON ?= python3
BIN := .venv/bin
# Installed packages are compiled as they are first imported; where this is set they never would be.
export PYTHONDONTWRITEBYTECODE :=
NOW := date +%s
# Tests that reach every library: the language, every kind, training, a study, exporting, the report.
LOWEST := tests/contract tests/spec tests/costing tests/package tests/compiler/test_export.py \
	tests/training/test_train.py tests/searching/test_study.py tests/searching/test_proposers.py \
	tests/images/test_sources.py tests/reporting/test_report.py

SITE := $(BIN)/python -m sphinx -q -b html -W --keep-going -n docs docs/_build/html

.PHONY: demo test check slow examples docs gpu lowest wheel clean

# The search over ConvNeXt's micro choices on real images, and its page.
demo: .venv/.package
	@started=$$($(NOW)); \
	$(BIN)/designspace search --space micro --trials 16 --study runs/demo && \
	echo "job: $$(( $$($(NOW)) - started )) s" && \
	$(BIN)/designspace report runs/demo

# The default suite.
test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Lint, spelling, types, the order of the rooms, and the documentation, whose notebook is not run.
check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(SITE)

# What takes longer: real Ray under kill -9, a real browser, full-size networks, the wheel.
slow: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m slow

# Every example of the documentation, page by page as a reader would type it.
examples: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -m examples

# What only a GPU can show, in under 20 minutes; one record with a pass or fail per point.
gpu: .venv/.package
	$(BIN)/python -m benchmarks.gpu

# The documentation as a site, its notebook run; needs no network.
docs: .venv/.dev
	DOCS_NOTEBOOK=cache $(SITE)
	@echo "docs/_build/html/index.html"

# What every reading of a network needs, with the lowest versions that pyproject.toml allows, in an
# environment of its own. Old libraries may warn of one another, which is no failure here.
lowest: .venv-lowest/.installed
	.venv-lowest/bin/python -m pytest -W default $(LOWEST)

# The wheel and the source distribution, in dist/.
wheel: .venv/.dev
	$(BIN)/python -m build --installer uv

clean:
	rm -rf .venv .venv-lowest dist

.venv/.uv:
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	@touch $@

.venv/.package: pyproject.toml | .venv/.uv
	@started=$$($(NOW)); \
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e . && \
	echo "installed in $$(( $$($(NOW)) - started )) s" && touch $@

.venv/.dev: pyproject.toml | .venv/.uv
	@started=$$($(NOW)); \
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e . --group dev && \
	echo "installed in $$(( $$($(NOW)) - started )) s" && touch $@ .venv/.package

.venv-lowest/.installed: pyproject.toml | .venv/.uv
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-lowest
	$(BIN)/uv pip install --quiet --upgrade --resolution lowest-direct --python .venv-lowest/bin/python \
		-e ".[all]" --group dev
	touch $@
