"""Expressions of Triggers' interceptor `cel`: Google's own evaluator, with the functions that Triggers adds.

Only the functions that the listeners use are declared; any other name is a compile error.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cel_expr_python import cel
from cel_expr_python.ext.ext_strings import ExtStrings

_TEXT = cel.Type.STRING
_MAP = cel.Type.Map(_TEXT, cel.Type.DYN)
_VARIABLES = {"body": _MAP, "header": _MAP, "extensions": _MAP, "requestURL": _TEXT}


class Refused(Exception):  # noqa: N818 - an event, not a fault
    """An expression could not be evaluated, or a filter was not true: the interceptor stops here."""


class Expressions:
    """Evaluates expressions.

    Args:
        secrets: the keys of each Secret, by its name.
    """

    def __init__(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        def compare(text: str, key: str, name: str) -> bool:
            return hmac.compare_digest(text.encode(), secrets[name][key].encode())

        functions = [
            _function("canonical", _canonical, [_MAP, _TEXT], _TEXT),
            _function("compareSecret", compare, [_TEXT, _TEXT, _TEXT], cel.Type.BOOL),
            _function("parseURL", _parse_url, [_TEXT], _MAP),
            _function("translate", _translate, [_TEXT, _TEXT, _TEXT], _TEXT),
            _function("truncate", _truncate, [_TEXT, cel.Type.INT], _TEXT),
        ]
        self._env = cel.NewEnv(variables=_VARIABLES, extensions=[ExtStrings()], functions=functions)

    def evaluate(self, expression: str, data: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as CEL has it
        """Return the value of an expression.

        Raises:
            Refused: it fails on this message. RuntimeError: it would fail on any.
        """
        value = self._env.compile(expression).eval(data=data)
        if value.type() == cel.Type.ERROR:
            raise Refused(f"{expression}: {value.value()}")
        return value.plain_value()


def _function(name: str, does: Any, takes: list[cel.Type], gives: cel.Type) -> cel.FunctionDecl:  # noqa: ANN401
    overload = cel.Overload(f"{name}_of_triggers", return_type=gives, parameters=takes, is_member=True, impl=does)
    return cel.FunctionDecl(name, [overload])


def _canonical(header: Mapping[str, Any], name: str) -> str:
    values = {str(key).title(): value for key, value in header.items()}.get(name.title())
    return str(_plain(_plain(values)[0])) if values is not None else ""


def _plain(value: Any) -> Any:  # noqa: ANN401 - a value of CEL, or one of ours
    return value.plain_value() if isinstance(value, cel.Value) else value


def _parse_url(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    return {"path": parts.path, "query": dict(parse_qsl(parts.query, keep_blank_values=True))}


def _translate(text: str, pattern: str, by: str) -> str:
    return re.sub(pattern, by, text)


def _truncate(text: str, length: int) -> str:
    return text.encode()[:length].decode(errors="replace")
