#!/usr/bin/env bash
# Runs the end-to-end tests that a marker expression selects: first side by side, then those that stop what others need.
set -euo pipefail
cd "$(dirname "$0")/../.."
selected=$1
if [[ -z "${CANARY_TEST_KUBECONFIG:-}" ]]; then
    CANARY_TEST_KUBECONFIG=$(.venv/bin/python -m tests.lab.cluster up)
fi
export CANARY_TEST_KUBECONFIG
# Exit code 5 of pytest: nothing was selected.
pytest() {
    .venv/bin/pytest --durations 5 "$@" || { code=$?; ((code == 5)) || return "$code"; }
}
pytest -n 3 --dist loadgroup -m "e2e and not alone and ($selected)" tests/e2e tests/lab/cluster
pytest -m "not image and not e2e" tests/contract
pytest -m "e2e and alone and ($selected)" tests/e2e
