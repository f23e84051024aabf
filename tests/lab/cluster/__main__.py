"""`python -m tests.lab.cluster up|down`: the cluster outlives the command; `up` prints the kubeconfig's path."""

import argparse
import sys

from tests.lab.cluster import cluster
from tests.lab.cluster.places import KUBECONFIG


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.cluster", description=__doc__)
    parser.add_argument("what", choices=["up", "down"])
    if parser.parse_args().what == "up":
        cluster.up()
        sys.stdout.write(f"{KUBECONFIG}\n")
    else:
        cluster.down()


if __name__ == "__main__":
    main()
