#!/usr/bin/env bash
# Runs the end-to-end tests that a marker expression selects: first side by side, then those that stop what others need.
set -euo pipefail
cd "$(dirname "$0")/../.."
selected=$1
image=""
cluster() {
    .venv/bin/python -m tests.lab.cluster "$1"
}
# Exit code 5 of pytest: nothing was selected.
pytest() {
    .venv/bin/pytest --durations 5 "$@" || { code=$?; ((code == 5)) || return "$code"; }
}
if [[ -z "${CANARY_TEST_KUBECONFIG:-}" ]]; then
    cluster build
    # A cluster that somebody else wanted stays.
    cluster running || trap 'cluster down' EXIT
    CANARY_TEST_KUBECONFIG=$(cluster up)
    # The lab has an engine and the image: what `make test-image` tests costs little here.
    image="or image"
fi
export CANARY_TEST_KUBECONFIG
# What tests share (listener, controller) belongs to one worker; the longest begin, see order.py.
pytest -n 3 --dist loadscope --no-loadscope-reorder -m "(e2e and not alone and ($selected)) $image" \
    tests/e2e tests/lab/cluster tests/image
pytest -m "not image and not e2e" tests/contract
pytest -m "e2e and alone and ($selected)" tests/e2e
if [[ $selected == *"or not full"* ]]; then
    pytest -n 3 --dist loadfile -m "full and not e2e and not image" tests/unit tests/integration
fi
