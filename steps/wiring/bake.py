"""Build the bake after a promotion."""

from collections.abc import Callable

from steps.actions.bake import Bake, BakePolicy
from steps.model.names import ReleaseNames
from steps.settings.bake import BakeSettings
from steps.traffic.traffic import Traffic
from steps.wiring.evidence import reader_of
from steps.wiring.judging import rules_of
from steps.wiring.probing import prober_of, prober_of_promoted
from steps.workload.workload import Workload


def bake_of(
    settings: BakeSettings,
    names: ReleaseNames,
    traffic: Traffic,
    workload: Workload,
    progress: Callable[[float], None] | None = None,
) -> Bake | None:
    """Return the bake that the settings ask for, None for none; nothing is queried yet. A dry run does not bake.

    Raises:
        SettingsError: what is wrong about Prometheus or the probes, before anything is promoted.
    """
    if not settings.bake_seconds or settings.dry_run:
        return None
    reader_of(settings, names, workload)
    prober_of(settings, names, workload)
    policy = BakePolicy(
        seconds=settings.bake_seconds,
        rules=rules_of(settings),
        reader=lambda: reader_of(settings, names, workload),
        prober=lambda arm: prober_of_promoted(settings, names, workload, arm),
        progress=progress,
    )
    return Bake(policy, traffic, workload)
