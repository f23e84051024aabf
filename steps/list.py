"""list: show all running releases and the last record of each app, in one namespace or in all.

Before: nothing. It reads only the VirtualServices.
Writes: nothing.
Exit codes: 0 also where a claim cannot be read, which is listed as such · 2 · 3 · 4 this account may not list.
"""

from collections import Counter
from typing import Literal

from pydantic import Field

from steps.claim.listing import list_apps
from steps.cluster.api import Cluster
from steps.outputs.listing import as_json, state_of, table
from steps.outputs.screen import show
from steps.settings.cluster import NamespacesSettings
from steps.step import EXIT_DONE, Step, StepEnd
from steps.wiring.cluster import cluster_of

RESULTS = ()


class Settings(NamespacesSettings):
    """Show all running releases and the last record of each app, in one namespace or in all."""

    format: Literal["table", "json"] = Field("table", description="table for people, json for programs.")


def run(settings: Settings, namespace: str | None, cluster: Cluster) -> tuple[StepEnd, str]:
    """Return the end and the text for a namespace, or for all (None)."""
    apps = list_apps(cluster, namespace)
    counts = Counter(map(state_of, apps))
    summary = {"apps": len(apps), **{state: counts[state] for state in ("living", "expired", "unreadable")}}
    if settings.format == "json":
        text = as_json(apps)
    elif apps:
        text = table(apps)
    else:
        text = f"No release in {f'namespace {namespace}' if namespace else 'any namespace'}.\n"
    return StepEnd({}, EXIT_DONE, summary), text


def main(settings: Settings) -> StepEnd:
    """Wire the real collaborators."""
    cluster, namespace = cluster_of(settings)
    end, text = run(settings, None if settings.all_namespaces else namespace, cluster)
    show(text)
    return end


STEP = Step(Settings, RESULTS, main)
