"""The configuration: which value each option has, given what the customer said and what the spec computes.

The rules are those of Replicated Ship (headless):

- a given value beats the option's `value`, which beats its `default`; a given empty text beats both;
- `readonly` options, labels and headings are always computed: what was given is ignored, with a warning;
- options that are hidden or computed, or whose `when` (or their group's) is false, have values but aren't required;
- what is required, visible and empty is an error that names all such options.

Given values are data: they are never rendered as templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from shipper.context.facts import Option
from shipper.errors import SpecError, did_you_mean
from shipper.render.about import About
from shipper.render.fit import check_fit, fitting, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from shipper.context.values import ValueType
    from shipper.errors import Position
    from shipper.spec.model import ConfigGroup, ConfigItem, Text

COMPUTED_TYPES = frozenset({"label", "heading"})
VALUE_TYPES: dict[str, ValueType] = {"integer": "integer", "number": "number", "bool": "boolean"}


class Given(NamedTuple):
    """A value from outside; `position` is where it stands, None for the command line.

    `type` is the type it was written with, which only counts where no spec declares one. Where there is `content`
    it is that of the file `filename`, and the option's type decides which text it is. What is `remembered` comes from
    the state file of an earlier run, which may know options that are gone, and is taken as it was written there.
    """

    text: str = ""
    position: Position | None = None
    type: ValueType = "string"
    content: bytes | None = None
    remembered: bool = False
    filename: str = ""


class Warned(NamedTuple):
    """Something that doesn't stop the work but should be known."""

    message: str
    position: Position | None = None


class Resolved(NamedTuple):
    """`options` by name in the spec's order, and what to warn about."""

    options: dict[str, Option]
    warnings: tuple[Warned, ...]


class Asked(NamedTuple):
    """Options asked for by a literal name, and where; `dynamic` if others are asked for by a computed one."""

    places: Mapping[str, Position]
    dynamic: bool = False


class Evaluator(Protocol):
    """What resolution needs of the template language.

    `used_secret` says whether the text that was rendered last may have been made from a secret option, `lenient`
    whether a condition may ask for options that don't exist.
    """

    @property
    def used_secret(self) -> bool: ...

    @property
    def lenient(self) -> bool: ...

    def text(self, field: Text) -> str:
        """The text that `field` renders to."""
        ...

    def condition(self, field: Text) -> bool:
        """What the `when` in `field` decides."""
        ...

    def asked(self, field: Text, *, condition: bool = False) -> Asked:
        """The options that `field` asks for; a `condition` may be a bare expression."""
        ...

    def define(self, option: Option) -> None:
        """Make `option` known to the templates that follow."""
        ...


def resolve(groups: Sequence[ConfigGroup], given: Mapping[str, Given], evaluator: Evaluator) -> Resolved:
    """Every option's value, each after the options it depends on.

    Raises SpecError for unknown names, cycles, values that don't fit and required ones that are missing; what a
    template in a value raises passes.
    """
    items = {item.name: item for group in groups for item in group.items}
    warnings = unknown_names(given, items)
    options: dict[str, Option] = {}
    for name in in_order(items, evaluator):
        item = items[name]
        value = given.get(name)
        if value is not None and is_computed(item):
            what = "readonly" if item.readonly else f"a {item.type}"
            warnings.append(Warned(f'the value given for option "{name}" is ignored: it is {what}', value.position))
            value = None
        if value is None:
            text, secret = computed(item, evaluator)
        else:
            text, secret = fitting(item, value), False
        options[name] = option_of(item, text, secret=secret, filename=value.filename if value else "")
        evaluator.define(options[name])
    require_values(groups, options, evaluator)
    return Resolved({name: options[name] for name in items}, tuple(warnings))


def is_computed(item: ConfigItem) -> bool:
    """Whether the option's value always comes from the spec."""
    return item.readonly or item.type in COMPUTED_TYPES


def option_of(item: ConfigItem, text: str, *, secret: bool, filename: str = "") -> Option:
    """The option as templates see it; it is secret as a password, or if it was made from a secret."""
    return Option(
        name=item.name,
        text=text,
        type=VALUE_TYPES.get(item.type, "string"),
        hidden=item.hidden,
        secret=secret or item.type == "password",
        filename=filename,
    )


def loose_option(name: str, value: Given) -> Option:
    """An option that no spec declares."""
    return Option(name, text_of(value, name), value.type, filename=value.filename)


def unknown_names(given: Mapping[str, Given], items: Mapping[str, ConfigItem]) -> list[Warned]:
    """What to say of values that no option takes. Raises SpecError for one that isn't only remembered."""
    warnings = []
    for name, value in given.items():
        if name in items:
            continue
        if not value.remembered:
            raise SpecError(f'there is no option "{name}"', position=value.position, hint=did_you_mean(name, items))
        warnings.append(Warned(f'the value of "{name}" is ignored: the spec has no such option', value.position))
    return warnings


def in_order(items: Mapping[str, ConfigItem], evaluator: Evaluator) -> list[str]:
    """The names of `items`, each after the ones that its `value` and `default` ask for."""
    from graphlib import CycleError, TopologicalSorter
    from itertools import pairwise

    asked: dict[str, dict[str, Position]] = {}
    dynamic: list[str] = []
    for name, item in items.items():
        asked[name] = {}
        for field in (item.value, item.default):
            if field is not None:
                found = look_up(field, f"option {name}", items, evaluator)
                asked[name].update(found.places)
                if found.dynamic:
                    dynamic.append(name)
    for name in dynamic:
        after = followers(name, asked)
        asked[name].update({other: items[name].position for other in items if other not in after})
    try:
        return list(TopologicalSorter(asked).static_order())
    except CycleError as error:
        # graphlib names each member after the one that depends on it, the first one again at the end
        members = list(reversed(error.args[1]))
        steps = " → ".join(f'"{member}"' for member in members)
        places = ", ".join(dict.fromkeys(str(asked[one][two]) for one, two in pairwise(members)))
        raise SpecError(
            f"options depend on each other in a circle: {steps} (asked at {places})",
            position=asked[members[0]][members[1]],
        ) from None


def look_up(
    field: Text, subject: str, known: Collection[str], evaluator: Evaluator, *, condition: bool = False
) -> Asked:
    """What `field` asks for. Raises SpecError for an option that doesn't exist."""
    with About(subject):
        asked = evaluator.asked(field, condition=condition)
    for name, position in asked.places.items():
        if name not in known:
            raise SpecError(
                f'there is no option "{name}"', position=position, subject=subject, hint=did_you_mean(name, known)
            )
    return asked


def followers(name: str, asked: Mapping[str, Mapping[str, Position]]) -> set[str]:
    """`name` and every option that needs it, however far away: what can't come before it."""
    found = {name}
    pending = [name]
    while pending:
        needed = pending.pop()
        new = [other for other, places in asked.items() if needed in places and other not in found]
        found.update(new)
        pending += new
    return found


def computed(item: ConfigItem, evaluator: Evaluator) -> tuple[str, bool]:
    """What the spec says the value is: `value`, or `default` if that is empty; and whether a secret was looked at."""
    secret = False
    for field in (item.value, item.default):
        if field is not None:
            with About(f"option {item.name}"):
                text = evaluator.text(field)
            secret = secret or evaluator.used_secret
            if text:
                check_fit(item, text, field.position, secret=secret)
                return text, secret
    return "", secret


def require_values(groups: Sequence[ConfigGroup], options: Mapping[str, Option], evaluator: Evaluator) -> None:
    """Raise SpecError that names all options which are required, visible and empty."""
    known = options.keys()
    missing: list[ConfigItem] = []
    for group in groups:
        shown = visible(group.when, f"config group {group.name}", known, evaluator)
        for item in group.items:
            if not visible(item.when, f"option {item.name}", known, evaluator) or not shown or item.hidden:
                continue
            if item.required and not is_computed(item) and not options[item.name].text:
                missing.append(item)
    if missing:
        names = ", ".join(item.name for item in missing)
        raise SpecError(
            f"required configuration is missing: {names}",
            position=missing[0].position,
            hint=f"give {'it' if len(missing) == 1 else 'them'} in a --values file or with --set NAME=TEXT",
        )


def visible(when: Text | None, subject: str, known: Collection[str], evaluator: Evaluator) -> bool:
    """What `when` decides; nothing said is visible. Raises SpecError for an unknown option in it."""
    if when is None:
        return True
    if not evaluator.lenient:
        look_up(when, subject, known, evaluator, condition=True)
    with About(subject):
        return evaluator.condition(when)
