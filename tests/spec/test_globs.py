"""Patterns of paths, compared with a plain definition of what they match."""

from __future__ import annotations

import re
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.spec.globs import base_of, goes_on, is_match, is_pattern, parse, start, step


def matches(pattern: str, path: str) -> bool:
    parsed = parse(pattern)
    below = path if parsed.base == "." else path.removeprefix(f"{parsed.base}/")
    if parsed.base != "." and below == path:
        return False
    return is_match(reduce(lambda states, name: step(states, name, parsed), below.split("/"), start(parsed)), parsed)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.yaml", "a.yaml", True),
        ("*.yaml", ".yaml", True),
        ("*.yaml", ".a.yaml", True),
        ("*.yaml", "a.yml", False),
        ("*.yaml", "a.YAML", False),
        ("*.yaml", "b/a.yaml", False),
        ("k8s/*", "k8s/a", True),
        ("k8s/*", "k8s/a/b", False),
        ("./k8s//*", "k8s/a", True),
        ("k8s/**", "k8s/a", True),
        ("k8s/**", "k8s/a/b/c", True),
        ("k8s/**/", "k8s/a/b/c", True),
        ("k8s/**/*.yaml", "k8s/a.yaml", True),
        ("k8s/**/*.yaml", "k8s/a/b/c.yaml", True),
        ("k8s/**/b/*.yaml", "k8s/a/b/c.yaml", True),
        ("k8s/**/b/*.yaml", "k8s/a/c.yaml", False),
        ("**/**/a", "a", True),
        ("**/a/**/b", "x/a/y/z/b", True),
        ("**/a/**/b", "a/b", True),
        ("**/a/**/b", "b/a", False),
        ("*/x", "a/x", True),
        ("*/x", "x", False),
        ("a?.y", "ab.y", True),
        ("a?.y", "a.y", False),
        ("a**b", "axxb", True),
        ("a**b", "a/b", False),
        ("[a]*", "[a]b", True),
        ("[a]*", "ab", False),
        ("*.y+(a)", "x.y+(a)", True),
        ("*\n", "a\n", True),
        ("*", "a\nb", True),
    ],
)
def test_what_matches(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@pytest.mark.parametrize(
    ("path", "base"),
    [("a/b/*.yaml", "a/b"), ("*.yaml", "."), ("**", "."), ("./a/?/b", "a"), ("a//b/**/c/*", "a/b")],
)
def test_the_base_is_the_folder_before_the_first_wildcard(path: str, base: str) -> None:
    assert is_pattern(path)
    assert base_of(path) == base


def test_a_path_without_wildcards_is_none() -> None:
    assert not is_pattern("a/[b]/{c}.yaml")


def test_a_folder_is_left_where_nothing_below_can_match() -> None:
    parsed = parse("a/*/c")
    states = start(parsed)
    assert goes_on(states, parsed)
    states = step(step(states, "b", parsed), "c", parsed)
    assert is_match(states, parsed)
    assert not goes_on(states, parsed)
    assert step(states, "d", parsed) == frozenset()


NAMES = st.text("ab.", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = (
    st.lists(st.just("**") | st.text("ab.*?", min_size=1, max_size=4), min_size=1, max_size=4)
    .filter(lambda names: not {".", ".."} & set(names))
    .map("/".join)
    .filter(is_pattern)
)


def as_expression(pattern: str) -> str:
    """The definition: as one regular expression over whole paths."""
    names = pattern.split("/")
    text = ""
    for index, name in enumerate(names):
        last = index == len(names) - 1
        if name == "**":
            text += r"(?:[^/]+/)*[^/]+" if last else r"(?:[^/]+/)*"
        else:
            text += re.escape(name).replace(r"\*\*", r"\*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
            text += "" if last else "/"
    return text


@given(PATTERNS, PATHS)
def test_it_matches_what_the_expression_matches(pattern: str, path: str) -> None:
    assert matches(pattern, path) is bool(re.fullmatch(as_expression(pattern), path))


def test_hostile_patterns_end() -> None:
    assert not matches("*a" * 100 + "b", "a" * 250)
    assert not matches("**/a/" * 100 + "b?", "a/" * 500 + "c")
