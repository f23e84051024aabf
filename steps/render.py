"""render: print the YAML of a release for a workflow engine that cannot loop over a ladder: a Tekton Pipeline.

Before: nothing; no cluster is needed. `canary-steps render tekton --ladder 5,25,50 | kubectl apply -f -`
Writes: the document to standard output.
Exit codes: 0 · 2.
"""

from importlib.metadata import version
from typing import Literal

from pydantic import Field

from steps import analyze, prepare, promote, resolve
from steps.errors import SettingsError
from steps.outputs.screen import show
from steps.settings.kubernetes_names import LabelName
from steps.settings.ladder import LadderSettings
from steps.step import Step, StepEnd
from steps.tekton_pipeline.options import PipelineOptions, StepDurations
from steps.tekton_pipeline.pipeline import pipeline
from steps.tekton_pipeline.pipeline_run import pipeline_run

RESULTS: tuple[str, ...] = ()


class Settings(LadderSettings):
    """Print the YAML of a release for a workflow engine that cannot loop over a ladder."""

    engine: Literal["tekton"] = Field(description="Workflow engine; the flag name may be omitted.")
    document: Literal["pipeline", "run"] = Field(
        "pipeline", description="pipeline: the release itself. run: the PipelineRun that starts it; needs --app."
    )
    gate: bool = Field(default=False, description="Wait for a person before the promote, and keep judging meanwhile.")
    one_pod: bool = Field(
        default=False, description="One task climbs the whole ladder; the run may set another ladder."
    )
    resolve: bool = Field(
        default=False,
        description="First ask the image's registry for the digest behind its tag and release that digest: for pushes.",
    )
    pipeline_name: LabelName = Field(
        "", description="Name of the Pipeline, if several ladders share a namespace. Empty: a name by its options."
    )
    app: LabelName = Field("", description="For document run: the application.")
    image: str = Field(
        "",
        pattern=r"^[^\s\"\\]*$",
        max_length=512,
        description="For document run: the image to release. Empty: the template's own.",
    )


def run(settings: Settings) -> str:
    """Return the document; see the module's docstring."""
    if settings.gate and settings.one_pod:
        cause = "--gate and --one-pod exclude each other: in one pod, the only gate is --on-inconclusive pause"
        raise SettingsError("reading the settings", cause)
    released = version("canary-steps")
    shape = settings.gate, settings.one_pod, settings.resolve
    options = PipelineOptions(settings.ladder, *shape, released, _defaults(), settings.pipeline_name)
    if settings.document == "pipeline":
        return pipeline(options)
    if not settings.app:
        raise SettingsError("reading the settings", "--app (or CANARY_APP) is required for --document run")
    return pipeline_run(options, settings.app, settings.image)


def _defaults() -> StepDurations:
    """Return the time limits of the steps, from their own settings."""
    return StepDurations(
        resolve=resolve.Settings.model_fields["registry_deadline_seconds"].default,
        busy=prepare.Settings.model_fields["busy_timeout_seconds"].default,
        ready=promote.Settings.model_fields["ready_timeout_seconds"].default,
        rung=analyze.Settings.model_fields["timeout_seconds"].default,
        drain=promote.Settings.model_fields["drain_limit_seconds"].default,
    )


def main(settings: Settings) -> StepEnd:
    """Print the document."""
    show(run(settings))
    return StepEnd({})


STEP = Step(Settings, RESULTS, main, bare="engine")
