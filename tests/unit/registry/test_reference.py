"""Image references: parsed as runtimes parse them, refused with the part that is wrong."""

import pytest

from steps.registry.reference import Reference, parse

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "host", "path", "tag", "digest"),
    [
        ("shop", "registry-1.docker.io", "library/shop", "latest", ""),
        ("shop:v2", "registry-1.docker.io", "library/shop", "v2", ""),
        ("team/shop:v2", "registry-1.docker.io", "team/shop", "v2", ""),
        ("docker.io/shop", "registry-1.docker.io", "library/shop", "latest", ""),
        ("index.docker.io/team/shop:v2", "registry-1.docker.io", "team/shop", "v2", ""),
        ("ghcr.io/team/shop:v2", "ghcr.io", "team/shop", "v2", ""),
        ("localhost/shop", "localhost", "shop", "latest", ""),
        ("registry.test:5000/shop:v2", "registry.test:5000", "shop", "v2", ""),
        ("127.0.0.1:5000/a/b/c_d/e-f.g:v2", "127.0.0.1:5000", "a/b/c_d/e-f.g", "v2", ""),
        ("[::1]:5000/shop:v2", "[::1]:5000", "shop", "v2", ""),
        (f"ghcr.io/team/shop@{DIGEST}", "ghcr.io", "team/shop", "", DIGEST),
        (f"ghcr.io/team/shop:v2@{DIGEST}", "ghcr.io", "team/shop", "v2", DIGEST),
        (f"shop:{'t' * 128}", "registry-1.docker.io", "library/shop", "t" * 128, ""),
    ],
)
def test_references_are_parsed_as_runtimes_parse_them(text: str, host: str, path: str, tag: str, digest: str) -> None:
    """Without a host, Docker Hub is meant."""
    found = parse(text)
    assert (host, path, tag, digest) == (found.host, found.path, found.tag, found.digest)


def test_the_pulled_name_is_the_written_one() -> None:
    """Without the tag, which does not matter beside a digest."""
    assert f"team/shop@{DIGEST}" == parse("team/shop:v2").by(DIGEST)
    assert f"registry.test:5000/shop@{DIGEST}" == parse(f"registry.test:5000/shop:v2@{DIGEST}").by(DIGEST)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "'library/'"),
        ("Shop:v2", "'library/Shop'"),
        ("shop:v 2", "'v 2'"),
        ("shop:", "'' is not a tag"),
        ("shop:-v2", "'-v2'"),
        (f"shop:{'t' * 129}", "at most 128"),
        ("shop:v2\n", "is not a tag"),
        ("shop;rm -rf", "is not a repository"),
        ("shop:$(reboot)", "is not a tag"),
        ("../shop:v2", "is not a registry"),
        ("team/../shop:v2", "is not a repository"),
        ("registry.test/shop?x=1:v2", "is not a repository"),
        ("user:pass@registry.test/shop", "is not a digest"),
        ("registry.test:5000a/shop", "is not a registry"),
        ("shop@sha256:abc", "is not a digest"),
        ("shop@md5:abc", "is not a digest"),
        (f"shop@{DIGEST}x", "is not a digest"),
        (f"registry.test/{'a/' * 130}b", "at most 255"),
        ("ﬀ/shop:v2", "is not a repository"),
    ],
)
def test_a_bad_reference_is_refused_with_the_part_that_is_wrong(text: str, part: str) -> None:
    """It would become part of a URL."""
    with pytest.raises(ValueError, match="is not a") as caught:
        parse(text)
    assert part in str(caught.value)


def test_docker_hub_is_known_by_all_its_names() -> None:
    """Its credentials are listed under an old URL."""
    hub: list[Reference] = [parse(name) for name in ("shop", "docker.io/team/shop", "registry-1.docker.io/team/shop")]
    assert [True] * 3 == [found.is_on_docker_hub for found in hub]
    assert not parse("ghcr.io/team/shop").is_on_docker_hub
