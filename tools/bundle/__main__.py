"""Command `python -m tools.bundle [REFERENCE]`: write the bundle and, if a reference is given, push it."""

import argparse
import sys
from pathlib import Path

from steps.errors import StepError
from tools.bundle.image import bundle
from tools.bundle.layout import write_layout
from tools.bundle.objects import DEFAULT_REFERENCE, bundled_objects
from tools.bundle.push import push, registry_access, tagged


def main() -> str:
    """Return what to print; end with an error message if a reference or a registry is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.bundle", description=__doc__)
    parser.add_argument("reference", nargs="?", default="", help="where to push it, registry/repository:tag")
    parser.add_argument("--output", type=Path, default=Path("dist/canary-steps-bundle.tar"), help="the OCI layout")
    parser.add_argument(
        "--registry-config", default="", help="docker config.json; default: $DOCKER_CONFIG or ~/.docker"
    )
    parser.add_argument("--plain-http", action="store_true", help="use http, as for a registry on this machine")
    given = parser.parse_args()
    try:
        reference = tagged(given.reference or DEFAULT_REFERENCE)
        image = bundle(bundled_objects(f"{reference.name}:{reference.tag}"))
        write_layout(image, given.output, reference.tag)
        lines = [f"wrote {given.output}: {len(image.layers)} objects, {image.digest}"]
        if given.reference:
            push(image, reference, registry_access(reference, given.registry_config, plain_http=given.plain_http))
            lines.append(f"pushed {reference.by(image.digest)}")
    except (ValueError, StepError, OSError) as fault:
        raise SystemExit(f"make bundle: {fault}") from fault
    return "".join(f"{line}\n" for line in lines)


sys.stdout.write(main())
