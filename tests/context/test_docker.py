"""LicenseDockerCfg: what it gives, what it says when it can't, and that its password is in no message."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shipper.context.build import license_facts
from shipper.errors import LicenseError, ShipperError, TemplateError
from shipper.license.keys import PublicKey
from shipper.license.verify import VerifiedLicense, verify
from shipper.render.explain import explain
from shipper.render.run import render as render_spec
from shipper.render.settings import RenderOptions
from shipper.spec.reader import parse_spec
from tests.context.sample import FACTS, PAYLOAD, facts, render
from tests.license.sample import VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from shipper.spec.model import Spec

PASSWORD = 'pa55 w0rd"5ecret/+é'
ACCOUNT = {"server": "registry.example.com", "username": "acme", "password": PASSWORD}


def test_it_is_what_kubernetes_wants() -> None:
    config = json.loads(base64.b64decode(render("{{ LicenseDockerCfg() }}"), validate=True))
    assert config == {
        "auths": {
            "registry.example.com": {
                "username": "acme", "password": "s3cret", "auth": base64.b64encode(b"acme:s3cret").decode(),
            }
        }
    }  # fmt: skip
    assert render('{{ LicenseDockerCfg("registry.example.com") }}') == render("{{ LicenseDockerCfg() }}")


def test_the_license_id_is_no_part_of_it() -> None:
    assert "lic_" not in base64.b64decode(render("{{ LicenseDockerCfg() }}")).decode()


def test_without_an_account_it_says_so() -> None:
    given = facts(license=license_facts(json.dumps(PAYLOAD), "{}"))
    with pytest.raises(TemplateError, match="lic_example has no account for a container registry") as caught:
        render("{{ LicenseDockerCfg() }}", given)
    assert "license.yaml" in caught.value.hint


def test_for_another_registry_it_says_so() -> None:
    with pytest.raises(TemplateError, match=r'lic_example has no account for "ghcr\.io"') as caught:
        render('{{ LicenseDockerCfg("ghcr.io") }}')
    assert caught.value.hint == "it has one for registry.example.com"


def test_without_a_license_it_says_so() -> None:
    with pytest.raises(LicenseError, match="there is no license"):
        render("{{ LicenseDockerCfg() }}", FACTS._replace(license=None))


def test_templates_see_the_server_and_nothing_else_of_it() -> None:
    assert render("{{ license.registry.server }}") == "registry.example.com"
    assert render("{{ license.registry | toJson }}") == '{"server":"registry.example.com"}'
    without = facts(license=license_facts(json.dumps(PAYLOAD), "{}"))
    assert render("{{ license.registry is defined }}") == "true"
    assert render("{{ license.registry is defined }}", without) == "false"


NOW = datetime(2026, 6, 1, tzinfo=UTC)


def license() -> VerifiedLicense:
    trust = [PublicKey.of(VENDOR.public.raw)]
    return verify(license_file(payload_bytes(registry=ACCOUNT)), trust, product="acme", file="x")


def spec(text: str) -> Spec:
    return parse_spec(text.encode(), "spec.yaml")


SHOWN = [PASSWORD, json.dumps(PASSWORD)[1:-1], base64.b64encode(PASSWORD.encode()).decode().rstrip("=")]
MAKERS = [
    "LicenseDockerCfg()",
    "LicenseDockerCfg() | Base64Decode",
    "LicenseDockerCfg() | upper",
    "Entitlements()",
    "Entitlements() | Base64Encode",
    "Entitlements() | replace('payload', 'x')",
]


def secret_texts() -> list[str]:
    signed = license()
    config = render("{{ LicenseDockerCfg() }}")
    return [*SHOWN, base64.b64encode(f"acme:{PASSWORD}".encode()).decode(), config, signed.envelope_json]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("use", ["{{ %s | ParseInt }}", "{{ (%s) + 1 }}", "{{ {}[%s] }}", "{% if %s %}{% endif %}"])
def test_no_error_shows_it(maker: str, use: str) -> None:
    text = f"assets:\n  v1:\n    - inline:\n        dest: a.txt\n        contents: |\n          {use.replace('%s', maker)}\n"
    rendering = render_spec(spec(text), license(), RenderOptions(now=NOW))
    try:
        made = [file.content for file in rendering.files]
    except ShipperError as error:
        found = f"{error} {error.hint} {error.position}"
        assert [each for each in secret_texts() if each in found] == []
    else:
        assert made


@pytest.mark.parametrize("maker", MAKERS)
def test_explanations_and_messages_mask_it(maker: str) -> None:
    text = (
        "lifecycle:\n  v1:\n    - message:\n        contents: '{{ X }}'\n    - render: {}\n"
        "config:\n  v1:\n    - name: g\n      items:\n        - {name: o, default: '{{ X }}'}\n"
        'assets:\n  v1:\n    - inline:\n        dest: a.txt\n        contents: x\n        when: (X) != "a"\n'
    ).replace("X", maker.replace("'", "''") if "'" in maker else maker)
    if "'" in maker:
        text = text.replace("when: (", "when: '(").replace('!= "a"\n', '!= "a"\'\n')
    described: dict[str, Any] = explain(spec(text), license(), RenderOptions(now=NOW))
    rendering = render_spec(spec(text), license(), RenderOptions(now=NOW))
    found = json.dumps(described, ensure_ascii=False) + "".join(message.text for message in rendering.messages)
    assert [each for each in secret_texts() if each in found] == []
    assert "********" in found


def test_what_does_not_ask_for_it_is_shown() -> None:
    text = "lifecycle:\n  v1:\n    - message:\n        contents: '{{ license.id }}'\n"
    rendering = render_spec(spec(text), license(), RenderOptions(now=NOW))
    assert [message.text for message in rendering.messages] == [license().license.id]
