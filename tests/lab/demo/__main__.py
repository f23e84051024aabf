"""Shows whole releases on the embedded lab: the good one is promoted, the bad ones are rolled back."""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live

from tests.lab.demo.rollout import Rollout
from tests.lab.demo.scenarios import PATHS, RATE, SCENARIOS, SLOW_SECONDS, Scenario
from tests.lab.demo.screen import Outcome, failed, live, table
from tests.lab.embedded.lab import EmbeddedLab
from tests.lab.embedded.load import Load

LADDER = (5, 25, 50)
REPORTS = Path("reports")


def main() -> int:
    """Run the chosen scenarios; 0 when each ended as it should."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--scenario", default="all", choices=["all", *(one.name for one in SCENARIOS)])
    chosen = parser.parse_args().scenario
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    if not console.is_terminal:
        console = Console(width=120)
    outcomes: list[Outcome] = []
    console.print("Starting the lab: Prometheus, Envoy, a stand-in Kubernetes API, and the app shop with 2 pods")
    try:
        with EmbeddedLab() as lab:
            lab.registry.push("demo/shop:v1", uses_database=True)
            lab.deploy_app("shop", "demo/shop:v1")
            console.print(
                f"Users send {RATE:.0f} requests a second through Envoy. The ladder is {', '.join(map(str, LADDER))} %."
            )
            with lab.load(RATE, paths=PATHS) as load:
                load.wait_for(lambda view: len(view.records) >= RATE * 2)
                wanted = [one for one in SCENARIOS if chosen in {"all", one.name}]
                outcomes.extend(_show(scenario, lab, load, console) for scenario in wanted)
    except KeyboardInterrupt:
        console.print("Interrupted; the lab is stopped.")
        return 130
    table(outcomes, console)
    wrong = [one for one in outcomes if not one.expected]
    for one in wrong:
        console.print(f"[red]{one.scenario.title}: expected {one.scenario.expected}, see {one.report}/log.jsonl[/]")
    return 1 if wrong else 0


def _show(scenario: Scenario, lab: EmbeddedLab, load: Load, console: Console) -> Outcome:
    lab.registry.push(scenario.image, version="", **scenario.knobs)
    version = scenario.image.rpartition(":")[2]
    started = time.time()
    rollout = Rollout(lab, scenario.image, LADDER, REPORTS / scenario.name, scenario.flags)
    told = ""
    with Live(console=console, refresh_per_second=4, transient=True) as screen:
        try:
            while rollout.running:
                view = load.view().since(started)
                if scenario.database_fails and rollout.progress.weight:
                    lab.database(up=False)
                screen.update(live(scenario, LADDER, rollout.progress, view, version))
                if (
                    not console.is_terminal
                    and (line := f"{scenario.name}: {rollout.progress.doing}, weight {rollout.progress.weight} %")
                    != told
                ):
                    console.print(line)
                    told = line
                time.sleep(0.3)
        except BaseException:
            rollout.stop()
            raise
        finally:
            lab.database(up=True)
    rollout.wait()
    end = rollout.progress.results
    view = load.view().since(started)
    outcome = str(end.get("outcome") or end.get("error", "no outcome"))
    promoted = outcome == "promoted"
    console.print(f"{scenario.title}: [bold]{outcome}[/] after {time.time() - started:.0f} s")
    return Outcome(
        scenario=scenario,
        outcome=outcome,
        verdict=str(end.get("verdict", "")),
        sentence=str(end.get("reason", "")),
        back_seconds=None if promoted else view.exposed_seconds(version),
        failed=failed(view),
        slow=sum(record.seconds >= SLOW_SECONDS for record in view.records),
        requests=len(view.records),
        report=REPORTS / scenario.name,
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
