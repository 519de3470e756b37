# FileFerry: `make help` lists what there is.
PYTHON ?= python3
BENCH_ARGS ?= --write docs/performance.md
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

# Each lock is hashed and wheels only; `--no-deps` keeps the project itself from reaching further.
# What builds it is no part of what runs: a checkout needs both, a bastion the lock alone.
$(STAMP)%: requirements/%.lock requirements/build.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
	  -r requirements/build.lock -r $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

demo: $(STAMP)sandbox ## order seven transfers and watch them arrive, on embedded parts
	$(BIN)/fileferry demo

test: ready ## run all tests, in parallel; PYTEST_ARGS="-k sftp -x" goes to pytest
	@.ci/tests $(PYTEST_ARGS)

SWEEPS ?= whole

test-faults: ready ## the sweeps whole, with their figures: kills, frozen owners, broken disks (hours; SWEEPS=2/8: an eighth)
	SWEEPS=$(SWEEPS) $(BIN)/pytest tests/model tests/torture tests/faults tests/intake $(PYTEST_ARGS)
	$(BIN)/python -m tests.mutants

mutants: ready ## break the protocol in one place after the other: a named test must catch each
	$(BIN)/python -m tests.mutants $(MUTANTS)

check: lint ## linters, types, the import rule, and the rules of the house
	$(BIN)/pytest -q tests/house

lint: $(STAMP)dev ## linters, types, the import rule
	@failed=0; for tool in "ruff check ." "ruff format --check ." mypy lint-imports; do \
	  echo "$$tool"; $(BIN)/$$tool || failed=1; \
	done; exit $$failed

format: $(STAMP)dev ## mend what the linters can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

example: $(STAMP)run ## write config/fileferry.example.yaml and the table in docs/partners.md from the settings
	text=$$($(BIN)/python -m config.example) && echo "$$text" > config/fileferry.example.yaml
	text=$$($(BIN)/python -m config.settings_table docs/partners.md) && echo "$$text" > docs/partners.md

licences: $(STAMP)dev ## write docs/licences.md from the run lock and the packages' metadata
	text=$$($(BIN)/python -m tests.house.licences) && echo "$$text" > docs/licences.md

ready: $(STAMP)dev ## install what the tests need, Debian packages too where that is allowed
	@.ci/servers

bench: ready ## measure against rclone, a naive script and the floors (30 min); BENCH_ARGS="--quick" for a look
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

RESOLVE := uv pip compile --universal --python-version 3.11 --upgrade --generate-hashes \
  --no-emit-index-url --no-header --no-annotate --quiet
LOCKS := "run" "sandbox --extra sandbox" "dev --extra sandbox --group dev --group build"

lock: ## resolve the dependencies anew (needs uv); the locks name no package host
	$(RESOLVE) --group build --output-file requirements/build.lock
	$(RESOLVE) --group aws --output-file requirements/aws.lock
	for set in $(LOCKS); do \
	  set -- $$set; name=$$1; shift; \
	  $(RESOLVE) pyproject.toml $$@ --output-file requirements/$$name.lock || exit 1; \
	done
	$(RESOLVE) --group cloud --constraints requirements/run.lock --output-file requirements/cloud.lock
	@echo "Now: make licences"

# The release takes nothing from this environment but the tools: what runs comes from the run lock,
# each file of it by its hash, and lands in a folder that `pip` makes anew.
SITE := build/release
INTO := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target $(SITE)

release: $(STAMP)dev ## make the file of the release, dist/fileferry-….pyz: `python3 FILE install`
	rm -rf build/wheel $(SITE)
	$(BIN)/python -m hatchling build -t wheel -d build/wheel
	$(INTO) --require-hashes --only-binary :all: -r requirements/run.lock
	$(INTO) --no-index build/wheel/*.whl
	$(BIN)/python -m daemon.installing.sharing $(SITE)/share
	$(BIN)/python -m daemon.installing.packing $(SITE) dist
	$(MAKING) zip servicenow dist

MAKING := $(BIN)/python -m sandbox.servicenow.package.making

servicenow: $(STAMP)dev ## build ServiceNow's side of it (Node 20.18 to 22), and the zip for dist/
	servicenow/build .cache/servicenow
	$(MAKING) keep .cache/servicenow/dist/app servicenow
	$(BIN)/python -m sandbox.servicenow.package.expecting
	$(MAKING) zip servicenow dist

clean: ## remove the virtual environment, caches and built files
	rm -rf $(VENV) .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help demo test test-faults mutants check lint format example licences ready bench lock release servicenow clean
