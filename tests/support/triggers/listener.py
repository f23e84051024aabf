"""A listener without a cluster: a message in, the objects that Triggers would create out.

The end-to-end tests send the same messages to Triggers itself and compare the results.
"""

import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.documents import yaml_objects
from tests.support.processes import ROOT
from tests.support.triggers.expressions import Expressions, Refused
from tests.support.triggers.messages import Message, signature

Json = dict[str, Any]
SHIPPED = ROOT / "tekton" / "triggers"


def documents(path: Path) -> list[Json]:
    """Read a YAML file."""
    return yaml_objects(path.read_text(encoding="utf-8"))


class Listener:
    """One of the shipped EventListeners, with the shipped binding and template.

    Args:
        name: of its file, without suffix.
        secrets: the keys of each Secret, by its name.
        triggers: Triggers; by default the shipped examples, of the app `shop`.
        listener: another EventListener in its place.
    """

    def __init__(
        self,
        name: str,
        secrets: Mapping[str, Mapping[str, str]],
        triggers: Sequence[Json] = (),
        listener: Json | None = None,
    ) -> None:
        [self._listener] = [listener] if listener else documents(SHIPPED / "listener" / f"{name}.yaml")
        self._secrets = secrets
        self._expressions = Expressions(secrets)
        self._triggers = list(triggers) or [
            one for path in sorted(SHIPPED.glob("app/*.yaml")) for one in documents(path)
        ]
        self._bindings = {one["metadata"]["name"]: one for one in documents(SHIPPED / "binding.yaml")}
        self._templates = {one["metadata"]["name"]: one for one in documents(SHIPPED / "template.yaml")}

    def receive(self, message: Message) -> list[Json]:
        """Return what a message creates."""
        created: list[Json] = []
        for group in self._listener["spec"]["triggerGroups"]:
            try:
                known_so_far = self._intercept(group["interceptors"], message, {})
            except Refused:
                continue
            wanted = group["triggerSelector"]["labelSelector"]["matchLabels"].items()
            for trigger in self._triggers:
                if wanted <= trigger["metadata"]["labels"].items():
                    created += self._process(trigger["spec"], message, known_so_far)
        return created

    def _process(self, trigger: Json, message: Message, known_so_far: Json) -> list[Json]:
        try:
            known = self._intercept(trigger["interceptors"], message, known_so_far)
        except Refused:
            return []
        given: dict[str, str] = {}
        for binding in trigger["bindings"]:
            params = self._bindings[binding["ref"]]["spec"]["params"] if "ref" in binding else [binding]
            given |= {one["name"]: _bound(str(one["value"]), known) for one in params}
        spec = self._templates[trigger["template"]["ref"]]["spec"]
        defaults = {one["name"]: one["default"] for one in spec["params"] if "default" in one}
        return [_filled(one, {**defaults, **given}) for one in spec["resourcetemplates"]]

    def _intercept(self, interceptors: Iterable[Json], message: Message, known_so_far: Mapping[str, Any]) -> Json:
        """Return the extensions after a chain of interceptors."""
        known = dict(known_so_far)
        for interceptor in interceptors:
            params = {one["name"]: one["value"] for one in interceptor["params"]}
            if interceptor["ref"]["name"] == "github":
                self._check_github(params, message)
            else:
                known |= self._of_cel(params, message, known)
        return known

    def _of_cel(self, params: Json, message: Message, known: Json) -> Json:
        data = {
            "body": message.body,
            "header": {name: [value] for name, value in message.headers.items()},
            "extensions": known,
            "requestURL": message.path,
        }
        if "filter" in params and self._expressions.evaluate(params["filter"], data) is not True:
            raise Refused(params["filter"])
        overlays = params.get("overlays", [])
        return {one["key"]: self._expressions.evaluate(one["expression"], data) for one in overlays}

    def _check_github(self, params: Json, message: Message) -> None:
        if message.headers.get("X-GitHub-Event") not in params["eventTypes"]:
            raise Refused("eventTypes")
        key = self._secrets.get(params["secretRef"]["secretName"], {}).get(params["secretRef"]["secretKey"], "")
        if not key:
            raise Refused("no secret")
        if not hmac.compare_digest(message.headers.get("X-Hub-Signature-256", ""), signature(message.sent, key)):
            raise Refused("signature")


def _bound(value: str, extensions: Json) -> str:
    """Fill a binding's value in as JSONPath would, and escape it as Triggers does."""
    found = re.fullmatch(r"\$\(extensions\.([a-z]+)\[-1:\]\.([a-z]+)\)", value)
    if found is None:
        assert "$(" not in value, f"{value} is more JSONPath than is known here"
        return value
    last = extensions[found[1]][-1][found[2]]
    return json.dumps(last)[1:-1].replace("$(", "$$(")


def _filled(template: Json, params: Mapping[str, str]) -> Json:
    text = json.dumps(template)
    for name, value in params.items():
        text = text.replace(f"$(tt.params.{name})", value)
    made: Json = json.loads(text)
    assert "$(tt." not in text, f"a parameter is given by nobody: {text}"
    return made
