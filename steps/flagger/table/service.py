"""Decisions about spec.service: what init prints of it, and what only other providers read."""

from typing import Final

from steps.flagger.account import Fate
from steps.flagger.table.row import Row, Type, rows

_AT = "spec.service"
_ROUTE = "init prints it in the VirtualService's route; a live VirtualService keeps what it has"
_POLICY = "init prints a DestinationRule for each arm's host; live ones stay as they are"
_SERVICES = "init prints it in the Services of the app, `-primary` and `-canary`; live ones stay as they are"
_GATEWAY_API = "Flagger reads it for the Gateway API, which is not supported. Remove it; for Istio name `gateways`"
_NO_EFFECT = "Flagger does not read it for Istio either"
_HEADERS = "request.add request.set response.add response.set"
_HASH = f"{_AT}.trafficPolicy.loadBalancer.consistentHash"
_LOCALITY = f"{_AT}.trafficPolicy.loadBalancer.localityLbSetting"
_OUTLIERS = f"{_AT}.trafficPolicy.outlierDetection"
_HTTP_POOL = f"{_AT}.trafficPolicy.connectionPool.http"
_REF_TEXTS = "group kind name namespace"


def _matched(parent: str, names: str, how: str) -> tuple[Row, ...]:
    return tuple(one for name in names.split() for one in rows(f"{parent}.{name}", Type.TEXT, how))


SERVICE: Final = (
    Row(_AT, is_required=True),
    Row(f"{_AT}.name", Type.TEXT, Fate.TAKEN, "virtual-service, stable-destination and canary-destination"),
    Row(f"{_AT}.port", Type.WHOLE, Fate.TAKEN, _SERVICES, is_required=True),
    *(Row(f"{_AT}.{name}", Type.TEXT, Fate.TAKEN, _SERVICES) for name in ("portName", "appProtocol")),
    Row(f"{_AT}.targetPort", Type.PORT, Fate.TAKEN, _SERVICES),
    Row(
        f"{_AT}.trafficDistribution", Type.TEXT, Fate.TAKEN, _SERVICES,
        choices=("PreferClose", "PreferSameZone", "PreferSameNode"),
    ),
    Row(
        f"{_AT}.portDiscovery", Type.FLAG, Fate.TAKEN,
        "init prints the other ports of the containers in the Services",
        {False: "the Services have the one port"},
    ),
    Row(
        f"{_AT}.headless", Type.FLAG, Fate.REPLACED,
        "init prints the app's Service headless, and those of the arms with addresses: without one, Envoy would send "
        "requests where the client had connected to",
        {False: "the Services have addresses"},
    ),
    Row(f"{_AT}.timeout", Type.TEXT, Fate.TAKEN, _ROUTE),
    Row(f"{_AT}.backendTimeout", Type.TEXT, Fate.DROPPED, f"{_NO_EFFECT}; it is for the Gateway API"),
    Row(f"{_AT}.meshName", Type.TEXT, Fate.DROPPED, f"{_NO_EFFECT}; it is for App Mesh"),
    Row(f"{_AT}.backends", None, Fate.DROPPED, f"{_NO_EFFECT}; it is for App Mesh", is_whole=True),
    Row(f"{_AT}.backends[]", Type.TEXT),
    Row(f"{_AT}.hosts", None, Fate.TAKEN, "hosts of the VirtualService that init prints", is_whole=True),
    Row(f"{_AT}.hosts[]", Type.TEXT),
    Row(f"{_AT}.gateways", None, Fate.TAKEN, "gateways of the VirtualService that init prints", is_whole=True),
    Row(f"{_AT}.gateways[]", Type.TEXT),
    Row(f"{_AT}.gatewayRefs", None, Fate.REFUSED, _GATEWAY_API, is_whole=True),
    *rows(f"{_AT}.gatewayRefs[]", Type.TEXT, f"{_REF_TEXTS} sectionName"),
    Row(f"{_AT}.gatewayRefs[].port", Type.WHOLE),
    Row(
        f"{_AT}.delegation", Type.FLAG, Fate.TAKEN,
        "init prints the VirtualService without hosts and gateways; the one that delegates to it stays yours",
        {False: "the VirtualService has hosts of its own"},
    ),
    Row(f"{_AT}.match", None, Fate.TAKEN, _ROUTE, is_whole=True),
    *rows(f"{_AT}.match[]", Type.TEXT, "name sourceNamespace"),
    *_matched(f"{_AT}.match[]", "uri scheme method authority headers{} queryParams{} withoutHeaders{}",
              "exact prefix regex"),
    Row(f"{_AT}.match[].port", Type.WHOLE),
    Row(f"{_AT}.match[].ignoreUriCase", Type.FLAG),
    Row(f"{_AT}.match[].sourceLabels", Type.TEXTS),
    Row(f"{_AT}.match[].gateways[]", Type.TEXT),
    Row(f"{_AT}.rewrite"),
    *(Row(f"{_AT}.rewrite.{name}", Type.TEXT, Fate.TAKEN, _ROUTE) for name in ("uri", "authority")),
    Row(f"{_AT}.rewrite.type", Type.TEXT, Fate.DROPPED, f"{_NO_EFFECT}; it is for the Gateway API"),
    Row(f"{_AT}.retries", None, Fate.TAKEN, _ROUTE, is_whole=True),
    Row(f"{_AT}.retries.attempts", Type.WHOLE),
    *rows(f"{_AT}.retries", Type.TEXT, "perTryTimeout retryOn"),
    Row(f"{_AT}.headers", None, Fate.TAKEN, _ROUTE, is_whole=True),
    *rows(f"{_AT}.headers", Type.TEXTS, _HEADERS),
    *rows(f"{_AT}.headers", Type.TEXT, "request.remove[] response.remove[]"),
    Row(f"{_AT}.corsPolicy", None, Fate.TAKEN, _ROUTE, is_whole=True),
    Row(f"{_AT}.corsPolicy.allowCredentials", Type.FLAG),
    *rows(f"{_AT}.corsPolicy", Type.TEXT, "allowHeaders[] allowMethods[] allowOrigin[] exposeHeaders[] maxAge"),
    *rows(f"{_AT}.corsPolicy.allowOrigins[]", Type.TEXT, "exact prefix regex"),
    Row(f"{_AT}.mirror", None, Fate.REFUSED, _GATEWAY_API.replace("; for Istio name `gateways`", ""), is_whole=True),
    *rows(f"{_AT}.mirror[].backendRef", Type.TEXT, _REF_TEXTS),
    Row(f"{_AT}.mirror[].backendRef.port", Type.WHOLE),
    Row(f"{_AT}.trafficPolicy", None, Fate.TAKEN, _POLICY, is_whole=True),
    *rows(_HTTP_POOL, Type.TEXT, "h2UpgradePolicy idleTimeout"),
    *rows(_HTTP_POOL, Type.WHOLE, "http1MaxPendingRequests http2MaxRequests maxRequestsPerConnection maxRetries"),
    *rows(f"{_AT}.trafficPolicy.loadBalancer", Type.TEXT, "simple warmupDurationSecs"),
    *rows(_HASH, Type.TEXT, "httpCookie.name httpCookie.path httpCookie.ttl httpHeaderName httpQueryParameterName"),
    Row(f"{_HASH}.minimumRingSize", Type.WHOLE),
    Row(f"{_HASH}.useSourceIp", Type.FLAG),
    Row(f"{_LOCALITY}.enabled", Type.FLAG),
    *rows(_LOCALITY, Type.TEXT, "distribute[].from failover[].from failover[].to"),
    Row(f"{_LOCALITY}.distribute[].to", Type.WEIGHTS),
    *rows(_OUTLIERS, Type.TEXT, "baseEjectionTime interval"),
    *rows(_OUTLIERS, Type.WHOLE, "consecutive5xxErrors consecutiveErrors consecutiveGatewayErrors "
                                 "consecutiveLocalOriginFailures maxEjectionPercent minHealthPercent"),
    Row(f"{_OUTLIERS}.splitExternalLocalOriginErrors", Type.FLAG),
    *rows(f"{_AT}.trafficPolicy.tls", Type.TEXT, "caCertificates clientCertificate mode privateKey sni "
                                                  "subjectAltNames[]"),
    *(
        row
        for arm, name in (("apex", "the app's Service and VirtualService"), ("primary", "Service `-primary`"),
                          ("canary", "Service `-canary`"))
        for row in (
            Row(f"{_AT}.{arm}", None, Fate.TAKEN, f"init prints it on {name}", is_whole=True),
            *rows(f"{_AT}.{arm}", Type.TEXTS, "labels annotations"),
        )
    ),
    Row(
        f"{_AT}.unmanagedMetadata", None, Fate.DROPPED, "nothing rewrites labels or annotations after init",
        is_whole=True,
    ),
    *rows(f"{_AT}.unmanagedMetadata", Type.TEXT, "annotations[] labels[]"),
)  # fmt: skip
