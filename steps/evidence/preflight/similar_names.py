"""Metrics whose names are similar to one that Prometheus does not have."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from steps.evidence.definitions.promql import escape_regex, regex_matcher
from steps.evidence.prometheus_api.client import Prometheus
from steps.evidence.prometheus_api.samples import NAME_LABEL, values_by_label

_MOST: Final = 200
_SHOWN: Final = 5
_CLOSE: Final = 0.5
_WORD: Final = 4
_PARTS: Final = ("_bucket", "_sum", "_count", "_created")
_COMMON: Final = {"total", "count", "bucket", "seconds", "milliseconds", "bytes"}


def similar_names(prometheus: Prometheus, name: str) -> tuple[str, ...]:
    """Return at most five names of metrics that are similar to `name`, the most similar first. One limited query.

    Raises:
        EvidenceError: Prometheus did not answer.
    """
    words = [word for word in re.split(r"[_:]", name.lower()) if len(word) >= _WORD and word not in _COMMON]
    regex = f"(?i).*({'|'.join(escape_regex(word) for word in words or [name])}).*"
    promql = f"topk({_MOST}, count by ({NAME_LABEL}) ({{{regex_matcher(NAME_LABEL, regex)}}}))"
    known = sorted(values_by_label(prometheus.query(promql).result, NAME_LABEL))
    return closest_names(name, known)


def closest_names(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the most similar names; names that contain it, as those of recording rules do, come first.

    A part of a histogram (_bucket, _sum, _count) is only offered in place of another such part.
    """
    apart = tuple(suffix for suffix in _PARTS if not name.endswith(suffix))
    fitting = [one for one in known if one and not one.endswith(apart)]
    contained = [one for one in fitting if name in one or one in name]
    return tuple(dict.fromkeys((*contained, *get_close_matches(name, fitting, _SHOWN, _CLOSE))))[:_SHOWN]
