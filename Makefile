# Every target makes the environment it needs, from the lock.
VENV := .venv
READY := $(VENV)/.ready
BENCH := build/benchmarks
BIN := $(VENV)/bin

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: $(READY)  ## simulate a small census, run the nightly flow on it and show what came out
	@$(BIN)/capaian demo

test: $(READY)  ## run the tests, three files at a time (ARGS="-k name" for some)
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

check: style types imports  ## style, types and imports; changes nothing

style: $(READY)
	@$(BIN)/ruff check . || { echo "cure: make fix, then mend what is left"; exit 1; }
	@$(BIN)/ruff format --check . || { echo "cure: make fix"; exit 1; }

types: $(READY)
	@$(BIN)/mypy || { echo "cure: mend the types named above"; exit 1; }

imports: $(READY)
	@$(BIN)/lint-imports || { echo "cure: move the import to where pyproject.toml allows it"; exit 1; }

fix: $(READY)  ## mend what a tool can mend
	@$(BIN)/ruff format . ; $(BIN)/ruff check --fix .

linkage: $(BENCH)/.ready  ## score linkage on public data and beside Splink and others (FODORS=folder ROWS=200000 SEED=7)
	PYTHONPATH=. $(BENCH)/bin/python tests/benchmarks/linkage_public.py $(if $(FODORS),--fodors $(FODORS))
	PYTHONPATH=. $(BENCH)/bin/python tests/benchmarks/linkage.py --rows $(or $(ROWS),200000) --seed $(or $(SEED),7)

lock: pyproject.toml  ## resolve the dependencies anew (needs uv)
	@command -v uv >/dev/null 2>&1 || { echo "make lock needs uv on the path"; exit 1; }
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o requirements.lock
	uv pip compile pyproject.toml tests/benchmarks/requirements.in --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header -q -o tests/benchmarks/requirements.lock

# Modules are compiled at once, on all cores: where Python is told to write no bytecode, as in many containers, each start
# of Prefect or Great Expectations would compile them anew. Some packages hold files that compile nowhere.
$(READY): requirements.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	    echo "making $(VENV) with uv"; \
	    uv venv -q --allow-existing --no-python-downloads --python '>=3.11' $(VENV) && \
	    uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes --no-deps -r requirements.lock && \
	    uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	    found=; for python in python3.11 python3.12 python3.13 python3; do \
	        if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	    done; \
	    test -n "$$found" || { echo "Python 3.11 or newer is needed"; exit 1; }; \
	    echo "making $(VENV) with $$found (about a minute)"; \
	    $$found -m venv $(VENV) && \
	    $(BIN)/python -m pip install -q --no-compile --disable-pip-version-check --require-hashes --no-deps -r requirements.lock && \
	    $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . && \
	    { $(BIN)/python -m compileall -q -j 0 $(VENV)/lib >/dev/null || true; } ; \
	fi
	@touch $(READY)

$(BENCH)/.ready: tests/benchmarks/requirements.lock
	@echo "making $(BENCH) (about two minutes)"
	@python3 -m venv $(BENCH) && \
	    $(BENCH)/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@

.PHONY: help demo test check style types imports fix linkage lock
