"""approve: open the gate of a run that waits with `analyze --hold` or `--on-inconclusive pause`.

Before: the run holds the claim. Use it if a person approves by other means than `kubectl annotate`: an Argo suspend,
a chat command.
Writes: the annotation `canary-steps.io/approve.<app>` on the first VirtualService, under the claim's token. It counts
for the run's present weight: the next change of the weight removes it, so a later gate needs its own approval.
Exit codes: 0 approved · 2 · 3 · 4 missing object · 7 not the owner, or the run is already teardown.
"""

from steps.claim.claims import Claims
from steps.errors import SettingsError
from steps.model.names import ReleaseNames
from steps.settings.cluster import DryRunSettings
from steps.settings.release import ClaimSettings
from steps.step import Step, StepEnd
from steps.wiring.cluster import parts_of

RESULTS = ("outcome",)


class Settings(ClaimSettings, DryRunSettings):
    """Open the gate of a run that waits for approval."""


def run(settings: Settings, names: ReleaseNames, claims: Claims) -> StepEnd:
    """Approve one run; see the module's docstring."""
    if not settings.run:
        raise SettingsError("reading the settings", "--run (or CANARY_RUN) is required: the run to approve")
    claims.approve(claims.held(names.app, settings.run, names.virtual_services))
    return StepEnd({"outcome": "approved"})


def main(settings: Settings) -> StepEnd:
    """Build the collaborators and run the step."""
    parts = parts_of(settings)
    return run(settings, parts.names, parts.claims)


STEP = Step(Settings, RESULTS, main)
