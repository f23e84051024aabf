"""Build the sender of probes, and the check that tries them on stable first."""

from collections.abc import Callable

from steps.actions.probe_preflight import ProbePreflight
from steps.errors import SettingsError
from steps.model.evidence import Arm
from steps.model.names import ReleaseNames
from steps.probing.probe import Endpoint, Probe, Tls
from steps.probing.prober import ArmEndpoints, Prober
from steps.settings.mappings import parse_header
from steps.settings.probes import ProbeSettings, ProbeSpec
from steps.workload.workload import Workload


def prober_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> Prober | None:
    """Return the sender of the probes, None if there are none; nothing is sent yet.

    Raises:
        SettingsError: a gateway without the headers that lead to the arms, or the other way round.
    """
    if not settings.probes:
        return None
    probes = [_probe(spec) for spec in settings.probes]
    canary, stable = _arms_of(settings, names, workload)
    return Prober(probes, lambda: ArmEndpoints(canary(), stable()), settings.probe_interval_seconds)


def prober_of_promoted(settings: ProbeSettings, names: ReleaseNames, workload: Workload, arm: Arm) -> Prober | None:
    """Return the sender of the probes to the arm that serves after a promotion, None if there are none.

    Raises:
        SettingsError: as `prober_of`.
    """
    if not settings.probes:
        return None
    canary, stable = _arms_of(settings, names, workload)
    serving = stable if arm is Arm.STABLE else canary
    probes = [_probe(spec) for spec in settings.probes]
    return Prober(probes, lambda: ArmEndpoints(serving(), (), alone=True), settings.probe_interval_seconds)


def probe_preflight_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> ProbePreflight | None:
    """Return the check that tries the probes on stable first, None if there are none.

    Raises:
        SettingsError: as `prober_of`.
    """
    if not settings.probes:
        return None
    _, stable = _arms_of(settings, names, workload)
    return ProbePreflight(tuple(_probe(spec) for spec in settings.probes), stable)


Ask = Callable[[], tuple[Endpoint, ...]]


def _arms_of(settings: ProbeSettings, names: ReleaseNames, workload: Workload) -> tuple[Ask, Ask]:
    """Return two functions that return the present endpoints of canary and stable."""
    given = [bool(settings.probe_gateway_url), bool(settings.probe_canary_header), bool(settings.probe_stable_header)]
    if any(given) and not all(given):
        cause = "--probe-gateway-url, --probe-canary-header and --probe-stable-header go together: set all or none"
        raise SettingsError("reading the settings", cause)
    if settings.probe_gateway_url:
        canary, stable = (
            Endpoint("gateway", base=settings.probe_gateway_url, headers=dict([parse_header(line, flag)]))
            for line, flag in (
                (settings.probe_canary_header, "--probe-canary-header"),
                (settings.probe_stable_header, "--probe-stable-header"),
            )
        )
        return lambda: (canary,), lambda: (stable,)
    return lambda: _pods(workload, names, names.canary), lambda: _pods(workload, names, names.stable)


def _pods(workload: Workload, names: ReleaseNames, deployment: str) -> tuple[Endpoint, ...]:
    found = workload.addresses(names.namespace, deployment)
    return tuple(Endpoint(name, address, port) for name, address, port in found)


def _probe(spec: ProbeSpec) -> Probe:
    wanted = spec.json_value
    return Probe(
        name=spec.name,
        path=spec.path,
        method=spec.method,
        headers=spec.headers,
        header_files=spec.headers_from_files,
        body=spec.body,
        statuses=spec.status,
        min_body_bytes=spec.min_body_bytes,
        contains=spec.contains,
        pointer=wanted.pointer if wanted else None,
        value=wanted.value if wanted else None,
        max_latency_ms=spec.max_latency_ms,
        timeout_seconds=spec.timeout_seconds,
        scheme=spec.scheme,
        port=spec.port,
        stable_may_fail=spec.stable_may_fail,
        tls=Tls(**spec.tls.model_dump()),
    )
