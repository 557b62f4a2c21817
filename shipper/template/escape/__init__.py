"""Structural escaping: whatever is in a value, YAML stays YAML (docs/decisions/0001-value-kinds.md).

The rendered text is read once with its values held out, which gives what the author meant, and once with the
values written in. What agrees stays byte for byte; a scalar that does not is written anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import LimitError, TemplateError
from shipper.template.escape.compare import NotYamlError, differing_sites, read_events
from shipper.template.escape.final import Text, check_json, check_keys, make_edits
from shipper.template.escape.holdout import hold_out, position_of
from shipper.template.escape.sites import (
    Replacement,
    as_written,
    choose_hint,
    in_json,
    read_sites,
    refuse_after_backslash,
    rewritten,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shipper.context.values import Piece
    from shipper.template.escape.compare import Event
    from shipper.template.escape.holdout import HeldOut
    from shipper.template.escape.layouts import Layouts
    from shipper.template.escape.sites import Reading, Site

# Looking at a site apart reads its document once more; beyond this many characters in all, every site that
# is left is rewritten instead.
_MOST_READ_APART = 2_000_000


class Escaped(NamedTuple):
    """The text that leaves, and its events; those of JSON, and of what is no YAML yet, are not at hand."""

    text: Text
    events: list[Event] | None


def escape_yaml(pieces: Sequence[Piece], *, json_file: bool = False, layouts: Layouts | None = None) -> str:
    """The same as `escape`, as a mere text. `layouts` makes it faster, and nothing else."""
    if layouts is None or json_file:
        return escape(pieces, json_file=json_file).text.text
    known, learn = layouts.write(pieces)
    if known is not None:
        return known
    read = _read(pieces, json_file=False)
    if isinstance(read, Escaped):
        return read.text.text
    if learn is not None:
        # Before it is learned: a known layout isn't looked at again, and none has a value in a key
        check_keys(make_edits(read.held, ()), read.reading.events)
        short = learn(*read)
        if short is not None:
            return short
    return _write(*read).text.text


def escape(pieces: Sequence[Piece], *, json_file: bool = False) -> Escaped:
    """Join `pieces` to a text that is the YAML (or JSON) the author meant.

    Raises LimitError if it is too large, TemplateError if it is no YAML, if a value stands where nothing can be written safely, or if
    a mapping has a key twice.
    """
    read = _read(pieces, json_file=json_file)
    if isinstance(read, Escaped):
        return read
    return _write_json(*read) if json_file else _write(*read)


class _Read(NamedTuple):
    held: HeldOut
    reading: Reading


def _read(pieces: Sequence[Piece], *, json_file: bool) -> _Read | Escaped:
    """What the author meant; the text itself where it is no YAML yet."""
    held = hold_out(pieces)
    try:
        meant = _read_meant(held)
    except TemplateError:
        from shipper.template.escape.charts import is_chart, write_chart

        if json_file or not is_chart(pieces):
            raise
        return Escaped(write_chart(held), None)
    return _Read(held, read_sites(held, meant, json_file=json_file))


def _write_json(held: HeldOut, reading: Reading) -> Escaped:
    check_keys(make_edits(held, ()), reading.events)
    text = make_edits(held, [*_comments(reading), *(in_json(site) for site in reading.sites)])
    check_json(text)
    return Escaped(text, None)


def _write(held: HeldOut, reading: Reading) -> Escaped:
    text, events = _write_values(held, reading) if held.slots else (make_edits(held, ()), reading.events)
    check_keys(text, events)
    return Escaped(text, events)


def _read_meant(held: HeldOut) -> list[Event]:
    try:
        return read_events(held.text)
    except LimitError as error:
        error.position = held.position(0)
        raise
    except NotYamlError as error:
        if "escape" in error.problem:
            refuse_after_backslash(held, held.slots)
        near = next((slot for slot in held.slots if slot.start <= error.offset < slot.end), None)
        hint = "a value can't stand in this place; write the structure around it as text of its own" if near else ""
        position = position_of(near.piece.source) if near else held.position(error.offset)
        raise TemplateError(f"the rendered text is not YAML: {error.problem}", position=position, hint=hint) from None


def _write_values(held: HeldOut, reading: Reading) -> tuple[Text, list[Event]]:
    """The text with its values, and its events. Rewrites no more scalars than needed.

    First none, then those that came out different, then all.
    """
    by_event = {site.number: site for site in reading.sites}
    rewrite: set[int] = set()
    different: list[Site] | None = None
    for last in (False, False, True):
        text = _edit(held, reading, by_event if last else rewrite)
        try:
            events = read_events(text.text)
        except NotYamlError as error:
            if last:
                raise _broken(text, error) from None
            different = None
        else:
            different = differing_sites(reading.events, events, by_event)
            if different == []:
                return text, events
        if different is None:
            different = _breaking(held, reading)
        rewrite |= {site.number for site in different}
    raise _restructuring(different or reading.sites)


def _broken(text: Text, error: NotYamlError) -> TemplateError:
    return TemplateError(f"with its values the text is no YAML: {error.problem}", position=text.position(error.offset))


def _restructuring(sites: Sequence[Site]) -> TemplateError:
    source = sites[0].slots[0].piece.source
    return TemplateError(
        "this value would change the structure of the YAML around it",
        position=position_of(source),
        hint=choose_hint(source),
    )


def _edit(held: HeldOut, reading: Reading, to_rewrite: Collection[int]) -> Text:
    edits = _comments(reading)
    for site in reading.sites:
        if site.number in to_rewrite:
            edits += rewritten(held, site)
        else:
            edits.append(as_written(held, site))
    return make_edits(held, edits)


def _comments(reading: Reading) -> list[Replacement]:
    return [Replacement(slot.start, slot.end, written) for slot, written in reading.comments]


def _breaking(held: HeldOut, reading: Reading) -> list[Site]:
    """The sites that come out wrong even when all other values are still held out."""
    starts = [index for index, event in enumerate(reading.events) if event.kind == "document"]
    offsets = [reading.events[index].start for index in starts[1:]]
    bounds = list(
        zip(starts, [*starts[1:], len(reading.events)], [0, *offsets], [*offsets, len(held.text)], strict=True)
    )
    breaking: list[Site] = []
    read = 0
    for site in reading.sites:
        first, last, start, end = bounds[site.document]
        edit = as_written(held, site)
        read += end - start + len(edit.text)
        if read <= _MOST_READ_APART:
            document = held.text[start : edit.start] + edit.text + held.text[edit.end : end]
            try:
                events = read_events(document)
            except NotYamlError:
                breaking.append(site)
                continue
            if differing_sites(reading.events[first:last], events, {site.number - first: site}) == []:
                continue
        breaking.append(site)
    return breaking
