"""`python -m tests.lab.cluster build|up|down|running`: `up` leaves it running and prints its kubeconfig's path."""

import argparse
import sys

from tests.lab.cluster import cluster, daemons, tekton
from tests.lab.cluster.addresses import KUBECONFIG


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.cluster", description=__doc__)
    parser.add_argument("what", choices=["build", "up", "down", "running"], help="running: exit code 0 or 1")
    parser.add_argument(
        "--tekton", action="store_true", help="also start Tekton Pipelines, which is built at first use"
    )
    arguments = parser.parse_args()
    match arguments.what:
        case "build":
            cluster.build_tested()
        case "up":
            api = cluster.up()
            if arguments.tekton:
                tekton.up(api)
            sys.stdout.write(f"{KUBECONFIG}\n")
        case "down":
            cluster.down()
        case _:
            sys.exit(not daemons.is_running("kube-apiserver"))


if __name__ == "__main__":
    main()
