"""From a path to the route that serves it, and what to say where none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from shipper.serving.checks import Texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shipper.serving.routes import Route

    Methods = dict[str, "Bound"]


class Bound(NamedTuple):
    """A route with all that is made of it once."""

    route: Route
    params: Texts
    query: Texts
    body: msgspec.json.Decoder[object] | None
    public: bool


class Found(NamedTuple):
    """What serves a path: by method, with the texts that stand for `{name}`."""

    methods: Methods
    values: dict[str, str]


class Pattern(NamedTuple):
    """A path in segments; None stands for any text."""

    segments: tuple[str | None, ...]
    names: tuple[str, ...]
    methods: Methods


class Router:
    """Finds routes by path. `root_path` is a prefix that may be there or not."""

    def __init__(self, routes: Sequence[Route], root_path: str = "") -> None:
        """Raises ValueError for two routes of one method and path."""
        self.root = root_path.strip("/") and f"/{root_path.strip('/')}"
        self.fixed: dict[bytes, Found] = {}
        self.patterns: list[Pattern] = []
        for route in routes:
            methods = self._methods(route.path)
            if route.method in methods:
                raise ValueError(f"two routes for {route.method} {route.path}")
            methods[route.method] = _bound(route)
        for methods in self._all_methods():
            if "GET" in methods:
                methods.setdefault("HEAD", methods["GET"])

    def _methods(self, path: str) -> Methods:
        if "{" not in path:
            return self.fixed.setdefault(path.encode(), Found({}, {})).methods
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        segments = tuple(None if part.startswith("{") else part for part in path.split("/"))
        for pattern in self.patterns:
            if pattern.segments == segments:
                return pattern.methods
        self.patterns.append(Pattern(segments, tuple(names), {}))
        return self.patterns[-1].methods

    def _all_methods(self) -> list[Methods]:
        return [*(found.methods for found in self.fixed.values()), *(pattern.methods for pattern in self.patterns)]

    def find(self, path: str) -> Found | None:
        """What serves `path`, which is as it was sent: percent-encoded."""
        if self.root and path.startswith(f"{self.root}/"):
            path = path[len(self.root) :]
        found = self.fixed.get(path.encode())
        if found is not None:
            return found
        given = _segments(path)
        return self._matched(given) if given else None

    def _matched(self, given: list[str]) -> Found | None:
        found = self.fixed.get("/".join(given).encode()) if not any("/" in part for part in given) else None
        if found is not None:
            return found
        for pattern in self.patterns:
            if len(pattern.segments) != len(given):
                continue
            if all(want is None or want == part for want, part in zip(pattern.segments, given, strict=True)):
                values = [part for want, part in zip(pattern.segments, given, strict=True) if want is None]
                if all(values):
                    return Found(pattern.methods, dict(zip(pattern.names, values, strict=True)))
        return None

    def hint(self, path: str) -> str:
        """Why there is nothing at `path`, where the reason is a common one."""
        tidy = "/" + "/".join(part for part in path.split("/") if part)
        if tidy != path and self.find(tidy):
            return "slashes that are double or at the end are not passed over"
        parts = tidy.split("/")
        for cut in range(2, min(len(parts), 12)):
            if self.find("/" + "/".join(parts[cut:])):
                return "the path has a prefix: let the ingress strip it, or name it in ROOT_PATH"
        return ""


def _bound(route: Route) -> Bound:
    from shipper.serving.routes import Scope

    decoder = None if route.body is None else msgspec.json.Decoder(route.body)
    return Bound(route, Texts(route.params), Texts(route.query), decoder, Scope.public in route.scopes)


def _segments(path: str) -> list[str] | None:
    """The parts of a path, each decoded on its own, so that an encoded slash separates nothing."""
    if "%" not in path:
        return path.split("/")
    try:
        return [unquote_to_bytes(part).decode() for part in path.split("/")]
    except UnicodeDecodeError:
        return None
