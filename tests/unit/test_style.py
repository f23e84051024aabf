"""The house style of text: docstrings begin with the right verb, and words that readers stumble over stay out.

Whether a sentence reads well cannot be tested; that it avoids the words below can. A right use of such a word is an
exception, with its reason, in `RIGHT`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = {".py", ".md", ".yaml", ".yml", ".sh", ".toml", ".template", ".html"}
FOLDERS = ("steps", "ansible", "examples", "docs", "tools", "workflows", "tekton", "tests")
FILES = sorted(
    [
        file
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*")
        if file.suffix in TEXTS and file.is_file() and file != Path(__file__)
    ]
    + [ROOT / name for name in ("README.md", "Makefile", "Dockerfile", "pyproject.toml")]
)

COMPARED = "longer|more|less|better|worse|larger|smaller|older|newer|higher|lower|different|other|such|way"
STUMBLES = {
    "mend: say fix": r"\bmend(s|ed|ing)?\b",
    "told: say reported, or name what was said": r"\btold\b",
    "is no X: say is not a X": rf"(?<!there )\b(is|are|was|were) (?-i:no) (?!({COMPARED})\b)\w+",
    "what is rare: say rare failures": r"\bwhat is rare\b",
    "betted: say bet": r"\bbetted\b",
    "whoever: say who, or anyone who": r"\bwhoever\b",
    "least: say minimum": r"(?<!\bat )\bleast\b",
    "a document that is not in the repository": r"\bdesign,? section\b|\bjudge design\b|\bdocs of the method\b",
}

# Where a word above is right: path (or the start of one), the text around it, and why.
RIGHT = (
    ("", "least privilege", "the field's word for an account without permissions that it does not need"),
    ("", "told apart", "the idiom for distinguished"),
    ("tests/lab/embedded/mesh/", "least request", "the name of an Envoy policy"),
    ("tests/support/controllers/", "of least use", "a superlative, not a minimum"),
)


def texts(file: Path) -> str:
    """Return the text of a file as one line: without the signs that begin comments, and with names split into words."""
    text = re.sub(r"[\"']\s*\n\s*f?[\"']", "", file.read_text(encoding="utf-8"))
    return re.sub(r"\s*\n\s*(#+ |>\s)?\s*", " ", text).replace("_", " ")


def docstrings(file: Path) -> Iterator[tuple[str, str]]:
    """Return the names and the docstrings of all functions and methods in a file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield node.name, text


def test_what_a_function_returns_is_said_with_return() -> None:
    """One verb for one thing: a docstring that begins with Give or Tell leaves open what comes back."""
    wrong = [
        f"{file.relative_to(ROOT)}: {name}: {text.splitlines()[0]}"
        for file in FILES
        if file.suffix == ".py" and file.is_relative_to(ROOT / "steps")
        for name, text in docstrings(file)
        if re.match(r"(Give|Tell|Say)s?\b", text)
    ]
    assert [] == wrong


@pytest.mark.parametrize("advice", STUMBLES)
def test_words_that_readers_stumble_over_stay_out(advice: str) -> None:
    """Native engineers stop at them; the test's name says what to write instead."""
    pattern = re.compile(STUMBLES[advice], re.IGNORECASE)
    wrong = []
    for file in FILES:
        path, text = str(file.relative_to(ROOT)), texts(file)
        for found in pattern.finditer(text):
            around = text[max(0, found.start() - 40) : found.end() + 40]
            if not any(path.startswith(start) and right in around.lower() for start, right, _ in RIGHT):
                wrong.append(f"{path}: …{around}…")
    assert [] == wrong, "\n".join(wrong)


def test_every_exception_is_needed() -> None:
    """An exception for a text that is gone would hide the next mistake."""
    unused = [
        right
        for start, right, _ in RIGHT
        if not any(str(file.relative_to(ROOT)).startswith(start) and right in texts(file).lower() for file in FILES)
    ]
    assert [] == unused
