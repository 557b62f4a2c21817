"""Sprig's functions of paths with slashes; what is for the machine's own paths there is the same here."""

from __future__ import annotations

from shipper.context.go import paths
from shipper.context.registry import check_items, function


@function(
    ('{{ base("/etc/acme/app.yaml") }}', "app.yaml"),
    ('{{repl "/etc/acme/app.yaml" | base }}', "app.yaml"),
    table="further",
    alias="osBase",
)
def base(path: str) -> str:
    """The last part of `path`."""
    return paths.base(path)


@function(
    ('{{ dir("/etc/acme/app.yaml") }}', "/etc/acme"),
    ('{{repl "/etc/acme/app.yaml" | dir }}', "/etc/acme"),
    table="further",
    alias="osDir",
)
def dir_(path: str) -> str:
    """`path` without its last part."""
    check_items(path.count("/"))
    return paths.directory(path)


@function(
    ('{{ clean("/etc//acme/../app/.") }}', "/etc/app"),
    ('{{repl "/etc//acme/../app/." | clean }}', "/etc/app"),
    table="further",
    alias="osClean",
)
def clean(path: str) -> str:
    """The shortest path that means the same as `path`; no file is looked at."""
    check_items(path.count("/"))
    return paths.clean(path)


@function(('{{ ext("app.tar.gz") }}', ".gz"), ('{{repl "app.tar.gz" | ext }}', ".gz"), table="further", alias="osExt")
def ext(path: str) -> str:
    """The ending of the last part of `path` with its dot, or empty text."""
    return paths.extension(path)


@function(('{{ isAbs("/etc") }}', "true"), ('{{repl isAbs "etc" }}', "false"), table="further", alias="osIsAbs")
def isAbs(path: str) -> bool:
    """Whether `path` begins at the root."""
    return path.startswith("/")
