"""Setting namespace, labels and annotations of Kubernetes objects in their text.

Only the lines that need it change: comments, order, quoting and layout of the author stay. The result is read again
and compared with what was there before; anything else than the change that was asked for is an error. Pod templates
and selectors are left alone, so that nothing restarts and nothing immutable changes.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import Position, TemplateError, shown
from shipper.kubernetes.edit import Editor
from shipper.kubernetes.scope import is_cluster_scoped
from shipper.kubernetes.tree import Node, NoYamlError, read_trees, says_the_same, token, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shipper.kubernetes.edit import Entries, Value

_NOTHING: Mapping[str, str] = MappingProxyType({})
_WRITE_OUT = "write it out in the template"
_OTHER_LAYOUT = "the metadata can't be changed in this layout"
_IN_BLOCKS = "write it in block style"
# Both are of the same length as what they replace. The YAML parser knows neither tabs in indentation nor JSON's
# way to write characters beyond U+FFFF.
_SURROGATES = re.compile(r"\\u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_STAND_IN = r"\\u2603\\u2603"


class Change(NamedTuple):
    """What to set; what is empty stays as it is. `namespace` goes to objects that belong to one."""

    namespace: str = ""
    labels: Mapping[str, str] = _NOTHING
    annotations: Mapping[str, str] = _NOTHING


class Changed(NamedTuple):
    """The new text, and the names of the namespaces that objects of the kind Namespace make."""

    text: str
    namespaces: tuple[str, ...] = ()


class _Object(NamedTuple):
    node: Node
    api_version: str
    kind: str


def with_metadata(text: str, change: Change, *, json: bool = False) -> Changed:
    """`text`, a file with any number of YAML documents (or one of JSON), with `change` in each Kubernetes object.

    Items of a List are objects. What is no Kubernetes object stays as it is. Raises NoYamlError for what is no YAML,
    TemplateError, with a position in the text, for an object in another namespace, and for a place that can't be
    changed alone: behind an alias or a merge key, or at an anchor that is used elsewhere.
    """
    before = read_trees(_readable(text, json=json))
    editor = Editor(text, json=json)
    asked: list[tuple[_Object, Entries]] = []
    made: list[str] = []
    for root in before:
        document = _Document(root, editor)
        for each in document.objects():
            if each.kind == "Namespace" and is_cluster_scoped(each.api_version, each.kind):
                made.append(document.name(each.node))
            wanted = document.wanted(each, change)
            if wanted:
                document.put(each.node, "", {"metadata": wanted})
                asked.append((each, wanted))
    result = editor.result()
    if result != text:
        _check(before, _readable(result, json=json), asked)
    return Changed(result, tuple(made))


def _readable(text: str, *, json: bool) -> str:
    return _SURROGATES.sub(_STAND_IN, text.replace("\t", " ")) if json else text


class _Document:
    """One document while it is changed: its anchors, and those that an alias uses."""

    def __init__(self, root: Node, editor: Editor) -> None:
        self.root = root
        self.editor = editor
        self.anchors: dict[str, Node] = {}
        self.used: set[str] = set()
        for node in walk(root):
            if node.kind == "alias":
                self.used.add(node.text)
            elif node.anchor:
                self.anchors[node.anchor] = node

    def objects(self) -> list[_Object]:
        """The objects of the document. Raises TemplateError for an item of a List that is an alias."""
        root = self.root
        if root.kind != "map":
            return []
        api_version, kind = self._text(root, "apiVersion"), self._text(root, "kind")
        if not (api_version and kind):
            return []
        items = self._look(root, "items") if kind.endswith("List") else None
        if items is None or items.kind != "list":
            return [_Object(root, api_version, kind)]
        if kind != "List":  # the items of a PodList needn't say that they are Pods
            kind = kind.removesuffix("List")
        else:
            api_version = kind = ""
        found: list[_Object] = []
        for item in items.children:
            if item.kind == "alias":
                raise _refused(item, "an item of a List is an alias, which can't be changed alone")
            if item.kind == "map":
                each = _Object(item, self._text(item, "apiVersion") or api_version, self._text(item, "kind") or kind)
                found += [each] if each.api_version and each.kind else []
        return found

    def name(self, node: Node) -> str:
        """The object's name; empty if it has none."""
        metadata = self._look(node, "metadata")
        return self._text(metadata, "name") if metadata is not None else ""

    def wanted(self, each: _Object, change: Change) -> Entries:
        """What the object's metadata is to have. Raises TemplateError if it is in another namespace."""
        wanted: dict[str, Value] = {}
        if change.namespace and not is_cluster_scoped(each.api_version, each.kind):
            metadata = self._look(each.node, "metadata")
            there = self._look(metadata, "namespace") if metadata is not None else None
            said = there.text if there is not None and there.kind == "scalar" and not there.is_null else ""
            if there is not None and said and said != change.namespace:
                raise _refused(
                    there,
                    f"{each.kind} {shown(self.name(each.node))} is in the namespace {shown(said)}, "
                    f"not in {shown(change.namespace)}",
                    hint="give the namespace by an option of the spec, or leave it out of the template",
                )
            if not said or (there is not None and not there.is_string):
                wanted["namespace"] = change.namespace
        if change.labels:
            wanted["labels"] = change.labels
        if change.annotations:
            wanted["annotations"] = change.annotations
        return wanted

    def put(self, map_: Node, path: str, entries: Entries) -> None:
        """Set `entries` of a map that stands at `path` of its object. Raises TemplateError."""
        self._require_alone(map_, path or "the object")
        for key, _ in map_.pairs():
            if key.kind == "alias":
                raise _refused(key, f'the key "*{key.text}" is an alias, which may be any', hint=_WRITE_OUT)
        new: dict[str, Value] = {}
        for name, value in entries.items():
            place = f"{path}.{name}" if path else name
            found = map_.find(name)
            if len(found) > 1:
                raise _refused(found[1][0], f'"{place}" is there twice')
            if not found:
                hidden = None if isinstance(value, str) else self._merged(map_, name)
                if hidden is not None:
                    raise _refused(map_, f'"{place}" comes from a merge key, which can\'t be changed', hint=_WRITE_OUT)
                new[name] = value
                continue
            [(key, old)] = found
            if not key.is_string:
                raise _refused(key, f'the key of "{place}" is no text to Kubernetes', hint="put it in quotes")
            if isinstance(value, str) or old.is_null:
                self._replace(key, old, place, value)
            elif old.kind == "alias":
                raise _refused(old, f'"{place}" is an alias, which can\'t be changed alone', hint=_WRITE_OUT)
            elif old.kind != "map":
                raise _refused(old, f'"{place}" is no map')
            else:
                self.put(old, place, value)
        self._insert(map_, new)

    def _replace(self, key: Node, old: Node, place: str, value: Value) -> None:
        if old.kind in {"map", "list"}:
            raise _refused(old, f'"{place}" is no text')
        if not (old.kind == "scalar" and old.is_string and old.text == value):
            if old.kind == "scalar":
                self._require_alone(old, place)
            self.editor.set_value(key, old, value)

    def _insert(self, map_: Node, new: dict[str, Value]) -> None:
        """Where a reader would look for them: metadata after the kind, a namespace after the name."""
        for name, behind in (("metadata", ("apiVersion", "kind")), ("namespace", ("name", "generateName"))):
            there = [key.text for key, _ in map_.pairs() if key.text in behind]
            if name in new and there:
                self.editor.insert(map_, {name: new.pop(name)}, there[-1])
        if new:
            self.editor.insert(map_, new)

    def _require_alone(self, node: Node, place: str) -> None:
        if node.anchor in self.used:
            raise _refused(
                node,
                f'"{place}" has the anchor {shown(node.anchor)}, which is used elsewhere',
                hint="write out what the alias stands for",
            )

    def _text(self, map_: Node, name: str) -> str:
        """The text of a scalar in a map; empty for all else."""
        node = self._look(map_, name)
        return node.text if node is not None and node.kind == "scalar" and not node.is_null else ""

    def _look(self, map_: Node, name: str) -> Node | None:
        """What a reader finds in a map, behind aliases and merge keys."""
        if map_.kind != "map":
            return None
        found = map_.find(name)
        return self._resolved(found[-1][1]) if found else self._merged(map_, name)

    def _resolved(self, node: Node) -> Node:
        return self.anchors.get(node.text, node) if node.kind == "alias" else node

    def _merged(self, map_: Node, name: str) -> Node | None:
        """What a map has by its merge keys (https://yaml.org/type/merge.html) alone."""
        pending = [map_]
        seen: set[int] = set()
        while pending:
            node = self._resolved(pending.pop(0))
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.kind == "list":
                pending = node.children + pending
                continue
            found = node.find(name) if node is not map_ else []
            if found:
                return self._resolved(found[-1][1])
            pending = [value for _, value in node.find("<<")] + pending
        return None


def _check(before: list[Node], text: str, asked: list[tuple[_Object, Entries]]) -> None:
    """Raise TemplateError unless `text` is `before` with what was asked for, and nothing else."""
    wanted = {id(each.node): entries for each, entries in asked}
    try:
        after = read_trees(text)
    except NoYamlError:
        after = []
    if len(before) != len(after):
        raise _refused(asked[0][0].node, _OTHER_LAYOUT, hint=_IN_BLOCKS)
    pending = list(zip(before, after, strict=True))
    for old, new in pending:
        if id(old) in wanted:
            good = _is_changed(old, new, {"metadata": wanted[id(old)]})
        elif not any(id(node) in wanted for node in walk(old)):
            good = says_the_same(old, new)
        else:  # a List
            good = token(old) == token(new)
            pending += zip(old.children, new.children, strict=False)
        if not good:
            raise _refused(old, _OTHER_LAYOUT, hint=_IN_BLOCKS)


def _is_changed(old: Node | None, new: Node, wanted: Entries) -> bool:
    """Whether the map `new` is the map `old` (None or no map: an empty one) with the entries `wanted`."""
    was = old if old is not None and old.kind == "map" else None
    if new.kind != "map" or (was is not None and (was.anchor, was.tag) != (new.anchor, new.tag)):
        return False
    kept_old = [pair for pair in was.pairs() if pair[0].text not in wanted] if was else []
    kept_new = [pair for pair in new.pairs() if pair[0].text not in wanted]
    if len(kept_old) != len(kept_new):
        return False
    for (old_key, old_value), (new_key, new_value) in zip(kept_old, kept_new, strict=True):
        if not (says_the_same(old_key, new_key) and says_the_same(old_value, new_value)):
            return False
    for name, value in wanted.items():
        found = new.find(name)
        if len(found) != 1:
            return False
        [(_, node)] = found
        if isinstance(value, str):
            good = node.is_string and node.text == value and not node.tag
        else:
            there = was.find(name) if was else []
            good = _is_changed(there[0][1] if there else None, node, value)
        if not good:
            return False
    return True


def _refused(node: Node, message: str, hint: str = "") -> TemplateError:
    return TemplateError(message, position=Position("", node.line, node.column + 1), hint=hint)
