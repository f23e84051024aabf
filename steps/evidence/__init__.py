"""Prometheus, read: raw counters become exact counts per scrape interval for both arms."""

from steps.evidence.definitions.bucket_bounds import Bounds
from steps.evidence.definitions.promql import ArmLabels
from steps.evidence.prometheus_api.access import Access
from steps.evidence.prometheus_api.client import Prometheus, QueryResponse
from steps.evidence.reader import EvidenceReader

__all__ = ["Access", "ArmLabels", "Bounds", "EvidenceReader", "Prometheus", "QueryResponse"]
