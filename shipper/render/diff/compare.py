"""What differs between two sides: objects and their fields, other files, assets, license, options.

Nothing in a comparison is secret, unless that was asked for.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shipper.render.diff.documents import Identity, KubernetesObject, objects
from shipper.render.diff.fields import FieldChange, diff
from shipper.render.diff.lines import changed_blocks
from shipper.render.diff.masks import Masks, blank
from shipper.render.diff.unified import as_text, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shipper.render.diff.fields import Step
    from shipper.render.diff.sides import Side, SideFile

Change = Literal["added", "removed", "changed"]
_REGISTRY_FACTS = frozenset({"server", "username"})


class Field(NamedTuple):
    """A field that differs. With `secret` its values, or parts of them, are masked."""

    change: FieldChange
    secret: bool


class ObjectChange(NamedTuple):
    """A Kubernetes object, the file that it was in and the one it is in; no fields if it comes or goes."""

    change: Change
    identity: Identity
    old_dest: str
    new_dest: str
    fields: tuple[Field, ...] = ()


class FileChange(NamedTuple):
    """A file that differs other than in its objects.

    `content` is `manifest` where its text differs but none of its objects does. `added` and `removed` count lines, and
    are None for a binary file. A mode is None where there is no file.
    """

    change: Change
    dest: str
    content: Literal["text", "binary", "manifest"]
    added: int | None
    removed: int | None
    old_mode: int | None
    new_mode: int | None


class Decided(NamedTuple):
    """What a condition asked for and got on each side; None also where a side isn't known."""

    expression: str
    old: object
    new: object


class AssetChange(NamedTuple):
    """An asset that is rendered on one side only, and what decided."""

    change: Change
    dest: str
    kind: str
    place: str
    when: str | None
    values: tuple[Decided, ...]


class Comparison(NamedTuple):
    """All that differs. `facts` are the license, the options and what else the sides were made from."""

    left: Side
    right: Side
    facts: tuple[Field, ...]
    assets: tuple[AssetChange, ...]
    objects: tuple[ObjectChange, ...]
    files: tuple[FileChange, ...]
    edited: tuple[str, ...]
    deleted: tuple[str, ...]

    @property
    def different(self) -> bool:
        """Whether anything differs: a byte, a mode, a fact, or whether the license is refused."""
        return bool(
            self.facts
            or self.assets
            or self.objects
            or self.files
            or bool(self.left.refused) != bool(self.right.refused)
        )


def compare(left: Side, right: Side, masks: Masks) -> Comparison:
    """The differences between two sides, in an order that depends on nothing else."""
    facts = tuple(changed_facts(left, right, masks))
    edited = tuple(masks.text(dest) for dest, file in sorted(left.files.items()) if file.edited)
    deleted = tuple(map(masks.text, left.deleted))
    if left.refused or right.refused:
        return Comparison(left, right, facts, (), (), (), edited, deleted)
    assets = tuple(changed_assets(left, right, masks))
    changed, files = changed_contents(left.files, right.files, masks)
    return Comparison(left, right, facts, assets, tuple(changed), tuple(files), edited, deleted)


def changed_facts(left: Side, right: Side, masks: Masks) -> Iterator[Field]:
    """What differs of the license, the options and the other inputs; nothing where a side's aren't known.

    Where only one side has the license itself, that which a manifest records of it is compared.
    """
    both = left.verified and right.verified
    before, after = (side.facts if both else side.record for side in (left, right))
    if before is None or after is None:
        return
    if left.refused or right.refused:
        before, after = ({"license": facts.get("license")} for facts in (before, after))
    for change in diff(before, after):
        if change.path[:2] != ("license", "registry") or masks.show:
            yield _shown(change, masks)
            continue
        key = change.path[2] if len(change.path) > 2 else None
        old, new = (registry_fact(key, value) for value in (change.old, change.new))
        yield Field(change._replace(old=old, new=new), old != change.old or new != change.new)


def registry_fact(key: Step | None, value: Any) -> Any:
    """What a license says of its registry, all of it or under `key`, with only that shown which is no secret."""
    if value is None or key in _REGISTRY_FACTS:
        return value
    if key is None and isinstance(value, dict):
        return {name: registry_fact(name, child) for name, child in value.items()}
    return blank(value)


def changed_assets(left: Side, right: Side, masks: Masks) -> Iterator[AssetChange]:
    """The assets that one side renders and the other skips."""
    if right.assets is None:
        return
    for number, new in enumerate(right.assets, start=1):
        if left.assets is not None:
            old = left.assets[number - 1]
            was = old["rendered"]
        else:
            old = None
            was = was_published(left, right, new, number)
        if was == new["rendered"]:
            continue
        there = new if new["rendered"] or old is None else old
        yield AssetChange(
            "added" if new["rendered"] else "removed",
            masks.text(str(there["dest"])),
            str(new["kind"]),
            str(new["place"]),
            new["when"],
            tuple(decided(old["values"] if old else [], new["values"])),
        )


def was_published(left: Side, right: Side, asset: Mapping[str, Any], number: int) -> bool:
    """Whether a published tree holds anything of an asset."""
    if asset["rendered"]:
        dests = [dest for dest, made in right.made.items() if made == number]
        return not dests or any(dest in left.files or dest in left.deleted for dest in dests)
    root = f"{asset['dest']}/"
    return any(f"{dest}/".startswith(root) for dest in left.files if dest not in right.files)


def decided(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Iterator[Decided]:
    """The values that both sides' conditions asked for, each expression once."""
    before, after = ({value["expression"]: value["value"] for value in values} for values in (old, new))
    for expression in {**before, **after}:
        yield Decided(expression, before.get(expression), after.get(expression))


def changed_contents(
    left: Mapping[str, SideFile], right: Mapping[str, SideFile], masks: Masks
) -> tuple[list[ObjectChange], list[FileChange]]:
    """The objects and the other files that differ, by dest."""
    touched = sorted(dest for dest in left.keys() | right.keys() if left.get(dest) != right.get(dest))
    before: list[KubernetesObject] = []
    after: list[KubernetesObject] = []
    manifests: set[str] = set()
    for dest in touched:
        sides = [file and objects(dest, file.content) for file in (left.get(dest), right.get(dest))]
        if all(found is not None for found, file in zip(sides, (left.get(dest), right.get(dest)), strict=True) if file):
            manifests.add(dest)
            before += sides[0] or []
            after += sides[1] or []
    changed = sorted(changed_objects(before, after, masks), key=lambda one: one.new_dest or one.old_dest)
    seen = {dest for one in changed for dest in (one.old_dest, one.new_dest)}
    files = []
    for dest in touched:
        found = changed_file(dest, left.get(dest), right.get(dest), is_manifest=dest in manifests)
        if found is None:
            continue
        # A manifest is shown by its objects, unless these say nothing of what changed
        told = found.change != "changed" or (dest in seen and found.old_mode == found.new_mode)
        if found.content != "manifest" or not told:
            files.append(found._replace(dest=masks.text(dest)))
    hidden = [one._replace(old_dest=masks.text(one.old_dest), new_dest=masks.text(one.new_dest)) for one in changed]
    return hidden, files


def changed_objects(
    left: Iterable[KubernetesObject], right: Iterable[KubernetesObject], masks: Masks
) -> Iterator[ObjectChange]:
    """The objects that come, go and change. Those of one identity are paired by file, then in order."""
    before, after = _by_identity(left), _by_identity(right)
    for identity in {**before, **after}:
        shown = Identity(*map(masks.text, identity))
        pairs, gone, come = _paired(before.get(identity, []), after.get(identity, []))
        for old, new in pairs:
            fields = tuple(changed_fields(old.data, new.data, masks))
            if fields or old.dest != new.dest:
                yield ObjectChange("changed", shown, old.dest, new.dest, fields)
        for old in gone:
            yield ObjectChange("removed", shown, old.dest, "")
        for new in come:
            yield ObjectChange("added", shown, "", new.dest)


def changed_fields(old: Any, new: Any, masks: Masks) -> Iterator[Field]:
    """The fields of an object that differ, masked."""
    for change in diff(masks.sealed(old), masks.sealed(new)):
        yield _shown(change, masks)


def _shown(change: FieldChange, masks: Masks) -> Field:
    path = tuple(map(masks.step, change.path))
    if change.change in {"changed", "reordered"}:
        old, new, secret = masks.both(change.old, change.new)
        return Field(change._replace(path=path, old=old, new=new), secret)
    old, new = masks.value(change.old), masks.value(change.new)
    return Field(change._replace(path=path, old=old, new=new), old != change.old or new != change.new)


def changed_file(dest: str, old: SideFile | None, new: SideFile | None, *, is_manifest: bool) -> FileChange | None:
    """How two versions of a file differ; None if only in having been edited."""
    modes = old and old.mode, new and new.mode
    change: Change = "added" if old is None else "removed" if new is None else "changed"
    if old is not None and new is not None and old.content == new.content and old.mode == new.mode:
        return None
    before, after = ("" if file is None else as_text(file.content) for file in (old, new))
    if before is None or after is None:
        return FileChange(change, dest, "binary", None, None, *modes)
    blocks = changed_blocks(lines_of(before), lines_of(after))
    added = sum(block.right_end - block.right for block in blocks)
    removed = sum(block.left_end - block.left for block in blocks)
    return FileChange(change, dest, "manifest" if is_manifest else "text", added, removed, *modes)


def _by_identity(found: Iterable[KubernetesObject]) -> dict[Identity, list[KubernetesObject]]:
    groups: dict[Identity, list[KubernetesObject]] = {}
    for one in found:
        groups.setdefault(one.identity, []).append(one)
    return groups


Pairs = tuple[list[tuple[KubernetesObject, KubernetesObject]], list[KubernetesObject], list[KubernetesObject]]


def _paired(old: Sequence[KubernetesObject], new: Sequence[KubernetesObject]) -> Pairs:
    """Those that belong together, those that are gone and those that came."""
    at_dest: dict[str, deque[int]] = {}
    for number, one in enumerate(new):
        at_dest.setdefault(one.dest, deque()).append(number)
    pairs, waiting, taken = [], [], set()
    for one in old:
        numbers = at_dest.get(one.dest)
        if numbers:
            number = numbers.popleft()
            taken.add(number)
            pairs.append((one, new[number]))
        else:
            waiting.append(one)
    rest = [one for number, one in enumerate(new) if number not in taken]
    both = min(len(waiting), len(rest))
    pairs += zip(waiting[:both], rest[:both], strict=True)
    return pairs, waiting[both:], rest[both:]
