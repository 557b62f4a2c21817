"""Where an asset may go: a `dest` is a relative path that every system can hold and nothing can decode further.

The text of a `dest` may come out of a template and so out of a license or a config value. It is never repaired
into something harmless: what isn't clearly a file inside the output tree is refused. The tree is often committed
and checked out elsewhere, so a name must also exist on Windows and macOS: `NUL.txt`, `aux.yaml`, `a:b`, a trailing
dot or blank and 8.3 short names (`git~1`) are refused although Linux would take them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from shipper.errors import SpecError, shown

# Leaves 3 KiB of PATH_MAX to the output folder's own path; also PATH_MAX of macOS.
MAX_PATH_BYTES = 1024
# NAME_MAX of every common Linux file system.
MAX_NAME_BYTES = 255
# shipper's own folder in the output tree: the manifest, and the staging area of the in-place fallback.
OWN_FOLDER = ".shipper"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)", re.IGNORECASE)
_SHORT_NAME = re.compile(r"~[0-9]+(?:\.|$)")
_UNEXPANDED = re.compile(r"\$[{(]|`|\{\{|\{%")
# A dot, a separator or NUL behind one or more levels of percent-encoding; C0 and C1 start overlong UTF-8.
_ENCODED = re.compile(r"%(?:25)*(?:00|2e|2f|5c|c0|c1)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def check_dest(text: str) -> str:
    """The normalized relative POSIX path that `text` names: `./k8s//a.yaml` is `k8s/a.yaml`.

    Raises SpecError for everything that isn't clearly a file inside the output tree.
    """
    reason = _why_not(text)
    if reason:
        raise SpecError(f"dest {shown(text)} {reason}", hint="a dest is a relative path such as k8s/app.yaml")
    return "/".join(segment for segment in text.split("/") if segment not in {"", "."})


class Destinations:
    """The dests of one tree so far.

    Two collide when they are the same path, when one is a folder of the other, and when only case or Unicode
    normalization tells them apart: a checkout on macOS or Windows would keep one of the two.
    """

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, dest: str) -> None:
        """Takes the normalized `dest`; raises SpecError that names the earlier one it collides with."""
        key = _folded(dest)
        other = self._files.get(key)
        if other is not None:
            if other == dest:
                raise SpecError(f"two assets have the dest {shown(dest)}")
            raise SpecError(f"the dests {shown(other)} and {shown(dest)} differ only in case or Unicode normalization")
        other = self._folders.get(key)
        if other is not None:
            raise SpecError(f"dest {shown(dest)} is a folder of the dest {shown(other)}")
        folders = []
        cut = key.find("/")
        while cut >= 0:
            folders.append(key[:cut])
            cut = key.find("/", cut + 1)
        for folder in folders:
            other = self._files.get(folder)
            if other is not None:
                raise SpecError(f"dest {shown(other)} is a folder of the dest {shown(dest)}")
        for folder in folders:
            self._folders.setdefault(folder, dest)
        self._files[key] = dest


def _why_not(text: str) -> str:
    """Why `text` is no dest, to follow `dest "…" `; empty if it is one."""
    if not text or not text.strip():
        return "is empty"
    if _CONTROL.search(text):
        return "holds a control character"
    if "\\" in text:
        return "holds a backslash; folders are separated by /"
    if text.startswith("/"):
        return "is absolute"
    if "://" in text or re.match(r"[A-Za-z]:", text):
        return "is absolute: it names a drive or a URL"
    if text.startswith("~"):
        return "starts with ~, which is not expanded"
    if _UNEXPANDED.search(text) or text.startswith("$"):
        return "holds shell or template syntax, which is not expanded here"
    if _ENCODED.search(text):
        return "holds a percent-encoded dot or separator, which is not decoded"
    if text.endswith(("/", "/.")):
        return "names a folder"
    return _why_not_unicode(text) or _why_not_segments(text)


def _why_not_unicode(text: str) -> str:
    if text.isascii():
        return "is too long" if len(text) > MAX_PATH_BYTES else ""
    import unicodedata

    categories = {unicodedata.category(char) for char in text}
    if "Cs" in categories:
        return "is no Unicode text: it holds a lone surrogate"
    if "Cf" in categories:
        return "holds an invisible character"
    if len(text.encode()) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    for segment in text.split("/"):
        compatible = unicodedata.normalize("NFKC", segment)
        if compatible.startswith("..") or "/" in compatible or "\\" in compatible:
            return "turns into another path when it is normalized"
    return ""


def _why_not_segments(text: str) -> str:
    segments = [segment for segment in text.split("/") if segment not in {"", "."}]
    if not segments:
        return "names a folder"
    for segment in segments:
        reason = _why_not_name(segment)
        if reason:
            return reason
    if segments[0].casefold() == OWN_FOLDER:
        return f"is in {OWN_FOLDER}, where shipper keeps its manifest"
    return ""


def _why_not_name(name: str) -> str:
    if name.startswith(".."):
        return "has a name that starts with .."
    if name.strip() != name or name.endswith("."):
        return "has a name that starts or ends with a blank, or ends with a dot"
    if name.startswith("-"):
        return "has a name that starts with -, which tools take for a flag"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"has a name longer than {MAX_NAME_BYTES} bytes"
    if name.casefold() == ".git":
        return "is in .git, which runs programs"
    if _NOT_ON_WINDOWS.search(name) or _DEVICE.match(name) or _SHORT_NAME.search(name):
        return f"has the name {shown(name)}, which a checkout on Windows can't hold"
    return ""


def _folded(dest: str) -> str:
    if dest.isascii():
        return dest.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", dest).casefold())
