"""What the demo prints: a live view of one release, and the table at the end."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tests.lab.demo.rollout import Progress
from tests.lab.demo.scenarios import Scenario
from tests.lab.embedded.load.records import View

_COLOURS = {"promoted": "green", "rolled-back": "red"}


@dataclass(frozen=True)
class Outcome:
    """How one release ended, as its users saw it.

    Args:
        scenario: the release.
        outcome: `promoted`, `rolled-back` or another outcome.
        verdict: the judge's.
        sentence: the judge's reason.
        back_seconds: from the first user's exposure until all were on stable; None if it was promoted.
        failed: failed requests as the clients counted them, see `failed`. slow: slow ones.
        requests: all requests of the release.
        report: folder with report and log.
    """

    scenario: Scenario
    outcome: str
    verdict: str
    sentence: str
    back_seconds: float | None
    failed: int
    slow: int
    requests: int
    report: Path

    @property
    def expected(self) -> bool:
        """Whether it ended as it should."""
        verdict = self.scenario.verdict or self.verdict
        return (self.scenario.expected, verdict) == (self.outcome, self.verdict)


def failed(view: View) -> int:
    """Count failed requests: no answer, 5xx, or 4xx, since the old version serves every page that users request."""
    return sum(record.failed or record.status >= 400 for record in view.records)


def live(scenario: Scenario, ladder: tuple[int, ...], progress: Progress, view: View, version: str) -> Group:
    """Return the live view: ladder, weight, what users see, what the judge sees."""
    looked = progress.looked
    steps = Text("  ladder    ")
    for weight in ladder:
        style = "bold cyan" if weight == progress.weight else "green" if weight < progress.weight else "dim"
        steps.append(f"{weight} %  ", style=style)
    steps.append(f"now {progress.weight} %", style="bold")
    bar = ProgressBar(total=100, completed=progress.weight, width=40)
    met = view.versions()[version]
    users = Text(f"  users     {len(view.records)} requests, {failed(view)} failed; {met} answered by the canary")
    evidence = Text("  evidence  none yet", style="dim")
    if looked:
        evidence = Text(
            f"  evidence  canary {looked['canary_bad']} of {looked['canary_requests']} bad, "
            f"stable {looked['stable_bad']} of {looked['stable_requests']}; "
            f"evidence for worse {looked['evidence']:g} (fails at {looked['alarm_at_evidence']:g})"
        )
    judge = Text(f"  judge     {looked.get('verdict', '-')}: {looked.get('reason', 'no result yet')}", style="italic")
    title = Text(f"{scenario.title} ({scenario.image}): {progress.doing}", style="bold")
    return Group(title, steps, bar, users, evidence, judge)


def table(outcomes: list[Outcome], console: Console) -> None:
    """Print the table of all releases."""
    made = Table(title="What happened", show_lines=True, expand=True)
    made.add_column("release", ratio=3)
    made.add_column("outcome", no_wrap=True)
    made.add_column("verdict", no_wrap=True)
    made.add_column("why", ratio=6)
    made.add_column("exposed", justify="right", no_wrap=True)
    made.add_column("failed", justify="right", no_wrap=True)
    made.add_column("slow", justify="right", no_wrap=True)
    for one in outcomes:
        back = "-" if one.back_seconds is None else f"{one.back_seconds:.1f} s"
        made.add_row(
            one.scenario.title,
            Text(one.outcome, style=_COLOURS.get(one.outcome, "yellow")),
            one.verdict,
            one.sentence,
            back,
            f"{one.failed} of {one.requests}",
            str(one.slow),
        )
    console.print(made)
    console.print("exposed: time from the first user on the canary until all users were back on stable.")
    console.print("failed, slow: requests as the users' clients counted them. A 404 counts as failed, since the old")
    console.print("version serves every page that users request. Reports and logs:")
    for one in outcomes:
        console.print(f"  {one.report}", soft_wrap=True)
