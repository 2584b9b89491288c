# Every target does its own set-up in .venv; only Python 3.11 or later, pip and make are assumed.
PYTHON ?= python3
BIN := .venv/bin
# Installed packages are compiled as they are first imported; where this is set they never would be.
export PYTHONDONTWRITEBYTECODE :=
NOW := date +%s

.PHONY: demo test check slow gpu wheel clean

# The search over ConvNeXt's micro choices on real images, and its page.
demo: .venv/.package
	@started=$$($(NOW)); \
	$(BIN)/designspace search --space micro --trials 16 --study runs/demo && \
	echo "job: $$(( $$($(NOW)) - started )) s" && \
	$(BIN)/designspace report runs/demo

# The default suite.
test: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Lint, types and the order of the rooms.
check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# What takes longer: real Ray under kill -9, a real browser, full-size networks, the wheel.
slow: .venv/.dev
	$(BIN)/python -m pytest -n 2 -m slow

# What only a GPU can show, in under 20 minutes; one record with a pass or fail per point.
gpu: .venv/.package
	$(BIN)/python -m benchmarks.gpu

wheel: .venv/.dev
	$(BIN)/python -m build --wheel --installer uv

clean:
	rm -rf .venv dist

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
