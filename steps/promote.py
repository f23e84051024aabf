"""promote: copy the judged template to stable, return the weight, scale the canary down, release the claim.

Before: the run holds the claim, the canary is the one that prepare pinned, and its last rung passed.
Writes: stable's pod template (not with `--template-by external`), weights, the canary's replicas, the claim's end.
Exit codes: 0 done · 2 · 3 stable not ready in time · 4 no pass, another canary, foreign write · 7 not the owner.
"""

from pydantic import Field, field_validator

from steps.actions.phases import PROMOTABLE, require_phase
from steps.actions.promote_run import promote_run
from steps.actions.teardown import TeardownPolicy
from steps.errors import NotOwnerError, SettingsError
from steps.model.names import ReleaseNames
from steps.model.times import date_and_time
from steps.settings.promotion import PromotionSettings
from steps.step import Step, StepEnd
from steps.traffic.traffic import Traffic
from steps.wiring.cluster import parts_of, teardown_policy_of, with_dry_run_summary
from steps.workload.workload import Workload

RESULTS = ("outcome",)
_NO_REASONS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "t", "f", "none", "null", "nil"})
"""Values of a switch, which are not reasons: `--unjudged=false` must not promote."""


class Settings(PromotionSettings):
    """Copy the canary's template to stable, return the weight, scale the canary down."""

    unjudged: str = Field(
        "",
        max_length=300,
        description="Reason for a promote although the last rung has no pass, one sentence; the record then says "
        "unjudged and this reason. Empty: promote needs a pass.",
    )

    @field_validator("unjudged")
    @classmethod
    def _is_a_sentence(cls, value: str) -> str:
        text = " ".join("".join(one if one.isprintable() else " " for one in value).split())
        if value and (not any(map(str.isalpha, text)) or text.lower() in _NO_REASONS):
            raise ValueError('must give the reason in a sentence, for example "no traffic at night, tested by hand"')
        return text


def run(
    settings: Settings, names: ReleaseNames, traffic: Traffic, workload: Workload, teardown: TeardownPolicy
) -> StepEnd:
    """Promote one run; see the module's docstring."""
    if not settings.run:
        raise SettingsError("reading the settings", "--run (or CANARY_RUN) is required: the run that was judged")
    try:
        claim = require_phase(names, settings.run, traffic.claims, PROMOTABLE)
    except NotOwnerError:
        last = traffic.claims.last(names.virtual_services[0], names.app)
        if last is not None and last.run == settings.run and last.outcome == "promoted":
            return StepEnd({"outcome": "promoted"})  # killed after the release, and now running again
        if last is not None and last.undoes == settings.run:
            cause = f"the run was undone at {date_and_time(last.ended)} by {last.run}: {last.reason}"
            raise NotOwnerError(f"promoting run {settings.run}", cause) from None
        raise
    by_external = settings.template_by == "external"
    promote_run(claim, teardown, traffic, workload, by_external=by_external, unjudged=settings.unjudged)
    return StepEnd({"outcome": "promoted"})


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    end = run(settings, parts.names, parts.traffic, parts.workload, teardown_policy_of(settings, parts.cluster))
    return with_dry_run_summary(end, parts.cluster)


STEP = Step(Settings, RESULTS, main)
