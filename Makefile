# FileFerry: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

# Each lock is hashed and wheels only; `--no-deps` keeps the project itself from reaching further.
$(STAMP)%: requirements/%.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

demo: $(STAMP)sandbox ## order seven transfers and watch them arrive, on embedded parts
	$(BIN)/fileferry demo

lock: ## resolve the dependencies anew (needs uv); the locks name no package host
	for set in "run" "sandbox --extra sandbox" "dev --extra sandbox --group dev"; do \
	  set -- $$set; name=$$1; shift; \
	  uv pip compile pyproject.toml $$@ --group build --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    --output-file requirements/$$name.lock || exit 1; \
	done

.PHONY: help demo lock
