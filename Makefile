# make demo   the main job on real parts: build, push and deploy the reference service into an embedded AWS
# make demo-any   the same for a CDK app as it is, which declares its image itself
# make test   every check: style, types, import contracts, tests
# make quick  the tests that need neither an engine nor node, for the inner loop
# make bench  what the promises cost, measured
# make proof  long proofs: a hundred deployments, an upgrade, each way to look at the world, other Pythons
# make mutants  small wrong changes that no test notices (takes a quarter of an hour; SEED=1 SIZE=500)
#
# Each sets up what the machine lacks first (see .ci/machine).

VENV := .venv
PYTHON := $(VENV)/bin/python
export PATH := $(abspath $(VENV)/bin):$(PATH)
# Where Python may keep no bytecode, each of the thousand programs that tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 18,20
# Public case tables that may lie beside the checkout; the tests that read them say so when they are not there.
ifneq ($(wildcard ../shared/conformance),)
export RAJEE_CONFORMANCE_DIR ?= $(abspath ../shared/conformance)
endif

# What .ci/machine prepares; the demo needs less than the tests.
JOB := tests

.PHONY: demo demo-any test quick check bench proof mutants setup machine clean

demo: JOB := demo
demo: setup
	.ci/demo

demo-any: JOB := demo
demo-any: setup
	.ci/demo-any

# How many workers, what they share and in which order they run: tests/conftest.py and tests/schedule.py.
WORKERS := -n auto

test: setup check
	$(PYTHON) -m pytest $(WORKERS)

# The address is nobody's: a test that asks an engine without saying so (see the markers in pyproject.toml) fails.
quick: $(VENV)/.ready
	DOCKER_HOST=tcp://127.0.0.1:9 $(PYTHON) -m pytest $(WORKERS) -m 'not docker and not cdk and not slow' \
		--hypothesis-profile=quick

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/zizmor --offline --quiet --min-severity=medium .github

bench: setup
	$(PYTHON) tests/benchmarks/bench.py

# All of what `make test` takes a sample of (tests/sampled.py), then what takes hours.
proof: setup
	RAJEE_ALL_CASES=1 $(PYTHON) -m pytest $(WORKERS)
	$(PYTHON) -m pytest tests/proof

# Goes on where it was broken off when it is given the same SEED. Never touches the checkout.
mutants: setup
	$(PYTHON) -m pip install --quiet --group mutants
	nice -n 10 $(PYTHON) tests/mutants/sample.py $(if $(SEED),--seed $(SEED)) $(if $(SIZE),--size $(SIZE))

setup: machine $(VENV)/.ready infra/node_modules/.ready

machine:
	@.ci/machine $(JOB)

$(VENV)/.ready: pyproject.toml
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet 'pip>=25.1'
	$(PYTHON) -m pip install --quiet --editable '.[sandbox,cdk]' --group dev
	$(PYTHON) -m compileall -q rajee_deploy  # as an installed package has it: a start without bytecode costs half as much again
	touch $@

infra/node_modules/.ready: infra/package.json infra/package-lock.json
	npm ci --prefix infra --no-audit --no-fund --loglevel=error
	touch $@

clean:
	rm -rf $(VENV) infra/node_modules .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .mutants
