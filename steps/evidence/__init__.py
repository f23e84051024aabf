"""Prometheus, read: raw counters become exact counts per scrape interval for both arms."""

from steps.evidence.access import Access
from steps.evidence.bounds import Bounds
from steps.evidence.prometheus import Answer, Prometheus
from steps.evidence.reader import EvidenceReader
from steps.evidence.selectors import Arms

__all__ = ["Access", "Answer", "Arms", "Bounds", "EvidenceReader", "Prometheus"]
