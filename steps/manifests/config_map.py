"""The ConfigMap whose canary.yaml holds an app's settings, so that a workflow only names the app and the image."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from steps.cluster.kinds import CONFIG_MAP
from steps.manifests.manifest import Manifest
from steps.model.canary_yaml import MODELINE
from steps.model.names import ReleaseNames

PREFIX = "canary-steps-"
_HEAD = f"""\
{MODELINE}
# Settings of all steps for this app; flags and variables CANARY_<NAME> override them. Every setting: docs/settings.md.
"""
_EXAMPLES = """\
# prometheus-url: http://prometheus.istio-system:9090
# ladder: [5, 25, 50]         # weights to climb; other weights are refused
# success-slo: 0.99           # the absolute guard
# timeout-seconds: 600        # deadline of a rung
"""


def config_map(names: ReleaseNames, given: Mapping[str, Any], comments: Sequence[str] = ()) -> Manifest:
    """Return the ConfigMap with the given settings, and examples as comments.

    Args:
        names: of the release.
        given: settings that init was called with, by their names in YAML.
        comments: lines that follow the settings, in place of the examples.
    """
    settings = yaml.safe_dump(dict(given), sort_keys=False, allow_unicode=True)
    text = _HEAD + settings + ("".join(f"# {line}\n" for line in comments) or _EXAMPLES)
    why = "Settings of the app for all steps, mounted at /etc/canary-steps; optional if the defaults are enough."
    return Manifest(CONFIG_MAP, names.namespace, f"{PREFIX}{names.app}", {"data": {"canary.yaml": text}}, why)
