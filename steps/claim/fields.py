"""The kinds of values in a state and a record, as strict types: nothing is converted, and each has a range."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, FailFast, Field, Strict, ValidationError

from steps.claim.strict_json import shown
from steps.model.printable import printable

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME_PART: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_HOST: Final = re.compile(r"(\*|(\*\.)?[A-Za-z0-9_]([-A-Za-z0-9_.]{0,251}[A-Za-z0-9_])?)")
_LONGEST_NAME: Final = 253
_LATEST_TIME: Final = 253_402_300_799
_MOST_ENTRIES: Final = 5000
_MOST_KEYS: Final = 500


def is_object_name(text: str) -> bool:
    """Return whether an object of Kubernetes may have this name (an RFC 1123 subdomain, as the API server reads it).

    Its parts may be longer than 63 characters: a ReplicaSet has the name of its Deployment and a hash.
    """
    return len(text) <= _LONGEST_NAME and all(_NAME_PART.fullmatch(part) for part in text.split("."))


def is_namespace(text: str) -> bool:
    """Return whether a namespace may have this name (an RFC 1123 label)."""
    return _LABEL.fullmatch(text) is not None


def _object_name(text: str) -> str:
    if not is_object_name(text):
        raise ValueError("is not a name of Kubernetes")
    return text


def _object_name_or_empty(text: str) -> str:
    return _object_name(text) if text else text


def _namespace(text: str) -> str:
    if not is_namespace(text):
        raise ValueError("is not a namespace's name")
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("is not a host's name")
    return text


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that are not printed")
    return text


def _few(value: object) -> object:
    """Stop at a mapping with more keys than ours ever have, before each of them becomes an error of its own."""
    if isinstance(value, Mapping) and len(value) > _MOST_KEYS:
        raise ValueError(f"has {len(value)} entries, at most {_MOST_KEYS} are possible")
    return value


Time = Annotated[float, Strict(), Field(ge=0, le=_LATEST_TIME, allow_inf_nan=False)]
"""Unix seconds until the year 9999."""

Seconds = Annotated[float, Strict(), Field(gt=0, le=1e12, allow_inf_nan=False)]
"""A duration."""

Amount = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
"""A bound of a histogram, in its unit."""

Percent = Annotated[int, Strict(), Field(ge=0, le=100)]
"""A weight."""

Count = Annotated[int, Strict(), Field(ge=0, le=2**53)]
"""A number of requests."""

Replicas = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)]
"""A Deployment's replicas."""

Epoch = Annotated[int, Strict(), Field(ge=1, le=10**12)]
"""The number of a claim."""

Flag = Annotated[bool, Strict()]

ObjectNameText = Annotated[str, Strict(), AfterValidator(_object_name)]
"""An object's name."""

OptionalName = Annotated[str, Strict(), AfterValidator(_object_name_or_empty)]
"""An object's name, "" for none."""

NamespaceText = Annotated[str, Strict(), AfterValidator(_namespace)]

Host = Annotated[str, Strict(), AfterValidator(_host)]

Word = Annotated[str, Strict(), Field(max_length=_LONGEST_NAME), AfterValidator(_plain)]
"""An identifier that is not a name of Kubernetes: a route, a subset, a fingerprint, a verdict."""

RouteName = Annotated[str, Strict(), Field(max_length=4096), AfterValidator(_plain)]
"""A route of a VirtualService, which may have any name."""

Sentence = Annotated[str, Strict(), AfterValidator(printable)]
"""Text for people; what is not printed becomes a space, since a sentence must not cost a run its way back."""

Entries = (FailFast(), Field(max_length=_MOST_ENTRIES))
"""Of a list: the first wrong entry ends the reading."""

FewKeys = BeforeValidator(_few)
"""Of a mapping."""


class Body(BaseModel):
    """A JSON object whose fields are checked; those of a later image are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def fields(self) -> dict[str, Any]:
        """Return the values by their names, as the dataclass of the same fields takes them."""
        return dict(self)


def named(*names: str) -> BeforeValidator:
    """Return what reads a list as the fields of a `Body`, in this order; later entries are left out."""

    def fields(value: object) -> object:
        if not isinstance(value, list):
            raise ValueError("is not a list")  # noqa: TRY004 - pydantic collects ValueErrors
        return dict(zip(names, value, strict=False))

    return BeforeValidator(fields)


def first_error(error: ValidationError) -> ValueError:
    """Return the first of pydantic's errors as one short sentence."""
    found = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(_place(found["loc"]))
    message = found["msg"].removeprefix("Value error, ")
    given = "" if found["type"] == "missing" else f", it is {shown(found['input'])}"
    return ValueError(f"{place}: {message}{given}")


def _place(location: Sequence[int | str]) -> list[str]:
    return [printable(str(part))[:_LONGEST_NAME] for part in location]
