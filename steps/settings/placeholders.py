"""What stands for a setting's value in the help: `--weight PERCENT`, `--min-seconds SECONDS`, `--route NAME,...`.

Most placeholders follow from the end of the setting's name, or from its type; the table has the others.
"""

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

_BY_NAME = {
    "alpha": "SHARE",
    "announced_digest": "DIGEST",
    "by": "NAME",
    "canary": "DEPLOYMENT",
    "canary_destination": "HOST/SUBSET",
    "config": "FILE",
    "gateway": "NAMESPACE/NAME,...",
    "html": "FILE",
    "ignore_answers": "CLASS,...",
    "judgement": "FILE,...",
    "kubeconfig": "FILE",
    "ladder": "PERCENT,...",
    "latency_slo": "QUANTILE=LIMIT",
    "link": "URL",
    "metric_labels": "LABEL=VALUE,...",
    "metrics": "YAML",
    "must_detect": "SHARE",
    "output": "FILE",
    "probes": "YAML",
    "prometheus_username": "NAME",
    "record": "FILE",
    "recording": "FILE",
    "registry_config": "PATH",
    "route": "NAME,...",
    "stable": "DEPLOYMENT",
    "stable_destination": "HOST/SUBSET",
    "success_slo": "SHARE",
    "template_patch": "YAML",
    "tolerated_ratio": "RATIO",
    "unjudged": "REASON",
    "virtual_service": "NAME,...",
    "weight": "PERCENT",
}
_BY_ENDING = {
    "bytes": "BYTES",
    "dir": "FOLDER",
    "file": "FILE",
    "percent": "PERCENT",
    "seconds": "SECONDS",
}
_NUMBERS = {int: "COUNT", float: "NUMBER"}


def placeholder(name: str, annotation: Any) -> str:  # noqa: ANN401 - any type
    """Return what stands for the value of a setting, "" for a switch.

    Args:
        name: of the setting, as the settings class has it.
        annotation: its type.
    """
    if annotation is bool:
        return ""
    if found := choices(annotation):
        return "|".join(found)
    ending = name.rpartition("_")[2]
    numbers = [_NUMBERS[kind] for kind in _alternatives(annotation) if kind in _NUMBERS]
    known = _BY_NAME.get(name) or _BY_ENDING.get(ending) or "".join(numbers[:1])
    if known:
        return known
    outer = get_origin(annotation) or annotation
    if outer is dict:
        return "NAME=VALUE,..."
    return f"{ending.upper()},..." if outer in {tuple, list, frozenset, set} else ending.upper()


def choices(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401 - any type
    """Return the values of a type that names them all, () for another; "" is left out, as it means not set."""
    found = [one for kind in _alternatives(annotation) if get_origin(kind) is Literal for one in get_args(kind)]
    return tuple(str(one) for one in found if one != "")


def _alternatives(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any type
    """Return the parts of a union, else the type itself."""
    return get_args(annotation) if get_origin(annotation) in {UnionType, Union} else (annotation,)
