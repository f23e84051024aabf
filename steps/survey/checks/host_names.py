"""Host names that mean something else where they stand: Istio completes short ones with a namespace (pure)."""

from collections.abc import Iterator

from steps.cluster.api import Object
from steps.cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from steps.model.run import ObjectName
from steps.survey.arms import SurveyedArms
from steps.survey.commands import patch_command, pointer
from steps.survey.objects import Survey, name_of
from steps.survey.problem import Gravity, Problem
from steps.traffic.destinations import full_host
from steps.traffic.routes import http_routes, label_of

_SUFFIX = ".svc.cluster.local"


def check_host_names(survey: Survey, arms: SurveyedArms) -> list[Problem]:
    """Return a problem for each host that means another namespace than the app's, or no Service at all."""
    found = list(_flags(survey, arms))
    for obj in survey.virtual_services:
        found += _in_routes(survey, arms, obj)
    for rule in survey.destination_rules:
        found += _in_rule(survey, arms, rule)
    return found


def _ours(survey: Survey, arms: SurveyedArms) -> set[str]:
    """Return the names of the Services that a short host may mean."""
    hosts = [full_host(arm.destination.host, survey.namespace).partition(".")[0] for arm in arms.both]
    known = {str(one["metadata"]["name"]) for one in survey.services}
    return {*hosts, *(arm.behind.service for arm in arms.both if arm.behind.service)} | (known & {arms.names.app})


def _flags(survey: Survey, arms: SurveyedArms) -> Iterator[Problem]:
    """Yield a problem if a destination of the release is short, and a VirtualService of it is elsewhere."""
    away = [name for name in arms.names.virtual_services if name.namespace != survey.namespace]
    short = [arm for arm in arms.both if "." not in arm.destination.host]
    if not away or not short:
        return
    means = " and ".join(
        f"{arm.destination.host} means {full_host(arm.destination.host, away[0].namespace)}" for arm in short
    )
    text = f"a short host is completed with the namespace of the VirtualService, so {means}, not a Service of the app."
    flags = []
    for arm in arms.both:
        host = full_host(arm.destination.host, survey.namespace)
        flags.append(f"--{arm.role}-destination {'/'.join(filter(None, (host, arm.destination.subset)))}")
    yield Problem("host-name", f"VirtualService {away[0]}", text, (" ".join(flags),))


def _in_routes(survey: Survey, arms: SurveyedArms, obj: Object) -> Iterator[Problem]:
    name, ours = name_of(obj), _ours(survey, arms)
    for index, body in enumerate(http_routes(obj)):
        for place, entry in enumerate(body.get("route") or []):
            host = str((entry.get("destination") or {}).get("host") or "")
            meant = _meant(host, name, survey.namespace, ours)
            if not meant:
                continue
            path = pointer("spec", "http", index, "route", place, "destination", "host")
            remedy = patch_command(VIRTUAL_SERVICE, name, {"op": "replace", "path": path, "value": meant})
            what = f"its route {label_of(index, body)} leads to host {host}, which there means {_means(host, name)}"
            text = f"{what}: if the app's Service is meant, its users get 503, and the route is not seen as the app's."
            gravity: Gravity = "refuses" if arms.is_released(name) else "warns"
            yield Problem("host-name", f"VirtualService {name}", text, (remedy,), gravity)


def _in_rule(survey: Survey, arms: SurveyedArms, rule: Object) -> Iterator[Problem]:
    name, host = name_of(rule), str((rule.get("spec") or {}).get("host") or "")
    meant = _meant(host, name, survey.namespace, _ours(survey, arms))
    if meant:
        remedy = patch_command(DESTINATION_RULE, name, {"op": "replace", "path": "/spec/host", "value": meant})
        text = (
            f"its host {host} there means {_means(host, name)}: if the app's Service is meant, its subsets and its"
            f" traffic policy do not apply."
        )
        yield Problem("host-name", f"DestinationRule {name}", text, (remedy,), "warns")


def _meant(host: str, name: ObjectName, namespace: str, ours: set[str]) -> str:
    """Return the full name that was probably meant, "" where the host means what it says."""
    if "." not in host:
        return full_host(host, namespace) if host in ours and name.namespace != namespace else ""
    service, _, rest = host.partition(".")
    half = rest in {namespace, f"{namespace}.svc"}
    return f"{service}.{namespace}{_SUFFIX}" if half and service in ours else ""


def _means(host: str, name: ObjectName) -> str:
    """Return what Istio takes a host for: with a dot in it, as it stands."""
    return full_host(host, name.namespace) if "." not in host else f"a host {host} that no Service has"
