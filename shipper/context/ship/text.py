"""Text and time as in Ship, beside what the core has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.functions.text import GO_SPACE, utf8
from shipper.context.go.times import format_time
from shipper.context.registry import check_size, function
from shipper.context.serialize import yaml_string
from shipper.context.values import YamlText

if TYPE_CHECKING:
    from shipper.context.facts import Facts

RFC3339 = "2006-01-02T15:04:05Z07:00"


@function(
    ('{{repl NowFmt "2006-01-02 15:04" }}', "2030-01-02 03:04"),
    ('{{ NowFmt("Jan 2, 2006") }}', "Jan 2, 2030"),
    table="further",
)
def NowFmt(facts: Facts, layout: str) -> str:
    """The time of this run in UTC, in a layout of Go: as it would show Mon Jan 2 15:04:05 MST 2006. "" is RFC 3339."""
    return format_time(facts.now, layout or RFC3339)


@function(('{{repl TrimSpace " a\\n" }}', "a"), ('{{ " a " | TrimSpace }}', "a"), table="further")
def TrimSpace(s: str) -> str:
    """`s` without white space at both ends."""
    return str.strip(s, GO_SPACE)


@function(
    ('{{repl UrlPathEscape "a b&c/d" }}', "a%20b&c%2Fd"), ('{{ UrlPathEscape("100 %") }}', "100%20%25"), table="further"
)
def UrlPathEscape(s: str) -> str:
    """`s` escaped for one segment of a URL's path; a blank becomes `%20`."""
    from urllib.parse import quote as escaped

    check_size(3 * len(s))
    return escaped(utf8(s), safe="$&+=:@")


@function(
    ('{{repl YamlEscape "yes: no" }}', '"yes: no"'), ('{{ YamlEscape("a\\nb") }}', '"a\\nb"'), table="further", shift=3
)
def YamlEscape(s: str) -> str:
    """`s` as a YAML string on one line, in quotes where it needs them."""
    return YamlText(yaml_string(s))
