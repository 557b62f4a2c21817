"""Patterns of paths, as in `manifests/**/*.yaml`.

`*` stands for any characters in a name and `?` for one, also at its beginning; `**` as a whole name for any number
of folders, at the end for everything below. A name is matched once and a folder entered once, whatever the pattern is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

ANY_FOLDERS = "**"


class Pattern(NamedTuple):
    """The folder before the first name with a wildcard, and the names from there on, one at least."""

    base: str
    names: tuple[str, ...]


EVERYTHING = Pattern("", (ANY_FOLDERS, "*"))
States = frozenset[int]
"""How many names of a pattern the path so far may have used up."""


def is_pattern(path: str) -> bool:
    """Whether `path` stands for more than itself."""
    return "*" in path or "?" in path


def base_of(path: str) -> str:
    """The folder of a pattern that is no pattern itself: `a/b` of `a/b/*.yaml`; `.` if there is none."""
    return parse(path).base


def parse(path: str) -> Pattern:
    """The pattern in `path`, which is one."""
    names = [name for name in path.split("/") if name not in {"", "."}]
    wild = next(index for index, name in enumerate(names) if is_pattern(name))
    rest: list[str] = []
    for name in names[wild:]:
        if name != ANY_FOLDERS or rest[-1:] != [ANY_FOLDERS]:
            rest.append(name)
    if rest[-1] == ANY_FOLDERS:
        rest.append("*")
    return Pattern("/".join(names[:wild]) or ".", tuple(rest))


def start(pattern: Pattern) -> States:
    """The states in the base folder."""
    return _closed({0}, pattern)


def step(states: States, name: str, pattern: Pattern) -> States:
    """The states after one more name of a path; none if the pattern doesn't lead there."""
    after: set[int] = set()
    for state in states:
        if state == len(pattern.names):
            continue
        if pattern.names[state] == ANY_FOLDERS:
            after.add(state)
        elif matcher(pattern.names[state]).fullmatch(name):
            after.add(state + 1)
    return _closed(after, pattern)


def is_match(states: States, pattern: Pattern) -> bool:
    """Whether a path that ends here is matched."""
    return len(pattern.names) in states


def goes_on(states: States, pattern: Pattern) -> bool:
    """Whether paths below can be matched."""
    return any(state < len(pattern.names) for state in states)


def _closed(states: set[int], pattern: Pattern) -> States:
    """`states`, and those that follow by letting `**` stand for no folder."""
    none = {state + 1 for state in states if state < len(pattern.names) and pattern.names[state] == ANY_FOLDERS}
    return frozenset(states | none)


@lru_cache(maxsize=256)
def matcher(name: str) -> re.Pattern[str]:
    """What one name of a pattern matches. The regular expression takes no time that explodes (`fnmatch` sees to it)."""
    from fnmatch import translate

    return re.compile(translate(name.replace("[", "[[]")))
