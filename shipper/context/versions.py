"""Semantic versions (semver.org 2.0.0), and constraints on them with the rules of Masterminds/semver 3 for Go.

No library has exactly these rules: missing parts of a version are zeros, those of a constraint are wildcards, a
pre-release only fits where a constraint of the same group names one, `^` and `~` as Masterminds' documentation says.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shipper.errors import LimitError, shown

MAX_TEXT = 4_096
"""Characters of a version or a constraint."""
_MAX_NUMBER = 2**64 - 1
_WILDCARDS = frozenset({"", "x", "X", "*"})

# Possessive throughout: what a part can't take is never given back to be tried again
_EXTRA = r"(?:-(?P<pre>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+))?+(?:\+(?P<meta>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+))?+"
_VERSION = re.compile(rf"v?(?P<major>[0-9]++)(?:\.(?P<minor>[0-9]++))?+(?:\.(?P<patch>[0-9]++))?+{_EXTRA}")
_PATTERN = rf"v?+(?P<major>[0-9xX*]++)(?:\.(?P<minor>[0-9xX*]++))?+(?:\.(?P<patch>[0-9xX*]++))?+{_EXTRA}"
_CONSTRAINT = re.compile(rf"(?P<operator>=[<>]?|!=|[<>]=?|~>?|\^|)[ \t\n\f\r]*+{_PATTERN}")
_BETWEEN = re.compile(r"[ \t\n\f\r]++(?:,[ \t\n\f\r]*+)?+|,[ \t\n\f\r]*+")
_BLANKS = " \t\n\f\r"
_RANGE = re.compile(r"[ \t\n\f\r]++-[ \t\n\f\r]++")


class Version(NamedTuple):
    """`pre` and `meta` are what follows `-` and `+`; `original` is the text that was read."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    meta: str = ""
    original: str = ""

    def __str__(self) -> str:
        pre = f"-{self.pre}" if self.pre else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}" + (f"+{self.meta}" if self.meta else "")

    @property
    def numbers(self) -> tuple[int, int, int]:
        return self[:3]


class Constraint(NamedTuple):
    """`operator` and the version; `parts` is how many of its numbers are named, the others are wildcards."""

    operator: str
    version: Version
    parts: int


def parse_version(text: str) -> Version:
    """The version that `text` writes: `1.2.3-rc.1+build`, with or without `v` and the last numbers.

    Raises ValueError, and LimitError for one that is too long.
    """
    _check_length(text)
    found = _VERSION.fullmatch(text)
    if not found:
        raise ValueError(f"{shown(text)} is no semantic version")
    return _version(text, found["major"], found["minor"] or "0", found["patch"] or "0", found["pre"], found["meta"])


def _version(text: str, major: str, minor: str, patch: str, pre: str | None, meta: str | None) -> Version:
    numbers = [int(number) for number in (major, minor, patch)]
    if max(numbers) > _MAX_NUMBER:
        raise ValueError(f"{shown(text)} has a number beyond 64 bits")
    for part in (pre or "").split("."):
        if len(part) > 1 and part[0] == "0" and part.isdecimal():
            raise ValueError(f"{shown(text)} has a number with a zero before it in its pre-release")
    return Version(numbers[0], numbers[1], numbers[2], pre or "", meta or "", text)


def compare(left: Version, right: Version) -> int:
    """-1, 0 or 1; what follows `+` doesn't count."""
    if left.numbers != right.numbers:
        return 1 if left.numbers > right.numbers else -1
    if left.pre == right.pre:
        return 0
    if not left.pre or not right.pre:
        return -1 if left.pre else 1
    ours, theirs = ([_identifier(part) for part in version.pre.split(".")] for version in (left, right))
    return (ours > theirs) - (ours < theirs)


def _identifier(part: str) -> tuple[bool, int, str]:
    """A part of a pre-release as it sorts: numbers by value, and before words."""
    if part.isdecimal() and int(part) <= _MAX_NUMBER:
        return False, int(part), ""
    return True, 0, part


def parse_constraints(text: str) -> list[list[Constraint]]:
    """Groups of constraints: `||` is between the groups, blanks or commas are within, `1.2 - 1.4` is a range.

    Raises ValueError, and LimitError for one that is too long.
    """
    _check_length(text)
    return [_group(part) for part in text.split("||")]


def _group(text: str) -> list[Constraint]:
    wrong = ValueError(f"{shown(text.strip(_BLANKS))} is no constraint on a version")
    constraints: list[Constraint] = []
    at = len(text) - len(text.lstrip(_BLANKS))
    while True:
        found = _CONSTRAINT.match(text, at)
        if not found:
            raise wrong
        to = _RANGE.match(text, found.end())
        if to and not found["operator"]:
            last = _CONSTRAINT.match(text, to.end())
            if not last or last["operator"]:
                raise wrong
            constraints += [_constraint(found, ">="), _constraint(last, "<=")]
            found = last
        else:
            constraints.append(_constraint(found, found["operator"]))
        between = _BETWEEN.match(text, found.end())
        at = between.end() if between else found.end()
        if at == len(text) and not (between and "," in between.group()):
            return constraints
        if not between:
            raise wrong


def _constraint(found: re.Match[str], operator: str) -> Constraint:
    """Numbers after a wildcard count for nothing; `11x` is no number."""
    numbers = [found[name] or "" for name in ("major", "minor", "patch")]
    parts = next((place for place, number in enumerate(numbers) if number in _WILDCARDS), 3)
    major, minor, patch = [*numbers[:parts], "0", "0", "0"][:3]
    if not (major + minor + patch).isdecimal():
        raise ValueError(f"{shown(found.group())} is no constraint on a version")
    version = _version(found.group(), major, minor, patch, found["pre"], found["meta"])
    return Constraint(operator, version, parts)


def satisfies(version: Version, groups: list[list[Constraint]]) -> bool:
    """Whether all constraints of one of the groups let the version in."""
    return any(_all(version, group) for group in groups)


def _all(version: Version, group: list[Constraint]) -> bool:
    # A pre-release fits only where a constraint of the group asks for one
    if version.pre and not any(constraint.version.pre for constraint in group):
        return False
    return all(_fits(version, constraint) for constraint in group)


def _fits(version: Version, constraint: Constraint) -> bool:
    operator, other, parts = constraint
    order = compare(version, other)
    match operator:
        case "!=":
            return _differs(version, constraint)
        case ">":
            return version.numbers[:parts] > other.numbers[:parts] if 0 < parts < 3 else order > 0
        case "<":
            return order < 0
        case ">=" | "=>":
            return order >= 0
        case "<=" | "=<":
            same = 1 if parts == 1 else 2
            return order <= 0 if parts == 3 else version.numbers[:same] <= other.numbers[:same]
        case "^":
            return order >= 0 and _caret(version, constraint)
        case "~" | "~>":
            return order >= 0 and _tilde(version, constraint)
        case _:
            return order == 0 if parts == 3 else order >= 0 and _tilde(version, constraint)


def _tilde(version: Version, constraint: Constraint) -> bool:
    """The same numbers, up to the minor one; none for a bare wildcard."""
    _, other, parts = constraint
    if parts in {0, 3} and other.numbers == (0, 0, 0):
        return True
    same = 1 if parts == 1 else 2
    return version.numbers[:same] == other.numbers[:same]


def _caret(version: Version, constraint: Constraint) -> bool:
    """The same numbers, up to the first that isn't zero."""
    _, other, parts = constraint
    if other.major or parts == 1:
        return version.major == other.major
    if version.major:
        return False
    if other.minor or parts == 2:
        return version.minor == other.minor
    return version.minor == 0 and version.patch == other.patch


def _differs(version: Version, constraint: Constraint) -> bool:
    _, other, parts = constraint
    if 0 < parts < 3 and version.numbers[:parts] == other.numbers[:parts]:
        # A pre-release in the constraint is compared beside the numbers that are named
        return parts == 2 and bool(version.pre or other.pre) and version.pre != other.pre
    return compare(version, other) != 0 if parts in {0, 3} else True


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise LimitError(f"a version or a constraint has more than {MAX_TEXT:,} characters")
