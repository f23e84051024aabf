"""Steps run in the process of the test against a stepped cluster, and killed where the test wants it."""

from __future__ import annotations

from functools import partial

from steps import analyze, approve, prepare, promote, report, rollback, rollout, set_weight, sweep, undo
from steps.actions.analysis_extras import NO_EXTRAS, AnalysisExtras
from steps.actions.bake import Bake, BakePolicy
from steps.actions.heartbeat import ClaimHeartbeat
from steps.actions.teardown import TeardownPolicy
from steps.claim.claims import Claims
from steps.claim.keys import claim_key
from steps.cluster.api import Cluster
from steps.cluster.connection import Connection
from steps.evidence.reader import EvidenceReader
from steps.judge.rules import Rules
from steps.model.names import ReleaseNames
from steps.model.workload import Release
from steps.settings.conventions import release_names
from steps.settings.release import ReleaseSettings
from steps.step import StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.analysis import progress_of
from steps.wiring.judging import second_trial_of
from steps.wiring.kept_arms import kept_arms_of
from steps.workload.workload import Workload
from tests.support.fixed_evidence import FixedEvidence
from tests.support.in_process_connection import InProcessConnection
from tests.support.kill_point import KillPoint
from tests.support.kubernetes_api.kinds import Json
from tests.support.shop_release import APP, NAMESPACE
from tests.support.stepped_cluster import SteppedCluster


class StepProcess:
    """Stands for one process that runs one step. In a cluster each step has a container of its own: make one for each.

    Attributes:
        world: the cluster it acts on.
    """

    def __init__(
        self,
        world: SteppedCluster,
        kill_point: KillPoint | None = None,
        ending: TeardownPolicy | None = None,
        connection: Connection | None = None,
    ) -> None:
        self.kill_point, self._ending = kill_point or KillPoint(), ending or TeardownPolicy(5.0, 0.0, lambda _: None)
        cluster = Cluster(connection or InProcessConnection(world, self.kill_point))
        self.world, self._cluster = world, cluster
        self._given: Json = {"app": APP, "virtual_service": ",".join(world.services), "ready_timeout_seconds": 5}
        self._given |= world.given
        self._traffic = Traffic(cluster, Claims(cluster, 2.0))
        self._workload = self._workload_of(APP)

    def _workload_of(self, app: str) -> Workload:
        return Workload(self._cluster, claim_key(app), poll_seconds=0.001, fault_grace_seconds=0.0)

    def prepare(self, run: str = "one", image: str = "shop:2", **more: object) -> StepEnd:
        """Prepare."""
        given = {**self._given, "run": run, "image": image, "on_busy": "fail", "baseline": self.world.baseline, **more}
        settings = prepare.Settings.model_validate(given)
        names, world = _names(settings), self.world
        return prepare.run(
            settings, names, self._cluster, self._traffic, self._workload, world.evidence, self._ending
        )  # fmt: skip

    def make_stable(self, release: Release) -> bool:
        """Make the serving Deployment, as bootstrap does, without waiting for it."""
        return self._workload.make_stable(release)

    def set_weight(self, weight: int = 20, run: str = "one") -> StepEnd:
        """Set a weight."""
        settings = set_weight.Settings.model_validate({**self._given, "run": run, "weight": weight})
        return set_weight.run(settings, _names(settings), self._traffic, self._workload, None)

    def renew(self) -> None:
        """Renew the claim if that is due, as a step does while it waits."""
        claim = self._traffic.claims.claim_on(self.names.virtual_services[0], APP)
        assert claim is not None
        ClaimHeartbeat(claim, self._traffic).renew()

    def analyze(
        self, weight: int | None = 20, reader: EvidenceReader | None = None, run: str = "one", **more: object
    ) -> StepEnd:
        """Judge a rung; the canary is healthy unless the reader says otherwise."""
        given = {**self._given, "run": run, "weight": weight, "min_seconds": 0}  # the evidence spans 20 s
        settings = analyze.Settings.model_validate({**given, **more})
        extras, names = AnalysisExtras(progress=progress_of(settings.progress_file)), _names(settings)
        reader = reader or FixedEvidence(0.0)
        trials = second_trial_of(settings, reader, self._ending, self._traffic, self._workload)
        return analyze.run(settings, names, self._traffic, self._workload, reader, extras, trials)

    def promote(
        self, run: str = "one", unjudged: str = "", bake: EvidenceReader | None = None, **more: object
    ) -> StepEnd:
        """Promote; with a reader of evidence, bake for 30 s."""
        settings = promote.Settings.model_validate({**self._given, "run": run, "unjudged": unjudged, **more})
        baker = None if bake is None else self._bake(bake)
        return promote.run(settings, _names(settings), self._traffic, self._workload, self._ending, baker)

    def _bake(self, reader: EvidenceReader) -> Bake:
        policy = BakePolicy(30.0, Rules(), lambda: reader, pause=self.world.wait)
        return Bake(policy, self._traffic, self._workload)

    def rollout(
        self,
        reader: EvidenceReader | None = None,
        run: str = "one",
        bake: EvidenceReader | None = None,
        extras: AnalysisExtras = NO_EXTRAS,
        **more: object,
    ) -> StepEnd:
        """Release shop:2 up the ladder 5, 60; with a reader of evidence for it, bake for 30 s."""
        given = {**self._given, "run": run, "image": "shop:2", "on_busy": "fail", "ladder": (5, 60), "min_seconds": 0}
        settings = rollout.Settings.model_validate({**given, "baseline": self.world.baseline, **more})
        parts = self._cluster, self._traffic, self._workload, reader or FixedEvidence(0.0), self._ending
        baker = None if bake is None else self._bake(bake)
        return rollout.run(settings, _names(settings), *parts, extras, bake=baker)

    @property
    def names(self) -> ReleaseNames:
        """The names of the app's objects."""
        return _names(report.Settings.model_validate({"app": APP, "virtual_service": self._given["virtual_service"]}))

    def report(self, form: str = "text", run: str = "") -> str:
        """Render the report, of one run alone if it is named."""
        settings = report.Settings.model_validate(
            {"app": APP, "virtual_service": self._given["virtual_service"], "format": form, "run": run}
        )
        return report.run(settings, _names(settings), self._traffic.claims)[1]

    def rollback(self, run: str = "one", **more: object) -> StepEnd:
        """Roll back."""
        settings = rollback.Settings.model_validate({**self._given, "run": run, **more})
        return rollback.run(settings, _names(settings), self._traffic, self._workload, self._ending)

    def undo(self, **more: object) -> StepEnd:
        """Undo the last promotion."""
        settings = undo.Settings.model_validate({**self._given, **more})
        find_kept = partial(kept_arms_of, self._cluster)
        return undo.run(settings, _names(settings), self._traffic, self._workload, self._ending, find_kept)

    def sweep(self, namespace: str | None = NAMESPACE) -> StepEnd:
        """Sweep the namespace, or all (None)."""
        return sweep.run(namespace, self._traffic, self._workload_of, self._ending)

    def approve(self, run: str = "one") -> StepEnd:
        """Open the gate."""
        settings = approve.Settings.model_validate(
            {"app": APP, "virtual_service": self._given["virtual_service"], "run": run}
        )
        return approve.run(settings, _names(settings), self._traffic.claims)


def _names(settings: ReleaseSettings) -> ReleaseNames:
    return release_names(settings, NAMESPACE)
