"""Golden output: a file with the Kubernetes documents, as on standard output, or a folder with all files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from shipper.errors import OutputError
from shipper.render.cases.model import Failure, Updated
from shipper.render.kubernetes_stream import collect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.render.cases.expect import Rendered
    from shipper.render.cases.model import Case
    from shipper.spec.model import Text

FILE_ENDINGS = (".yaml", ".yml")
HINT = "--update-golden writes it"
MAX_LINES = 60


def compare_golden(case: Case, golden: Text, rendered: Rendered) -> Iterator[Failure]:
    """What differs from the golden output, each file with a diff."""
    made = _made(golden, rendered)
    kept, problem = _kept(case, golden)
    if problem:
        yield Failure(golden.position, problem)
        return
    for name in sorted(made.keys() | kept.keys()):
        path = os.path.join(case.folder, golden.text, name) if name else os.path.join(case.folder, golden.text)
        before, after = kept.get(name), made.get(name)
        if before is None:
            yield Failure(golden.position, f'"{name}" is rendered, and there is no "{path}" ({HINT})')
        elif after is None:
            yield Failure(golden.position, f'"{path}" is golden, and no "{name}" is rendered ({HINT})')
        elif before != after:
            yield Failure(golden.position, f'this is not what "{path}" holds ({HINT})', diff(before, after, path))


def update_golden(case: Case, golden: Text, rendered: Rendered) -> Updated:
    """Write the golden output where it differs, and remove what isn't rendered any more.

    Raises OutputError.
    """
    made = _made(golden, rendered)
    root = os.path.join(case.folder, golden.text)
    kept, problem = _kept(case, golden)
    if problem and (os.path.lexists(root) or _is_linked(case, golden)):
        raise OutputError(problem, position=golden.position)
    if kept and not kept.keys() & made.keys():
        raise OutputError(
            f'"{root}" holds nothing that is rendered, and is left as it is',
            position=golden.position,
            hint="if it is golden output of old, remove it",
        )
    written: list[str] = []
    removed = [os.path.join(root, name) for name in sorted(kept.keys() - made.keys())]
    try:
        for path in removed:
            os.unlink(path)
        for name, data in made.items():
            path = os.path.join(root, name) if name else root
            if kept.get(name) != data:
                os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
                with open(path, "wb") as file:
                    file.write(data)
                written.append(path)
    except OSError as error:
        raise OutputError(
            f'can\'t write golden output to "{root}": {(error.strerror or "unknown reason").lower()}',
            position=golden.position,
        ) from None
    return Updated(tuple(written), tuple(removed))


def is_file(golden: Text) -> bool:
    """Whether the golden output is one file."""
    return golden.text.endswith(FILE_ENDINGS)


def _made(golden: Text, rendered: Rendered) -> dict[str, bytes]:
    """The bytes that should be golden by path below it; the path is empty for a single file."""
    if not is_file(golden):
        return {
            dest: file.content.encode() if isinstance(file.content, str) else file.content
            for dest, file in rendered.files.items()
        }
    with collect(rendered.files.values(), "apply", rendered.rendering.secrets) as manifests:
        return {"": b"".join(manifests.spool.chunks())}


def _kept(case: Case, golden: Text) -> tuple[dict[str, bytes], str]:
    """The golden bytes by path, or what is wrong. No symbolic link is followed: golden files may be removed."""
    root = os.path.join(case.folder, golden.text)
    if _is_linked(case, golden):
        return {}, f'"{root}" is behind a symbolic link'
    if not os.path.lexists(root):
        return {}, f'there is no "{root}" ({HINT})'
    if os.path.isdir(root) is is_file(golden):
        return {}, f'"{root}" is {"a folder" if is_file(golden) else "no folder"}'
    kept: dict[str, bytes] = {}
    names = [""] if is_file(golden) else list(_walk(root))
    for name in names:
        path = os.path.join(root, name) if name else root
        if os.path.islink(path) or not os.path.isfile(path):
            return {}, f'"{path}" is no regular file'
        try:
            with open(path, "rb") as file:
                kept[name] = file.read()
        except OSError as error:
            return {}, f'can\'t read "{path}": {(error.strerror or "unknown reason").lower()}'
    return kept, ""


def _is_linked(case: Case, golden: Text) -> bool:
    """Whether a symbolic link stands between the case's folder and the golden output."""
    plain = os.path.join(os.path.realpath(case.folder), os.path.normpath(golden.text))
    return os.path.realpath(os.path.join(case.folder, golden.text)) != plain


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        below = os.path.relpath(folder, root)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in [*names, *links]:
            yield name if below == "." else f"{below}/{name}"


def diff(before: bytes, after: bytes, path: str) -> str:
    """What has to change in the golden file, as a unified diff."""
    from difflib import unified_diff

    try:
        old, new = before.decode("utf-8").splitlines(), after.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return ""
    lines = list(unified_diff(old, new, path, "rendered", lineterm=""))
    more = [f"… {len(lines) - MAX_LINES} more lines"] if len(lines) > MAX_LINES else []
    return "\n".join([*lines[:MAX_LINES], *more])
