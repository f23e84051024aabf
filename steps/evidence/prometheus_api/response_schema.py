"""The schema of a response of Prometheus' API, checked before the response is used.

Half a response must never be read as a small one: one entry that does not follow the API makes the whole response
unusable.
"""

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any, Final

_PAIR: Final = 2
_SHOWN: Final = 80
_AHEAD: Final = 60.0
"""Seconds by which a sample may be newer than the response: clocks differ a little, but no query returns the future."""


class MalformedResponseError(Exception):
    """A response does not follow Prometheus' API; the text says what is wrong."""


def result_of(body: Mapping[str, Any], at: float = inf) -> list[dict[str, Any]]:
    """Return `data.result` of a successful response: entries with `metric` and one of value, values, histogram(s).

    Args:
        body: of the response.
        at: the server's time, unix seconds: no sample can be newer.

    Raises:
        MalformedError: it is not a list of such entries.
    """
    data = body.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("result"), list):
        raise MalformedResponseError("data.result is not a list")
    for entry in data["result"]:
        _check(entry, at + _AHEAD)
    return list(data["result"])


def warnings_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the server's warnings.

    Raises:
        MalformedError: warnings are not a list.
    """
    warnings = body.get("warnings")
    if warnings is not None and not isinstance(warnings, list):
        raise MalformedResponseError("warnings are not a list")
    return tuple(str(text) for text in warnings or ())


def _check(entry: object, latest: float) -> None:
    if not isinstance(entry, dict):
        raise MalformedResponseError(f"an entry of data.result is not an object: {_shown(entry)}")
    labels = entry.get("metric", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise MalformedResponseError(f"the labels of a series are not strings: {_shown(labels)}")
    samples = entry.get("values", [])
    if not isinstance(samples, list) or not {"value", "values", "histogram", "histograms"} & entry.keys():
        raise MalformedResponseError(f"a series has neither a value nor a list of values: {_shown(entry)}")
    for sample in (*([entry["value"]] if "value" in entry else []), *samples):
        _check_sample(sample, latest)


def _check_sample(sample: object, latest: float) -> None:
    """Make sure that a sample is [time, "number"]; NaN and infinities are numbers to Prometheus."""
    if not isinstance(sample, list) or len(sample) != _PAIR or isinstance(sample[0], bool | str):
        raise MalformedResponseError(f"a sample is not a time and a value: {_shown(sample)}")
    try:
        at, _ = float(sample[0]), float(sample[1])
    except (TypeError, ValueError, OverflowError):
        raise MalformedResponseError(f"a sample is not a time and a number: {_shown(sample)}") from None
    if not isfinite(at):
        raise MalformedResponseError(f"the time of a sample is not a number: {_shown(sample)}")
    if at > latest:
        raise MalformedResponseError(f"a sample is newer than the server's own time: {_shown(sample)}")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return "deeply nested"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
