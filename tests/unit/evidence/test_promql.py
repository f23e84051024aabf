"""PromQL is built from escaped parts."""

import pytest

from steps.evidence.definitions.promql import ArmLabels, equal_matcher, le_matcher, one_of_matcher, selector
from steps.evidence.definitions.request_status import RequestStatus, request_status
from steps.evidence.definitions.standard_metrics import latency
from steps.evidence.prometheus_api.samples import RawSeries
from steps.model.evidence import Arm

ARMS = ArmLabels("shop", "shop-canary", "ns")


def test_both_arms_in_one_selector() -> None:
    """One query serves both arms."""
    expected = (
        'istio_requests_total{reporter="source",destination_workload=~"shop|shop-canary",'
        'destination_workload_namespace="ns"}'
    )
    assert selector("istio_requests_total", ARMS.matchers(reporter="source")) == expected


def test_values_are_escaped() -> None:
    """Quotes, backslashes and regex signs stay literal."""
    assert equal_matcher("a", 'x"} or up{b="\\\n') == 'a="x\\"} or up{b=\\"\\\\\\n"'
    assert one_of_matcher("version", ["1.2+b", "1.3"]) == 'version=~"1\\\\.2\\\\+b|1\\\\.3"'


def test_label_names_are_checked() -> None:
    """A label from the settings cannot inject PromQL."""
    with pytest.raises(ValueError, match="not the name"):
        equal_matcher('a="b",c', "x")


def test_bounds_match_both_spellings() -> None:
    """Prometheus 3 writes 5.0 where 2.x writes 5."""
    assert le_matcher([5.0, 0.5]) == 'le=~"\\\\+Inf|5(\\\\.0)?|0\\\\.5"'
    classify = latency(ARMS, "source", [("p50", 5.0)]).classify
    for text, slot in (("5", 1), ("5.0", 1), ("+Inf", 0)):
        assert classify(RawSeries({"destination_workload": "shop", "le": text}, ())) == (Arm.STABLE, slot)


@pytest.mark.parametrize(
    ("code", "flags", "grpc", "expected"),
    [
        ("200", "-", "", RequestStatus.GOOD),
        ("404", "-", "", RequestStatus.GOOD),
        ("500", "-", "", RequestStatus.BAD),
        ("503", "UF,URX", "", RequestStatus.BAD),
        ("200", "UC", "", RequestStatus.BAD),
        ("0", "DC", "", RequestStatus.UNCLASSIFIED),
        ("0", "UT", "", RequestStatus.BAD),
        ("200", "-", "0", RequestStatus.GOOD),
        ("200", "-", "14", RequestStatus.BAD),
        ("200", "-", "5", RequestStatus.GOOD),
    ],
)
def test_request_status_by_code_flags_and_grpc_status(
    code: str, flags: str, grpc: str, expected: RequestStatus
) -> None:
    """Which requests count as failed."""
    labels = {"response_code": code, "response_flags": flags, "grpc_response_status": grpc}
    assert request_status(labels) is expected
