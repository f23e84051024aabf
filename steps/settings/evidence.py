"""All that is observed of a release: for prepare, which checks the sources, and for analyze, which reads them."""

from steps.settings.judge import ObjectiveSettings
from steps.settings.metrics import MetricsSettings
from steps.settings.probes import ProbeSettings
from steps.settings.prometheus import PrometheusSettings


class EvidenceSettings(PrometheusSettings, MetricsSettings, ProbeSettings, ObjectiveSettings):
    """For steps that need the evidence of both arms, from Prometheus and by probes."""
