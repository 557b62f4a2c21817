"""Ship's functions of text, time, configuration and license."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from shipper.context.facts import Option
from shipper.errors import LimitError, TemplateError
from tests.context.sample import check_leniency, facts, render

LENIENT = facts(missing="empty")

SAME = [
    ('ToLower "AÉ"', "aé"), ('ToUpper "aéß"', "AÉß"), ('ToLower "ΑΣ"', "ασ"), ('TrimSpace " \\t a \\n"', "a"), ('Trim "  a  "', "a"),
    ('Trim "xxaxx" "x"', "a"), ('"x" | Trim "xax"', "a"), ('"xax" | Trim "x"', ""), ('UrlEncode "a b&c/d"', "a+b%26c%2Fd"),
    ('UrlPathEscape "a b&c/d"', "a%20b&c%2Fd"), ('UrlPathEscape "$&+,/:;=?@!é"', "$&+%2C%2F:%3B=%3F@%21%C3%A9"), ('UrlPathEscape "-_.~*"', "-_.~%2A"),
    ('Base64Encode "clear text"', "Y2xlYXIgdGV4dA=="), ('Base64Decode "Y2xlYXIgdGV4dA=="', "clear text"), ('Split "a,b" ","', "[a b]"),
    ('Split "abc" ""', "[a b c]"), ('len (Split "" ",")', "1"), ('index (Split "a/b" "/") 1', "b"), ("Now", "2030-01-02T03:04:05Z"),
    ('NowFmt ""', "2030-01-02T03:04:05Z"), ('NowFmt "Monday, 02-Jan-06 15:04:05 MST"', "Wednesday, 02-Jan-30 03:04:05 UTC"),
    ('NowFmt "20060102"', "20300102"), ('YamlEscape "plain"', "plain"), ('YamlEscape "a: b\\n"', '"a: b\\n"'), ('YamlEscape "true"', '"true"'),
    ('ConfigOption "hostname"', "app.example.com"), ('ConfigOptionIndex "hostname"', ""), ('ConfigOptionData "certificate"', "hello"),
    ('ConfigOptionEquals "tls" "true"', "true"), ('ConfigOptionEquals "tls" "1"', "true"), ('ConfigOptionNotEquals "tls" "1"', "false"),
    ('EntitlementValue "num_seats"', "50"), ('LicenseFieldValue "ha"', "true"), ('Installation "license_id"', "lic_example"),
    ('if EntitlementValue "off" }}y{{repl end', "y"), ("Entitlements | Base64Encode", "eyJwYXlsb2FkIjoiZTMwPSJ9"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "expected"), SAME)
def test_whatever_is_missing(action: str, expected: str) -> None:
    assert render(f"{{{{repl {action} }}}}") == expected
    assert render(f"{{{{repl {action} }}}}", LENIENT) == expected


LENIENCY = [
    ('Base64Decode "!!"', "", "Base64Decode: the text is no standard base64"), ('ConfigOptionData "hostname"', "", "ConfigOptionData: option"),
    ('ConfigOption "nosuch"', "", 'ConfigOption: no configuration option "nosuch"'), ('ConfigOptionData "nosuch"', "", "ConfigOptionData: no"),
    ('ConfigOptionIndex "nosuch"', "", "ConfigOptionIndex: no"), ('ConfigOptionEquals "nosuch" ""', "false", "ConfigOptionEquals: no"),
    ('ConfigOptionNotEquals "nosuch" "x"', "false", "ConfigOptionNotEquals: no"), ('EntitlementValue "nosuch"', "", 'EntitlementValue: no entitlement "nosuch"'),
    ('LicenseFieldValue "nosuch"', "", "LicenseFieldValue: no"), ('Installation "nosuch"', "", 'Installation: there is no "nosuch"'),
    ('Installation "state_file_path"', "", "Installation: state_file_path is not known here"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "lenient", "message"), LENIENCY)
def test_what_ship_swallowed(action: str, lenient: str, message: str) -> None:
    check_leniency(action, lenient, message)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ('ConfigOptionEquals "replicas" 3', 'ConfigOptionEquals: "value" must be text, not an integer'), ("ToLower 5", 'ToLower: "s" must be text'),
        ('Split "a"', "Split: "), ('Now "20060102"', "Now: "), ('Base64Decode "/w=="', "Base64Decode: the text holds bytes that are no UTF-8 text"),
    ],
)  # fmt: skip
def test_errors_in_both_modes(action: str, message: str) -> None:
    for given in (facts(), LENIENT):
        with pytest.raises(TemplateError) as caught:
            render(f"{{{{repl {action} }}}}", given)
        assert caught.value.message.startswith(message)


def test_no_layout_is_too_long_for_its_time() -> None:
    with pytest.raises(LimitError, match="a time or its layout has more than"):
        render("{{ NowFmt('2006'*2000) }}")
    assert render('{{ NowFmt("15h") }}', facts(now=datetime(1, 1, 1, tzinfo=UTC))) == "00h"


def test_kots_own_fields_of_a_license() -> None:
    given = facts(release={"channel_id": "ch-1", "channel_name": "Beta"})
    fields = {
        "appSlug": "acme", "channelID": "ch-1", "channelName": "Beta", "customerID": "c-0042", "customerName": "ACME Corp", "expires_at": "",
        "licenseID": "lic_example", "licenseId": "lic_example", "licenseSequence": "1", "licenseType": "paid",
    }  # fmt: skip
    for name, text in fields.items():
        assert render(f'{{{{repl LicenseFieldValue "{name}" }}}}', given) == text
        assert render(f'{{{{ LicenseFieldValue("{name}") }}}}', given) == text
    with pytest.raises(TemplateError, match='no entitlement "channelID"'):
        render('{{repl LicenseFieldValue "channelID" }}')
    assert render('{{repl LicenseFieldValue "channelID" }}', LENIENT) == ""
    assert render('{{repl LicenseFieldValue "isSnapshotSupported" }}', LENIENT) == ""


def test_an_entitlement_wins_over_a_field_of_the_same_name() -> None:
    license = facts().license
    assert license is not None
    own = license._replace(entitlements={"licenseType": license.entitlements["tier"]})
    assert render('{{repl LicenseFieldValue "licenseType" }}', facts(license=own)) == "enterprise"


def test_a_value_is_text_whatever_it_holds() -> None:
    nasty = '{{repl Now }} repl{{ Now }} {{ x }} }} a"b: {% raw %}'
    given = facts(options={"o": Option("o", nasty)})
    assert render('{{repl ConfigOption "o" }}', given) == nasty
    assert json.loads(render('{{repl ConfigOption "o" | toJson }}', given)) == nasty


def test_a_boolean_option_equals_each_spelling_of_itself_but_nothing_where_it_has_no_text() -> None:
    options = {
        "on": Option("on", "true", "boolean"),
        "none": Option("none", "", "boolean"),
        "text": Option("text", "true"),
    }
    for action, expected in [
        ('ConfigOptionEquals "on" "1"', "true"),
        ('ConfigOptionNotEquals "on" "0"', "true"),
        ('ConfigOptionEquals "on" "yes"', "false"),
        ('ConfigOptionEquals "none" "0"', "false"),
        ('ConfigOptionEquals "none" ""', "true"),
        ('ConfigOptionEquals "text" "1"', "false"),
    ]:
        assert render(f"{{{{repl {action} }}}}", facts(options=options)) == expected
