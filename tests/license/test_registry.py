"""The account for a container registry: in a license, in what is shown of it, in its errors."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shipper import yamlio
from shipper.errors import LicenseError
from shipper.license.armor import dearmor
from shipper.license.defects import DefectError
from shipper.license.document import Registry, parse_payload, shown_data
from shipper.license.envelope import parse
from shipper.license.issue import issue
from tests.license.sample import VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

PASSWORD = "pa55-w0rd-5ecret"
ACCOUNT = {"server": "registry.example.com", "username": "acme", "password": PASSWORD}


def problem(registry: Any) -> str:
    with pytest.raises(DefectError) as caught:
        parse_payload(payload_bytes(registry=registry), "x")
    assert PASSWORD not in repr(caught.value)
    return caught.value.message


def test_it_is_read_and_not_shown() -> None:
    document = parse_payload(payload_bytes(registry=ACCOUNT), "x")
    assert document.registry == Registry(**ACCOUNT)
    assert PASSWORD not in repr(document)
    assert shown_data(payload_bytes(registry=ACCOUNT))["registry"] == {**ACCOUNT, "password": "********"}


@pytest.mark.parametrize("registry", [..., None])
def test_it_may_be_absent(registry: Any) -> None:
    assert parse_payload(payload_bytes(registry=registry), "x").registry is None
    assert not shown_data(payload_bytes(registry=registry)).get("registry")


@pytest.mark.parametrize(
    "server",
    ["registry.example.com", "localhost:5000", "r", "10.0.0.1:443", "[::1]:5000", "ghcr.io/acme", "https://index.docker.io/v1/",
     "123456789012.dkr.ecr.eu-central-1.amazonaws.com"],
)  # fmt: skip
def test_servers(server: str) -> None:
    document = parse_payload(payload_bytes(registry={**ACCOUNT, "server": server}), "x")
    assert document.registry is not None
    assert document.registry.server == server


@pytest.mark.parametrize(
    "server", ["", " ", "a b", "user@host", "host:port", "-x", "a\n", "ftp://x", "x?y", "ä.example", "a" * 255]
)
def test_what_is_no_server(server: str) -> None:
    assert problem({**ACCOUNT, "server": server}).startswith("registry.server: must be a registry such as ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": ""}, "registry.username: must not be empty"),
        ({"username": "a:b"}, 'registry.username: must be at most 255 printable characters without a colon, not "a:b"'),
        ({"username": "a\nb"}, r'registry.username: must be at most 255 printable characters without a colon, not "a\nb"'),
        ({"password": ""}, "registry.password: must be text of 1 to 16,384 characters without NUL and lone surrogates"),
        ({"password": 123456}, "registry.password: must be text of 1 to 16,384 characters without NUL and lone surrogates"),
        ({"password": PASSWORD + "\0"}, "registry.password: must be text of 1 to 16,384 characters without NUL and lone surrogates"),
        ({"password": PASSWORD * 2000}, "registry.password: must be text of 1 to 16,384 characters without NUL and lone surrogates"),
        ({"Password": "x"}, 'registry.Password: some languages can\'t tell "Password" from "password"'),
    ],
)  # fmt: skip
def test_wrong_fields(change: dict[str, Any], message: str) -> None:
    assert problem(ACCOUNT | change) == message


@pytest.mark.parametrize("registry", ["https://acme:pa55-w0rd-5ecret@x", [ACCOUNT], 5, True])
def test_it_is_a_map(registry: Any) -> None:
    assert problem(registry) == "registry: this must be a map"


@pytest.mark.parametrize("name", ["server", "username", "password"])
def test_every_field_is_needed(name: str) -> None:
    found = problem({key: value for key, value in ACCOUNT.items() if key != name})
    assert found == f'registry: "{name}" is missing'


YAML = "product: acme\ncustomer: {id: a, name: b}\n"


def issued(text: str) -> dict[str, Any]:
    root = yamlio.parse(text, "license.yaml", error=LicenseError, limits=yamlio.Limits.LICENSE)
    data: dict[str, Any] = json.loads(
        parse(dearmor(issue(root, [VENDOR], datetime(2026, 1, 1, tzinfo=UTC)), "x"), "x").payload
    )
    return data


def test_it_is_issued_in_one_order() -> None:
    text = YAML + "registry: {password: p, username: u, server: s}\n"
    assert list(issued(text)["registry"].items()) == [("server", "s"), ("username", "u"), ("password", "p")]
    assert "registry" not in issued(YAML)


@pytest.mark.parametrize(
    "registry",
    [
        f"{{server: s, username: u, pasword: {PASSWORD}}}",
        f"{{server: s s, username: u, password: {PASSWORD}}}",
        f"{{server: s, username: u, password: [{PASSWORD}]}}",
        f"{{server: s, username: u, password: {PASSWORD}, password: x}}",
        f"{{server: s, username: u, password: {PASSWORD}",
        f"s:{PASSWORD}",
    ],
)
def test_no_error_shows_the_password(registry: str, tmp_path: Path, shell: Callable[..., Ran]) -> None:
    (tmp_path / "vendor.key").write_bytes(VENDOR.to_pem(None))
    (tmp_path / "vendor.key").chmod(0o600)
    (tmp_path / "license.yaml").write_text(f"{YAML}registry: {registry}\n")
    ran = shell("license", "issue", "--key", tmp_path / "vendor.key", "--from", tmp_path / "license.yaml")
    assert ran.code == 5
    assert ran.err
    assert PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize("output", ["text", "json", "yaml"])
def test_what_is_shown_of_a_license(output: str, tmp_path: Path, shell: Callable[..., Ran]) -> None:
    (tmp_path / "license.pem").write_bytes(license_file(payload_bytes(registry=ACCOUNT)))
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    for command in ("inspect", "verify"):
        ran = shell(
            "license", command, tmp_path / "license.pem", "--trust-key", tmp_path / "vendor.pub",
            "--at", "2026-06-01", "--output", output,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        assert PASSWORD not in ran.out + ran.err
        assert ("********" in ran.out) == (command == "inspect" or output != "text")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    from tests.program import run

    return lambda *arguments: run(monkeypatch, *arguments)
