"""Bad names and a broken canary.yaml: refused with the field's path, the value and the allowed range."""

from __future__ import annotations

import pytest

from steps.settings.conventions import release_names
from steps.settings.release import ReleaseSettings
from tests.unit.settings.conftest import Load, Refusal

LABEL = "must be a Kubernetes name: at most 63 of a-z, 0-9 and '-', starting and ending with a-z or 0-9"
OBJECT = "must be a Kubernetes object name: at most 253 of a-z, 0-9, '-' and '.', starting and ending with a-z or 0-9"


@pytest.mark.parametrize("name", ["Shop", "shop_a", "-shop", "shop-", "shop.a", "shop/a", "shöp", "a b", "x" * 64])
def test_an_app_that_is_not_a_kubernetes_name_is_refused(refusal: Refusal, name: str) -> None:
    """Before it reaches a URL, a patch or a query."""
    assert f"--app = {name!r}: {LABEL}" == refusal("rollback", f"--app={name}")


@pytest.mark.parametrize(
    ("flag", "where", "value", "allowed"),
    [
        ("namespace", "", "A", LABEL),
        ("run", "", "run_1", LABEL),
        ("container", "", "App", LABEL),
        ("stable", "", "Shop", OBJECT),
        ("canary", "", "a b", OBJECT),
        ("virtual-service", "[0]", "NS/x", LABEL),
        ("virtual-service", "[0]", "ns/", OBJECT),
        ("stable-destination", "", "sh op", OBJECT),
        ("canary-destination", "", "shop/", LABEL),
    ],
)
def test_every_other_name_follows_the_same_rule(
    refusal: Refusal, flag: str, where: str, value: str, allowed: str
) -> None:
    """Names of namespaces, runs, containers, Deployments, VirtualServices and destinations."""
    assert f"--{flag}{where} = {value!r}: {allowed}" == refusal("prepare", "--app=shop", f"--{flag}={value}")


def test_an_unknown_class_of_answers_is_refused(refusal: Refusal) -> None:
    """The error lists the known classes: a misspelt one would still be compared."""
    known = "must be one of 3xx, 4xx, grpc-mistakes, grpc-refused, no-answer"
    assert f"--ignore-answers[0] = '404': {known}" == refusal("analyze", "--app=shop", "--ignore-answers=404")


@pytest.mark.parametrize("step", ["prepare", "set-weight", "analyze", "promote", "rollback", "rollout", "report"])
def test_without_an_app_every_step_names_flag_and_variable(refusal: Refusal, step: str) -> None:
    """An empty value counts as not set: Tekton and Argo pass unset parameters as empty text."""
    assert "--app (or CANARY_APP) is required" in refusal(step)
    assert "--app (or CANARY_APP) is required" in refusal(step, "--app", "")


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("lader: [5]", "lader = [5]: no such setting; did you mean ladder?"),
        ("prometheus-url: 5", "prometheus-url = 5: must be text; put it in quotes"),
        ("timeout-seconds: soon", "timeout-seconds = 'soon': must be a number more than 0 and at most 86400"),
        ("min-requests: 0", "min-requests = 0: must be a whole number at least 1"),
        ("min-requests: yes", "min-requests = True: must be a number, not true or false"),
        ("expiry-seconds: 60", "expiry-seconds = 60: must be a number at least 120 and at most 86400"),
        ("alpha: 0.7", "alpha = 0.7: must be a number more than 0 and less than 0.5"),
        ("success_slo: 99", "success-slo = 99: must be a number at least 0 and less than 1"),
        (
            "ignore-answers: 404",
            "ignore-answers = 404: must be a list, or text with commas",
        ),
        ("route: 5", "route = 5: must be a list, or text with commas"),
        ("route: [a, [b]]", "route[1] = ['b']: must be text; put it in quotes"),
        ("virtual-service: [shop, NS/x]", f"virtual-service[1] = 'NS/x': {LABEL}"),
        ("env: [1]", "env = ***: must be `name: value` pairs"),
        ("env: {A: 1}", "env.A = ***: must be text; put it in quotes"),
        ("on-busy: hope", "on-busy = 'hope': input should be 'wait', 'fail' or 'supersede'"),
        ("dry-run: maybe", "dry-run = 'maybe': must be true or false"),
        ("- a", "must hold `name: value` pairs, not a list"),
        ("a: [", "is not YAML: while parsing a flow node"),
        (b"\xff\xfe\x00", "is not YAML: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_broken_file_is_refused_with_path_value_and_range(refusal: Refusal, file: str | bytes, sentence: str) -> None:
    """One line names the place, the value and what is allowed."""
    assert f"/canary.yaml: {sentence}" in refusal("rollout", "--app=shop", file=file)


def test_all_bad_values_are_reported_at_once(refusal: Refusal) -> None:
    """Nobody should have to start three times to find three mistakes."""
    cause = refusal("rollout", "--app=Shop", "--alpha=2", file="ladder: [10, 5]\non-busy: hope")
    assert all(field in cause for field in ("--app = ", "--alpha = ", "ladder = ", "on-busy = ")), cause


def test_a_file_that_cannot_be_read_is_named(refusal: Refusal) -> None:
    """Most often a ConfigMap that was not mounted."""
    assert "/nope/canary.yaml: No such file or directory; name a readable file with --config" == refusal(
        "rollback", "--app=shop", "--config=/nope/canary.yaml"
    )


def test_another_steps_setting_in_the_file_is_not_a_mistake(load_step: Load) -> None:
    """One file serves all steps."""
    assert "shop" == getattr(load_step("rollback", "--app=shop", file="ladder: [5, 25]"), "app", None)


@pytest.mark.parametrize(
    ("flags", "file"),
    [(["--prometheus-url=http://me:hush@there"], None), ([], "prometheus-password: hush"), ([], "api-token: hush")],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(refusal: Refusal, flags: list[str], file: str | None) -> None:
    """Errors end up in logs that many people may read."""
    cause = refusal("analyze", "--app=shop", *flags, file=file)
    assert "***" in cause
    assert "hush" not in cause


def test_two_arms_of_one_name_are_refused(load_step: Load) -> None:
    """By Deployment or by destination; the error names both flags."""
    for flags, said in (
        (["--canary=shop"], "--stable and --canary are both 'shop'"),
        (["--canary-destination=shop"], "--stable-destination and --canary-destination are both shop"),
    ):
        settings = load_step("rollback", "--app=shop", *flags)
        assert isinstance(settings, ReleaseSettings)
        with pytest.raises(Exception, match=said):
            release_names(settings, "demo")


def test_a_name_of_sixty_characters_gets_a_canary_of_sixty_three(load_step: Load) -> None:
    """Cut and made unique by a hash, the same every time; another long app gets another name."""
    names = []
    for last in "ab":
        settings = load_step("rollback", f"--app={'x' * 59}{last}")
        assert isinstance(settings, ReleaseSettings)
        names.append(release_names(settings, "demo").canary)
    assert [63, 63] == [len(name) for name in names]
    assert 2 == len(set(names))
    assert all(name.startswith("x" * 40) and name.endswith("-canary") for name in names)
