"""The templates folder: what `include` and `import` may read, and nothing outside of it."""

from __future__ import annotations

import os
import re
import stat
from typing import Literal

from shipper.errors import LimitError, TemplateError, shown
from shipper.template.limits import MAX_SOURCE
from shipper.template.source import TemplateSource

_MAX_NAMES = 1_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def shown_path(path: str) -> str:
    """`path` as seen from the current folder, for messages; as it is if that folder is gone."""
    try:
        return os.path.relpath(path)
    except FileNotFoundError:
        return path


class TemplatesFolder:
    """Templates by their path relative to `root`, read once each."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._sources: dict[str, TemplateSource] = {}

    def get(self, name: str, templating: Literal["jinja", "repl"] = "jinja") -> TemplateSource:
        """The template `name`, in the language `templating` unless it is called `*.j2`, which is always Jinja.

        Raises FileNotFoundError if there is none, TemplateError for a name that leads out of the folder or to
        something that is no regular UTF-8 file, LimitError for a file that is too large.
        """
        if name not in self._sources:
            self._sources[name] = TemplateSource(f"template:{name}", self._read(name), file=self.shown(name))
        source = self._sources[name]
        if templating == "jinja" or name.endswith(".j2"):
            return source
        return TemplateSource(source.name, source.text, file=source.file, templating=templating)

    def names(self) -> list[str]:
        """Names of templates that can be asked for, at most a thousand."""
        found: list[str] = []
        for folder, folders, files in os.walk(self.root):
            folders.sort()
            base = os.path.relpath(folder, self.root)
            paths = (name if base == "." else f"{base}/{name}" for name in sorted(files))
            found += [path for path in paths if not _SURROGATE.search(path)]
            if len(found) >= _MAX_NAMES:
                break
        return found[:_MAX_NAMES]

    def shown(self, name: str) -> str:
        """The path of the template `name`, for messages."""
        return shown_path(os.path.join(self.root, name))

    def _read(self, name: str) -> str:
        parts = name.split("/")
        if not name or "\\" in name or "\0" in name or _SURROGATE.search(name) or name.startswith("/") or ".." in parts:
            raise TemplateError(f"{shown(name)} is no path inside the templates folder")
        path = os.path.realpath(os.path.join(self.root, name))
        if os.path.commonpath([self.root, path]) != self.root:
            raise TemplateError(f"template {shown(name)} leads out of the templates folder")
        try:
            # O_NONBLOCK: opening a named pipe must not wait for its writer
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(name) from None
        except (OSError, ValueError) as error:
            raise TemplateError(f"template {shown(name)} can't be read: {getattr(error, 'strerror', '')}") from None
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise TemplateError(f"template {shown(name)} is no regular file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(4 * MAX_SOURCE + 1)
        except OSError as error:
            raise TemplateError(f"template {shown(name)} can't be read: {error.strerror}") from None
        finally:
            os.close(handle)
        if len(data) > 4 * MAX_SOURCE:
            raise LimitError(f"template {shown(name)} is larger than {MAX_SOURCE:,} characters")
        try:
            return data.decode().removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise TemplateError(f"template {shown(name)} is no UTF-8 text") from None
