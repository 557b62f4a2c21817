"""Volumes of a pod as the kubelet fills them, below a folder: Secrets and ConfigMaps, swapped as a whole when they change."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.charts.harness import Object


class Projected:
    """A folder whose files are links to a `..data` that is exchanged at once, as Kubernetes does it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0
        self._files: dict[str, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Hold these files and no others, unless it does already."""
        if self._number and dict(files) == self._files:
            return
        self._files = dict(files)
        self._number += 1
        fresh = self.folder / f"..{self._number}"
        fresh.mkdir()
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        link = self.folder / "..data_tmp"
        link.symlink_to(fresh.name)
        os.replace(link, self.folder / "..data")
        for name in files:
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(f"..data/{name}")


def contents(objects: Sequence[Object], kind: str, namespace: str, name: str) -> dict[str, bytes] | None:
    """What a Secret or ConfigMap holds; None where there is none."""
    for each in objects:
        meta = each["metadata"]
        if (each["kind"], meta.get("namespace"), meta["name"]) == (kind, namespace, name):
            plain = {
                key: str(value).encode() for key, value in (each.get("stringData") or each.get("data") or {}).items()
            }
            if kind == "ConfigMap":
                return plain
            packed = {key: base64.b64decode(value, validate=True) for key, value in (each.get("data") or {}).items()}
            return packed | {key: str(value).encode() for key, value in (each.get("stringData") or {}).items()}
    return None


def volume_files(objects: Sequence[Object], namespace: str, volume: Mapping[str, Any]) -> dict[str, bytes] | None:
    """The files of a volume that is a Secret or a ConfigMap, None for one of another kind.

    Raises AssertionError for one that isn't there, with which the pod would not start.
    """
    for field, kind, named in (("secret", "Secret", "secretName"), ("configMap", "ConfigMap", "name")):
        source = volume.get(field)
        if source is None:
            continue
        files = contents(objects, kind, namespace, source[named])
        if files is None:
            assert source.get("optional"), f'there is no {kind} "{source[named]}" for the volume "{volume["name"]}"'
            return {}
        if "items" not in source:
            return files
        missing = {item["key"] for item in source["items"]} - set(files)
        assert not missing or source.get("optional"), f'{kind} "{source[named]}" lacks {sorted(missing)}'
        return {item["path"]: files[item["key"]] for item in source["items"] if item["key"] in files}
    return None
