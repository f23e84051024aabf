"""`python -m tests.lab.cluster up|down`: the cluster outlives the command; `up` prints the kubeconfig's path."""

import argparse
import sys

from tests.lab.cluster import cluster, tekton
from tests.lab.cluster.places import KUBECONFIG


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.cluster", description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--tekton", action="store_true", help="with Tekton Pipelines too, which is built at first use")
    arguments = parser.parse_args()
    if arguments.what == "up":
        api = cluster.up()
        if arguments.tekton:
            tekton.up(api)
        sys.stdout.write(f"{KUBECONFIG}\n")
    else:
        cluster.down()


if __name__ == "__main__":
    main()
