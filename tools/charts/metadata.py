"""Chart.yaml, with what Artifact Hub shows of a chart."""

import json
from collections.abc import Mapping, Sequence

from tools.charts.settings import SHIPPED_IMAGE, VERSION
from tools.tekton.yaml_writer import to_yaml

KUBERNETES = ">=1.20.0-0"
"""-0 admits the versions of cloud providers. `helm template` without a cluster takes 1.20 in a Helm by `go install`."""


def chart_yaml(name: str, description: str, keywords: Sequence[str], **more: object) -> str:
    """Return Chart.yaml.

    Args:
        name: of the chart.
        description: one sentence.
        keywords: by which people find it.
        more: further keys, such as `type="library"` or `dependencies`.
    """
    chart: dict[str, object] = {
        "apiVersion": "v2",
        "name": name,
        "description": description,
        "type": "application",
        "version": VERSION,
        "appVersion": VERSION,
        "kubeVersion": KUBERNETES,
        "keywords": list(keywords),
        **more,
        "annotations": artifact_hub_annotations(),
    }
    return "# Written by `make docs`.\n" + to_yaml(chart)


def artifact_hub_annotations() -> Mapping[str, str]:
    """Return the annotations that Artifact Hub reads, with the image that it scans."""
    images = [{"name": "canary-steps", "image": SHIPPED_IMAGE, "platforms": ["linux/amd64", "linux/arm64"]}]
    return {
        "artifacthub.io/category": "integration-delivery",
        "artifacthub.io/license": "Apache-2.0",
        "artifacthub.io/operator": "false",
        "artifacthub.io/prerelease": "true" if VERSION.startswith("0.") else "false",
        "artifacthub.io/images": json.dumps(images),  # JSON is YAML, which Artifact Hub expects in this text
    }
