# One command each, on a machine that has only Rust (rustup) and Python 3.11 or later.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-rust test-python test-all lint format docs bench wheel clean

VENV     := .venv
PY       := $(VENV)/bin/python
PACKAGES := $(VENV)/.packages
BUILT    := $(VENV)/.built
PEERS    := .venv-bench
SOURCES  := Cargo.toml Cargo.lock $(shell find src -name '*.rs' -o -name '*.csv')

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_QUIET := 1
export MPLBACKEND := Agg

help:            ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

# The tools, then the extension: each is done again only when what it is made from has changed.
$(PACKAGES): pyproject.toml
	test -x $(PY) || python3 -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade 'pip>=25.1'
	$(PY) -m pip install --quiet --group dev
	@touch $@

$(BUILT): $(PACKAGES) $(SOURCES)
	$(VENV)/bin/maturin develop --release --quiet
	@touch $@

demo: $(BUILT)   ## set up and write the brief on Mexico, brief.html
	$(PY) -m averted brief --demo -o brief.html

test: test-rust test-python  ## set up and run every test but the slow ones

test-rust:
	cargo test --release --quiet

test-python: $(BUILT)
	$(PY) -m pytest -q -m 'not slow' tests/python
	$(PY) -m pytest -q --doctest-modules python/averted
	$(PY) -m pytest -q --nbmake notebooks

test-all: $(BUILT)  ## lint, every test with the slow ones, and the docs
	$(MAKE) lint
	cargo test --release --quiet -- --include-ignored
	$(PY) -m pytest -q tests/python
	$(PY) -m pytest -q --doctest-modules python/averted
	$(PY) -m pytest -q --nbmake notebooks
	$(MAKE) docs

lint: $(BUILT)   ## formatting, clippy, ruff, types, and the stubs against the extension
	cargo fmt --check
	cargo clippy --quiet --release --all-targets --features python -- -D warnings
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PY) -m mypy.stubtest averted._core --allowlist tests/python/stubtest.txt

format: $(PACKAGES)  ## put the code into the house's form
	cargo fmt
	$(VENV)/bin/ruff check --fix --quiet .
	$(VENV)/bin/ruff format .

docs: $(BUILT)   ## the Rust reference, the pages that are made, and every link and example of the pages
	AVERTED_WRITE_DOCS=1 cargo test --release --quiet --tests
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --release --no-deps --lib
	$(PY) -m pytest -q tests/python/test_docs.py

bench: $(BUILT)  ## the ways in, then beside each peer on the same data, in one run
	test -x $(PEERS)/bin/python || python3 -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(PEERS)/bin/python -m pip install --quiet --group bench
	rm -rf target/wheels
	$(VENV)/bin/maturin build --profile dist --quiet --out target/wheels
	$(PEERS)/bin/python -m pip install --quiet --force-reinstall --no-deps target/wheels/averted-*.whl
	cargo bench --quiet --bench doors
	for each in benches/versus/[a-z]*.py; do $(PEERS)/bin/python $$each || exit 1; done

wheel: $(PACKAGES)  ## an optimised wheel in dist/
	$(VENV)/bin/maturin build --profile dist --out dist

clean:           ## remove everything that was built
	cargo clean --quiet
	rm -rf $(VENV) $(PEERS) dist brief.html python/averted/_core*.so .mypy_cache .pytest_cache .ruff_cache .hypothesis
