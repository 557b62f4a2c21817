"""``config.v1``: groups of options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import shown
from shipper.spec.fields import Fields, Report, items_of
from shipper.spec.model import ConfigGroup, ConfigItem, ItemType, Text
from shipper.yamlio import Mapping, Scalar

if TYPE_CHECKING:
    from shipper.yamlio import Node

GROUP_KEYS = {
    "name": "The group's name (default: its title).",
    "title": "For people.",
    "description": "For people.",
    "when": "If false, nothing in the group is required (default: true).",
    "items": "The options.",
}
GROUP_IGNORED = ("test_proc", "filters")
ITEM_KEYS = {
    "name": 'Templates ask for config.name or ConfigOption("name"). Unique in the whole spec.',
    "title": "For people.",
    "help_text": "For people.",
    "type": "What a value may be (default: text).",
    "default": "The value if nothing else gives one; a template.",
    "value": "Beats the default; a template.",
    "required": "Must not be empty while it is visible.",
    "readonly": "Always computed: what is given is ignored.",
    "hidden": "Never required.",
    "when": "If false, not required (default: true).",
    "pattern": "A regular expression (RE2) that the whole value must match.",
    "items": "The choices of a select.",
}
ITEM_IGNORED = (
    "recommended",
    "multi_value",
    "default_cmd",
    "value_cmd",
    "data_cmd",
    "multiple",
    "affix",
    "props",
    "test_proc",
    "is_excluded_from_support",
    "filters",
)
CHOICE_KEYS = {
    "name": "The value; in a select_many, an option of its own that is 1 if it is chosen.",
    "title": "For people.",
    "default": "In a select_many: 1 if it is chosen unless the customer says otherwise.",
    "value": "In a select_many: beats the default.",
}
CHOICE_IGNORED = ("recommended",)
SELECTS = frozenset({"select", "select_one", "select_many"})
MANY = "select_many"
# No blank around it, no control character, and no = because of --set
NAME = r"[^\x00-\x20=\x7f-\xa0](?:[^\x00-\x1f=\x7f-\x9f]{0,126}[^\x00-\x20=\x7f-\xa0])?"


class Names(NamedTuple):
    """The names of options so far, and by the name of a `select_many` the choices that may be options as well."""

    options: dict[str, Scalar]
    choices: dict[str, list[ConfigItem]]


def read_groups(node: Node | None, report: Report) -> tuple[ConfigGroup, ...]:
    """The groups in ``config.v1``. Raises SpecError; option names are unique over all groups."""
    if node is None:
        return ()
    names = Names({}, {})
    items = report.attempt(lambda: items_of(node, "config.v1"))
    groups = report.each(items or [], lambda item: _group(item, names, report))
    return tuple(_with_choices(group, names) for group in groups)


def _with_choices(group: ConfigGroup, names: Names) -> ConfigGroup:
    """`group` with the choices of each `select_many` behind it, unless an option has the name already."""
    items: list[ConfigItem] = []
    for item in group.items:
        choices = names.choices.get(item.name, ())
        free = [choice for choice in choices if names.options.setdefault(choice.name, choice.key) is choice.key]
        items += [item, *free]
    return group._replace(items=tuple(items))


def _group(node: Node, names: Names, report: Report) -> ConfigGroup:
    fields = Fields(node, "config group", report, GROUP_KEYS, GROUP_IGNORED)
    key = _name(fields) if fields.get("name") is not None else None
    title = fields.words("title")
    name = key.text if key else title
    fields.what = f"config group {shown(name)}"
    items = report.each(fields.items("items"), lambda item: _item(item, names, report))
    return ConfigGroup(name, title, fields.words("description"), key or node, fields.condition(), items)


def _item(node: Node, names: Names, report: Report) -> ConfigItem:
    if is_password(node):
        node.hide()
    fields = Fields(node, "option", report, ITEM_KEYS, ITEM_IGNORED)
    key = _name(fields)
    name = key.text
    if name in names.options:
        raise key.error(f'option "{name}" is there twice', hint=f"first in line {names.options[name].line}")
    names.options[name] = key
    fields.what = f'option "{name}"'
    kind: ItemType = fields.choice("type", ItemType, "text")
    choices = _choices(fields, report)
    if kind == MANY:
        names.choices[name] = [choice for choice in choices if re.fullmatch(NAME, choice.name)]
    if choices and kind not in SELECTS:
        raise fields.key("items").error(f'{fields.what}: "items" is for the type select, not {kind}')
    if kind in SELECTS and not choices:
        raise key.error(f'{fields.what}: a {kind} needs "items"')
    pattern = fields.text("pattern")
    if pattern is not None:
        check_pattern(pattern, fields.what)
    return ConfigItem(
        name=name,
        type=kind,
        key=key,
        title=fields.words("title"),
        help_text=fields.words("help_text"),
        default=fields.text("default"),
        value=fields.text("value"),
        required=fields.boolean("required"),
        readonly=fields.boolean("readonly"),
        hidden=fields.boolean("hidden"),
        when=fields.condition(),
        pattern=pattern,
        choices=tuple(choice.name for choice in choices),
    )


def is_password(node: Node) -> bool:
    """Whether the item, as far as it can be read, is a password, whose value must not be shown."""
    kind = node.get("type") if isinstance(node, Mapping) else None
    return isinstance(kind, Scalar) and kind.text.strip().casefold() == "password"


def _choices(fields: Fields, report: Report) -> list[ConfigItem]:
    """What a select offers, each once, as the options that the choices of a `select_many` are."""
    found: dict[str, ConfigItem] = {}
    for item in fields.items("items"):
        choice = Fields(item, f"a choice of {fields.what}", report, CHOICE_KEYS, CHOICE_IGNORED)
        name = choice.need_text("name")
        if name.text in found:
            raise name.scalar.error(f"{fields.what}: choice {shown(name.text)} is there twice")
        found[name.text] = ConfigItem(
            name=name.text,
            type="bool",
            key=name.scalar,
            title=choice.words("title"),
            help_text="",
            default=choice.text("default"),
            value=choice.text("value"),
            required=False,
            readonly=fields.boolean("readonly"),
            hidden=False,
            when=None,
            pattern=None,
            choices=(),
        )
    return list(found.values())


def _name(fields: Fields) -> Scalar:
    name = fields.need_text("name")
    if not re.fullmatch(NAME, name.text):
        raise name.scalar.error(
            f"{fields.what}: {shown(name.text)} is no name", hint="at most 128 characters, no =, no blank around it"
        )
    return name.scalar


def check_pattern(pattern: Text, what: str) -> None:
    """Raise SpecError for what is no regular expression (RE2's syntax: linear in time)."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern.text, options)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else ""
        if isinstance(reason, bytes):
            reason = reason.decode("utf-8", "replace")
        raise pattern.scalar.error(f'{what}: "pattern" is no regular expression: {reason}') from None
