"""The Tekton bundle keeps the rules of Tekton's bundles resolver, and is the same for the same objects."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.tekton_files import ROOT
from tools.bundle.image import MOST_OBJECTS, Blob, Image, bundle, digest_of
from tools.bundle.layout import write_layout
from tools.bundle.objects import bundled_objects
from tools.bundle.push import tagged

REFERENCE = "registry.example/team/canary-steps-tekton:1.2.3"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def image() -> Image:
    """Return the bundle as it is published."""
    return bundle(bundled_objects(REFERENCE))


def _content(layer: Blob) -> Json:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer.content))) as archive:
        [entry] = archive.getmembers()
        found = archive.extractfile(entry)
        assert found is not None
        body: Json = yaml.safe_load(found)
    return body


def test_every_task_and_pipeline_is_in_the_bundle(image: Image) -> None:
    """Under the name and the kind by which the resolver looks for it."""
    bodies = [_content(layer) for layer in image.layers]
    described = [
        {
            "dev.tekton.image.name": one["metadata"]["name"],
            "dev.tekton.image.kind": one["kind"].lower(),
            "dev.tekton.image.apiVersion": "v1",
        }
        for one in bodies
    ]
    assert described == [layer.entry["annotations"] for layer in image.layers]
    shipped = [*ROOT.glob("task/*/*.yaml"), *ROOT.glob("pipeline/canary-*.yaml")]
    assert {yaml.safe_load(path.read_text())["metadata"]["name"] for path in shipped} == {
        one["metadata"]["name"] for one in bodies
    }


def test_tasks_are_unchanged_and_pipelines_take_them_from_the_bundle(image: Image) -> None:
    """Every reference of a Pipeline leads to a Task that is there."""
    bodies = {(one["kind"], one["metadata"]["name"]): one for one in map(_content, image.layers)}
    assert yaml.safe_load((ROOT / "task" / "analyze" / "analyze.yaml").read_text()) == bodies["Task", "canary-analyze"]
    references = [
        {one["name"]: one["value"] for one in task["taskRef"]["params"]}
        for (kind, _), body in bodies.items()
        if kind == "Pipeline"
        for task in (*body["spec"]["tasks"], *body["spec"]["finally"])
        if task["taskRef"]["resolver"] == "bundles"
    ]
    assert {(REFERENCE, "task")} == {(one["bundle"], one["kind"]) for one in references}
    assert all(("Task", one["name"]) in bodies for one in references)


def test_digests_and_sizes_are_those_of_the_content(image: Image) -> None:
    """Registries check them, and runtimes compare the uncompressed layers with the configuration."""
    manifest = json.loads(image.manifest)
    for entry, blob in zip([manifest["config"], *manifest["layers"]], [image.config, *image.layers], strict=True):
        assert (entry["digest"], entry["size"]) == (digest_of(blob.content), len(blob.content))
    assert json.loads(image.config.content)["rootfs"]["diff_ids"] == [
        digest_of(gzip.decompress(layer.content)) for layer in image.layers
    ]


def test_the_layout_holds_the_image_and_is_reproducible(image: Image, tmp_path: Path) -> None:
    """As an OCI archive: the index names the manifest under the tag; two builds give the same bytes."""
    for name in ("one.tar", "two.tar"):
        write_layout(bundle(bundled_objects(REFERENCE)), tmp_path / name, "1.2.3")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        files = {one.name: archive.extractfile(one).read() for one in archive.getmembers()}  # type: ignore[union-attr] # all are files
    [named] = json.loads(files["index.json"])["manifests"]
    assert "1.2.3" == named["annotations"]["org.opencontainers.image.ref.name"]
    assert image.manifest == files[f"blobs/{named['digest'].replace(':', '/')}"]
    assert {"oci-layout", "index.json"} < set(files)
    assert all(digest_of(content) == f"sha256:{name[13:]}" for name, content in files.items() if "blobs" in name)


def test_more_objects_than_tekton_takes_are_refused() -> None:
    """The resolver would refuse the whole bundle, so it is not written."""
    one = bundled_objects(REFERENCE)[0]
    many = [{**one, "metadata": {"name": f"task-{number}"}} for number in range(MOST_OBJECTS + 1)]
    assert MOST_OBJECTS == len(bundle(many[1:]).layers)
    with pytest.raises(ValueError, match="21 objects, but Tekton takes at most 20"):
        bundle(many)


def test_two_objects_of_one_name_are_refused() -> None:
    """The resolver would take the first."""
    one = bundled_objects(REFERENCE)[0]
    with pytest.raises(ValueError, match="same kind and name"):
        bundle([one, one])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("registry.example/team/bundle", "needs a tag"),
        (f"registry.example/team/bundle@sha256:{'0' * 64}", "needs a tag"),
        (f"registry.example/team/bundle:1@sha256:{'0' * 64}", "no digest"),
        ("localhost:5000/bundle", "needs a tag"),
        ("Registry.example/Team:1", "Team"),
    ],
)
def test_a_place_without_a_tag_is_refused(text: str, said: str) -> None:
    """The tag is the version by which Pipelines of the bundle find their Tasks."""
    with pytest.raises(ValueError, match=said):
        tagged(text)
