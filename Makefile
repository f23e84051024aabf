# Everything a newcomer needs; `make help` lists it. Each target installs what is missing and may be repeated.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/canary-steps
SCENARIO ?= all
SECONDS ?= 900
POINTS ?= 20000
MINUTES ?= 10
SCHEDULES ?= 5500
SEED ?= 1
REPEATS ?= 5
WORKERS ?= 6
BIN := .venv/bin
ANSIBLE = $(CACHE)/ansible-$(shell { $(PYTHON) --version; cat requirements-ansible.lock; } | cksum | cut -d' ' -f1)
export PATH := $(CURDIR)/$(BIN):$(PATH):$(CACHE)/bin
export UV_LINK_MODE ?= copy
# Some images set it. Then every worker and every step that a test starts would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo lab test test-image faults schedules soak e2e e2e-full lint bench bench-full bench-cluster docs bundle sbom audit lock format clean prometheus image cluster cluster-down .venv-ansible

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready prometheus ## Watch a good release get promoted and bad ones rolled back (SCENARIO=good|errors|slow|empty|missing-pages|database|all)
	@$(BIN)/python -m tests.lab.demo --scenario $(SCENARIO)

lab: .venv/ready prometheus ## Keep the embedded lab running and print commands to try by hand
	@$(BIN)/python -m tests.lab.embedded

test: .venv/ready prometheus ## Run every test that needs no cluster, WORKERS=6 at once: most of them wait for processes
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

schedules: .venv/ready ## Let runs, sweeps and people interleave in thousands of ways (SCHEDULES=5500 SEED=1, REPEAT='…' for one)
	@$(BIN)/python -m tests.schedules --schedules $(SCHEDULES) --seed $(SEED) --repeat "$(REPEAT)"

test-image: .venv/ready prometheus ## Build the image and run the tests that need a Docker engine
	@$(BIN)/pytest -m image tests/image

# KUBECONFIG counts only on the command line of make: one that the shell happens to export must not start tests on a
# real cluster.
e2e e2e-full: export CANARY_TEST_KUBECONFIG := $(if $(findstring command,$(origin KUBECONFIG)),$(KUBECONFIG),$(CANARY_TEST_KUBECONFIG))

e2e: .venv/ready .venv-ansible prometheus ## Run the shipped releases with real Argo and Tekton on a cluster of real parts (KUBECONFIG=… for your own cluster)
	@tests/e2e/run.sh "not full"

e2e-full: .venv/ready .venv-ansible prometheus ## The same with the slow tests: dead controllers, Prometheus 3, ten apps at once, and more
	@tests/e2e/run.sh "full or not full"

faults: .venv/ready ## Let every request of every step meet every fault, then every way back (POINTS=20000 SEED=1, 0 for all points)
	@$(BIN)/python -m tests.faults --points $(POINTS) --seed $(SEED)

soak: .venv/ready prometheus ## Release at random for MINUTES=10 on the embedded lab while others interfere, and count users' requests
	@$(BIN)/python -m tests.faults.soak --minutes $(MINUTES) --seed $(SEED)

lint: .venv/ready .venv-ansible ## Check style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@ANSIBLE_CONFIG=examples/ansible/ansible.cfg PATH=$(CURDIR)/.venv-ansible/bin:$$PATH \
		ansible-lint -q --config-file ansible/.ansible-lint ansible examples/ansible

bench: .venv/ready ## Measure start time, memory and the judge, and compare it with other rules, in a minute
	@$(BIN)/python -m tests.bench

bench-full: .venv/ready ## Compare the rules in every family for SECONDS=900 and write docs/benchmark.md
	@nice -n 19 $(BIN)/python -m tests.bench --full --seconds $(SECONDS)

bench-cluster: SECONDS := $(if $(filter command environment,$(word 1,$(origin SECONDS))),$(SECONDS),5400)
bench-cluster: .venv/ready prometheus ## Time releases on the cluster of real parts, beside a peer's figures (REPEATS=5 takes about an hour; SECONDS=5400 at most)
	@$(BIN)/python -m tests.e2e.speed --repeats $(REPEATS) --seconds $(SECONDS)

docs: .venv/ready ## Generate all that is written from code: docs/settings.md, the schema, tekton/, dashboards/, charts/canary-steps, and more
	@$(BIN)/python -m tools.settings_page
	@$(BIN)/python -m tools.canary_schema
	@$(BIN)/python -m tools.tekton
	@$(BIN)/python -m tools.argo_descriptions
	@$(BIN)/python -m tools.ansible_page
	@$(BIN)/python -m tools.dashboards
	@$(BIN)/python -m tools.charts
	@$(BIN)/python -m tools.artifact_hub
	@$(BIN)/python -m tools.charts.canary_values
	@$(BIN)/python -m tools.charts.canary_metadata
	@$(BIN)/python -m tools.charts.example_diff
	@$(BIN)/python -m tools.judge_picture >/dev/null

sbom: .venv/ready ## Write the bill of materials of the image's Python packages (CycloneDX) to dist/sbom.cdx.json
	@$(BIN)/python -m tools.supply_chain.sbom dist/sbom.cdx.json

audit: .venv/ready ## Look for known vulnerabilities of all locked packages (AUDIT_FLAGS=--required: fail without an answer)
	@$(BIN)/python -m tools.supply_chain.audit $(AUDIT_FLAGS)

bundle: .venv/ready ## Write the Tekton bundle to dist/, and push it (BUNDLE=registry/repository:tag, BUNDLE_FLAGS=--plain-http)
	@$(BIN)/python -m tools.bundle $(BUNDLE) $(BUNDLE_FLAGS)

format: .venv/ready ## Format the code and fix what ruff can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: .venv/ready ## Update the lock files of the dependencies
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --group dev pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --group pyproject.toml:ansible -o requirements-ansible.lock

clean: ## Remove the virtual environment and caches
	rm -rf .venv .venv-ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis reports

.venv/ready: pyproject.toml requirements-dev.lock
	@echo "Installing into .venv (once, about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements-dev.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Apart from .venv, since it is large and the product needs none of it. Its folder is named after what is in it, so
# checkouts on one machine share it, and it is never changed while a play uses it. Relocatable, since it is moved into
# place when it is complete. If two are made at once, the first stays.
$(ANSIBLE)/ready: | .venv/ready
	@echo "Installing into $(ANSIBLE) (once, 400 MB, about 15 s)"
	@mkdir -p $(CACHE) && made=$$(mktemp -d $(ANSIBLE).XXXXXX) && trap 'rm -rf $$made' EXIT \
		&& $(BIN)/uv venv --quiet --clear --relocatable --python $(BIN)/python $$made \
		&& $(BIN)/uv pip sync --quiet --require-hashes --python $$made/bin/python requirements-ansible.lock \
		&& chmod 755 $$made && touch $$made/ready \
		&& { $(BIN)/python -c 'import os, sys; os.rename(*sys.argv[1:])' $$made $(ANSIBLE) 2>/dev/null || test -e $@; }

.venv-ansible: $(ANSIBLE)/ready
	@test -L $@ || rm -rf $@
	@ln -sfn $(ANSIBLE) $@

# Debian's package is unpacked, not installed, so that no service starts.
prometheus:
	@command -v prometheus >/dev/null && command -v promtool >/dev/null || tests/lab/get-prometheus.sh "$(CACHE)"

image: .venv/ready ## Build the container image (BASE=… for a base other than python:3.13-slim)
	@$(BIN)/python -m tests.lab.cluster.images "$(BASE)"

cluster: .venv/ready prometheus ## Start a cluster of real parts on this machine; the first time builds its parts
	@$(BIN)/python -m tests.lab.cluster up

cluster-down: ## Stop the cluster and remove everything except the build cache
	@$(BIN)/python -m tests.lab.cluster down
