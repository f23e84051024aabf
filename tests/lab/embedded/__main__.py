"""Keeps a lab up until Ctrl-C or SIGTERM; prints commands to try, or with --json its addresses."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading

from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.releases import NAMES, release


def addresses(lab: EmbeddedLab) -> dict[str, str]:
    """Return what another program needs to use the lab."""
    return {
        "namespace": lab.namespace,
        "kubeconfig": str(lab.kubeconfig),
        "api": lab.api.url,
        "prometheus": lab.prometheus_url,
        "gateway": lab.gateway_url,
        "state": str(lab.state),
    }


def commands(lab: EmbeddedLab) -> str:
    """Return commands to try by hand, ready to be pasted."""
    return f"""
Users send requests to the app shop at {lab.gateway_url} (header "Host: shop"). In another terminal, try:

  export KUBECONFIG={lab.kubeconfig} PATH=$PWD/.venv/bin:$PATH
  export CANARY_APP=shop CANARY_PROMETHEUS_URL={lab.prometheus_url}

  # A whole release; other images: demo/shop:errors, :slow, :empty, :crash, :never-ready, :hang, :missing-pages,
  # :404 and other statuses, :grpc-16 and other gRPC statuses (for gRPC requests)
  canary-steps rollout --image demo/shop:v2

  # The same, step by step
  canary-steps prepare --image demo/shop:v3 --run by-hand
  canary-steps analyze --run by-hand --weight 25
  canary-steps promote --run by-hand

  # What happened, and how to go back from any point
  canary-steps report
  canary-steps rollback --run by-hand

Ctrl-C stops the lab.
"""


def main() -> None:
    """Start a lab with the app `shop`, print its addresses, wait, and take it down."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.embedded", description=__doc__)
    parser.add_argument("--namespace", default="demo")
    parser.add_argument("--reporter", choices=["source", "destination"], default="source")
    parser.add_argument("--gateways", type=int, default=1)
    parser.add_argument("--topology", choices=["hosts", "subsets"], default="hosts")
    parser.add_argument("--rate", type=float, default=60.0, help="users' requests per second; 0 for none")
    parser.add_argument("--json", action="store_true", help="print addresses for programs instead of commands")
    arguments = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with EmbeddedLab(arguments.namespace, reporter=arguments.reporter, gateways=arguments.gateways) as lab:
        _publish(lab)
        lab.deploy_app("shop", "demo/shop:v1", topology=arguments.topology)
        if arguments.rate:
            lab.load(arguments.rate, seconds=86_400)
        sys.stdout.write(json.dumps(addresses(lab), indent=1) + "\n" if arguments.json else commands(lab))
        sys.stdout.flush()
        stopped.wait()


def _publish(lab: EmbeddedLab) -> None:
    for name in NAMES:
        lab.registry.push(f"demo/shop:{name}", version="", **release(name))


if __name__ == "__main__":
    main()
