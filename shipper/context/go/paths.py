"""Slash-separated paths as Go's package path reads them. They are text: no file is looked at."""

from __future__ import annotations


def clean(path: str) -> str:
    """The shortest equal path: no empty parts, no `.`, no `..` after a name; "." for nothing (Go's path.Clean)."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."} and not (part == ".." and rooted):
            parts.append(part)
    text = "/".join(parts)
    return f"/{text}" if rooted else text or "."


def base(path: str) -> str:
    """The last part, without slashes at the end; "." for nothing, "/" for slashes only (Go's path.Base)."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def directory(path: str) -> str:
    """All but the last part, cleaned (Go's path.Dir)."""
    head, slash, _ = path.rpartition("/")
    return clean(head + slash)


def extension(path: str) -> str:
    """From the last dot of the last part on, or "" (Go's path.Ext)."""
    _, dot, end = path.rpartition("/")[2].rpartition(".")
    return dot + end if dot else ""
