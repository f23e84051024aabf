"""Translates matches of HTTP routes to Envoy's, and selects those that concern the proxy, as istiod does."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.kubernetes_api.kinds import Json

PUBLIC = "istio-system/public"
"""The lab's Gateway object: its Envoys serve it."""
SERVER_PORT = 80
"""The port of that Gateway's server. Its Envoys bind 8080, as Istio's do, but istiod compares with this port."""
_MESH = "mesh"
_LABELS = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
_NAMESPACE = "istio-system"
_ABOUT_THE_PROXY = {"gateways", "port", "sourceLabels", "sourceNamespace"}
_ABOUT_THE_REQUEST = {
    "uri", "ignoreUriCase", "scheme", "method", "authority", "headers", "withoutHeaders", "queryParams",
}  # fmt: skip
_KNOWN = _ABOUT_THE_PROXY | _ABOUT_THE_REQUEST | {"name", "statPrefix"}
_TEXTS = ("uri", "scheme", "method", "authority")
_KINDS = ("exact", "prefix", "regex")


class UnknownFieldError(ValueError):
    """A VirtualService asks for something that the lab cannot do; if that were ignored, a test would prove nothing."""


@dataclass(frozen=True)
class Role:
    """What the lab's Envoy is to one VirtualService: the gateways it serves, or a sidecar of the mesh.

    One Envoy carries all users of the lab. To a VirtualService that is bound to the lab's Gateway it is that gateway,
    to one that is bound to the mesh alone it is a sidecar, whose users call the first port of the Service.

    Args:
        gateways: full names, or "mesh".
        port: of the listener, as istiod sees it.
    """

    gateways: frozenset[str]
    port: int

    @classmethod
    def of(cls, item: Json, ports: list[int]) -> Role:
        """Return the role for a VirtualService; `ports` are those of the Service that it is named after, if any."""
        namespace = item["metadata"]["namespace"]
        bound = {_resolved(name, namespace) for name in item["spec"].get("gateways") or [_MESH]}
        if bound == {_MESH}:
            return cls(frozenset(bound), (ports or [SERVER_PORT])[0])
        return cls(frozenset({PUBLIC} if PUBLIC in bound else bound - {_MESH}), SERVER_PORT)

    def concerns(self, match: Json, namespace: str) -> bool:
        """Return whether istiod gives this match to the proxy; `namespace` is the VirtualService's.

        As in istiod a list of gateways takes precedence over source labels and source namespace.
        """
        if match.get("port", self.port) != self.port:
            return False
        if match.get("gateways"):
            return any(_resolved(name, namespace) in self.gateways for name in match["gateways"])
        labels = match.get("sourceLabels") or {}
        from_here = match.get("sourceNamespace") in {None, "", _NAMESPACE}
        return from_here and all(_LABELS.get(name) == value for name, value in labels.items())


def check(match: Json, where: str) -> None:
    """Raise UnknownFieldError if a match has a field or a comparison that the lab does not know."""
    unknown = sorted(set(match) - _KNOWN)
    if unknown:
        known = ", ".join(sorted(_KNOWN))
        raise UnknownFieldError(f"{where}: the lab does not know the match field {unknown[0]!r}; it knows {known}")
    texts: Json = {name: match[name] for name in _TEXTS if name in match}
    for several in ("headers", "withoutHeaders", "queryParams"):
        texts |= {f"{several}.{name}": text for name, text in (match.get(several) or {}).items()}
    for name, text in texts.items():
        if name.partition(".")[2].startswith("@"):
            raise UnknownFieldError(f"{where}: the lab checks no tokens, so it cannot match {name!r}")
        if len(text or {}) > 1 or any(kind not in _KINDS for kind in text or {}):
            raise UnknownFieldError(f"{where}: {name} is compared by one of {', '.join(_KINDS)}, not by {text}")


def translated(match: Json) -> Json:
    """Return Envoy's match for the request."""
    headers = [_header(name, text) for name, text in (match.get("headers") or {}).items()]
    headers += [_without(name, text) for name, text in (match.get("withoutHeaders") or {}).items()]
    headers += [_header(f":{name}", match[name]) for name in ("method", "authority", "scheme") if name in match]
    queries = [{"name": name, **_text(text)} for name, text in (match.get("queryParams") or {}).items()]
    found = _path(match.get("uri") or {"prefix": "/"})
    found |= {"case_sensitive": False} if match.get("ignoreUriCase") else {}
    found |= {"headers": headers} if headers else {}
    return found | ({"query_parameters": queries} if queries else {})


def _resolved(name: str, namespace: str) -> str:
    """Return a gateway's full name: a short name means the VirtualService's own namespace."""
    if name == _MESH:
        return name
    owner, slash, short = name.rpartition("/")
    return name if slash and owner != "." else f"{namespace}/{short}"


def _path(uri: Json) -> Json:
    [(kind, value)] = uri.items()
    return {"safe_regex": {"regex": value}} if kind == "regex" else {{"exact": "path", "prefix": "prefix"}[kind]: value}


def _header(name: str, text: Json | None) -> Json:
    return {"name": name, **_text(text)}


def _without(name: str, text: Json | None) -> Json:
    """Return a match of requests that lack the header or have another value."""
    how = _header(name, text)
    # Envoy refuses this beside present_match.
    lacking = {} if "present_match" in how else {"treat_missing_header_as_empty": True}
    return {**how, "invert_match": True, **lacking}


def _text(text: Json | None) -> Json:
    if not text or text.get("regex") == "*":
        return {"present_match": True}
    if "regex" in text:
        return {"string_match": {"safe_regex": {"regex": text["regex"]}}}
    return {"string_match": text}
