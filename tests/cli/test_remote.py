"""Licenses from a URL or a server, from the flags and variables to the exit code."""

from __future__ import annotations

import logging
import os
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from shipper.license import http
from shipper.license.http import Pace
from tests import faulty
from tests.faulty import Server, gives, license_json, license_pem, says
from tests.license.sample import OTHER, STRANGER, VENDOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faulty import Answer
    from tests.program import Ran

SECRET = "sekret-license-key"
SPEC = """\
assets.v1:
  - inline:
      dest: a.yaml
      contents: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: "{{ EntitlementValue("tier") }}"}
"""
RENDERED = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "enterprise"}\n'
# The sample license, as if it were made for today
VALID = {"issued_at": "2024-01-01T00:00:00Z", "not_before": "2024-01-01T00:00:00Z", "expires_at": None}
GOOD = gives(**VALID)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a spec, keys and a cache; retries are quick, and no test hangs."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    (tmp_path / "other.pub").write_text(OTHER.public.to_pem())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHIPPER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SHIPPER_LICENSE_KEY", SECRET)
    monkeypatch.setenv("SHIPPER_TRUST_KEY", "vendor.pub")
    monkeypatch.setattr(http, "PACE", Pace(first=0.01))
    with faulty.ends_within(30):
        yield tmp_path


def kept(folder: Path) -> list[Path]:
    return [path for path in (folder / "cache").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("render", "spec.yaml"),
        ("lint", "spec.yaml"),
        ("explain", "spec.yaml"),
        ("diff", "spec.yaml", "--at", "2026-01-01"),
        ("eval", '{{ EntitlementValue("tier") }}'),
        ("license", "fetch"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("kind", ["license-url", "license-server"])
@pytest.mark.parametrize("by_flag", [True, False], ids=["flag", "variable"])
def test_every_command_takes_it(
    arguments: tuple[str, ...], kind: str, by_flag: bool, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(GOOD) as server:
        if by_flag:
            ran = shipper(*arguments, f"--{kind}", f"{server.url}/at")
        else:
            monkeypatch.setenv(f"SHIPPER_{kind.replace('-', '_').upper()}", f"{server.url}/at")
            ran = shipper(*arguments)
    assert ran.code == 0, ran.err
    (asked,) = server.asked
    assert asked.target == ("/at/api/v1/license" if kind == "license-server" else "/at")
    assert asked.headers.get("x-license-key") == (SECRET if kind == "license-server" else None)
    assert "sent in the clear over http" in ran.err


@pytest.mark.parametrize("key", ["@key.txt", "@/dev/stdin", "@-", "@windows.txt", SECRET])
def test_the_key_from_a_flag_or_a_file(key: str, shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "key.txt").write_text(f"{SECRET}\n")
    (folder / "windows.txt").write_bytes(f"\ufeff{SECRET}\r\n".encode())
    with Server(GOOD) as server:
        arguments = ("--license-server", server.url, "--license-key", key)
        ran = shipper("render", "spec.yaml", *arguments, stdin=f"{SECRET}\n".encode())
    assert (ran.code, ran.out) == (0, RENDERED)
    assert server.asked[0].headers["x-license-key"] == SECRET


class TestOneSource:
    @pytest.mark.parametrize("flag", ["--license", "--license-url", "--license-server"])
    def test_a_flag_wins_over_variables(
        self, flag: str, shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("LICENSE", "LICENSE_URL", "LICENSE_SERVER"):
            monkeypatch.setenv(f"SHIPPER_{name}", "nowhere")
        (folder / "license.pem").write_bytes(license_pem(**VALID))
        with Server(GOOD) as server:
            ran = shipper("render", "spec.yaml", flag, "license.pem" if flag == "--license" else server.url)
        assert (ran.code, ran.out) == (0, RENDERED)
        assert server.connections == (flag != "--license")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--license", "a", "--license-url", "https://h"),
            ("--license-server", "https://h", "--license", "a"),
            ("--license-url", "https://h", "--license-server", "https://h"),
        ],
        ids=lambda each: f"{each[0]} {each[2]}",
    )
    @pytest.mark.parametrize("command", ["render", "lint", "explain", "eval"])
    def test_two_flags(self, command: str, arguments: tuple[str, ...], shipper: Callable[..., Ran]) -> None:
        ran = shipper(command, "spec.yaml", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert "one source only" in ran.err
        assert all(flag in ran.err for flag in arguments[::2])

    def test_two_variables(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SHIPPER_LICENSE", "a")
        monkeypatch.setenv("SHIPPER_LICENSE_SERVER", "https://h")
        ran = shipper("render", "spec.yaml")
        assert (ran.code, ran.out) == (2, "")
        assert "SHIPPER_LICENSE and SHIPPER_LICENSE_SERVER" in ran.err
        monkeypatch.setenv("SHIPPER_LICENSE", "")
        monkeypatch.setenv("SHIPPER_LICENSE_SERVER", "")
        assert shipper("render", "spec.yaml").code == 5

    def test_a_key_by_flag_needs_a_server(self, shipper: Callable[..., Ran]) -> None:
        ran = shipper("render", "spec.yaml", "--license-key", SECRET)
        assert (ran.code, ran.err) == (2, "error: --license-key is for --license-server\n")


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (("--license-server", "https://h", "--license-key", ""), "SHIPPER_LICENSE_KEY"),
            (("--license-server", "https://h", "--license-key", "@nope"), "nope"),
            (("--license-server", "https://h", "--license-key", "@spec.yaml"), "a license key is"),
            (("--license-server", "https://u:hunter2@h"), "name or password"),
            (("--license-server", "license.example.com"), "https://"),
            (("--license-server", "https://h?hunter2"), "without a query"),
            (("--license-url", "ftp://h"), "https://"),
            (("--license-url", "https://h", "--timeout", "0"), "--timeout"),
            (("--license-url", "https://h", "--timeout", "-1"), "--timeout"),
            (("--license-url", "https://h", "--timeout", "nan"), "--timeout"),
            (("--license-url", "https://h", "--timeout", "inf"), "--timeout"),
            (("--license-url", "https://h", "--timeout", "soon"), "--timeout"),
            (("--license-url", "https://h", "--ca-file", "nope"), "nope"),
            (("--license-url", "https://h", "--ca-file", "spec.yaml"), "no certificate"),
            (("--license-url", "https://h", "--ca-file", "vendor.pub"), "no certificate"),
        ],
    )
    def test_it_says_what(self, arguments: tuple[str, ...], text: str, shipper: Callable[..., Ran]) -> None:
        ran = shipper("render", "spec.yaml", *arguments)
        assert (ran.code, ran.out) == (2, "")
        assert text in ran.err
        assert "hunter2" not in ran.err

    def test_two_inputs_from_standard_input(self, shipper: Callable[..., Ran]) -> None:
        ran = shipper("render", "-", "--license-server", "https://h", "--license-key", "@-", stdin=SPEC.encode())
        assert (ran.code, ran.err) == (2, "error: only one input can be standard input\n")

    def test_a_server_and_no_key(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SHIPPER_LICENSE_KEY")
        ran = shipper("render", "spec.yaml", "--license-server", "https://h")
        assert ran.code == 2
        assert "set SHIPPER_LICENSE_KEY, or give --license-key @FILE" in ran.err

    def test_nothing_to_fetch(self, shipper: Callable[..., Ran]) -> None:
        ran = shipper("license", "fetch")
        assert (ran.code, ran.out) == (2, "")
        assert "--license-server" in ran.err


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
FAULTS: dict[str, tuple[Answer, int, bool]] = {
    # The answer, the exit code, whether the kept license stands in
    "silent": (faulty.silent, 6, True),
    "slow drip": (faulty.drips(HEAD), 6, True),
    "slow headers": (faulty.drips(b"HTTP/1.1 200 OK\r\nA: "), 6, True),
    "reset": (faulty.resets(b""), 6, True),
    "reset mid-body": (faulty.resets(HEAD + b"{"), 6, True),
    "cut off": (faulty.raw(HEAD + license_json()[:100]), 6, True),
    "500": (faulty.problem(500), 6, True),
    "503": (faulty.problem(503), 6, True),
    "401": (faulty.problem(401), 6, False),
    "404": (faulty.problem(404), 6, False),
    "redirect elsewhere": (faulty.sends_on("http://localhost:1/"), 6, False),
    "gigabyte": (faulty.endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), 6, False),
    "packed": (says(200, license_json(), Content_Encoding="gzip"), 6, False),
    "html": (says(200, b"<html><body>Sign in</body></html>"), 6, False),
    "cut off JSON": (says(200, license_json()[:100]), 6, False),
    "altered": (says(200, license_json(**VALID).replace(b'"sig":"', b'"sig":"AAAA')), 5, False),
    "stranger": (says(200, license_json(STRANGER)), 5, False),
    "expired": (gives(**VALID | {"expires_at": "2024-02-01T00:00:00Z"}), 5, False),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("debug", [False, True], ids=["quiet", "debug"])
def test_a_fault_ends_in_time_with_its_code_and_no_secret(
    name: str,
    debug: bool,
    shipper: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if debug:
        monkeypatch.setenv("SHIPPER_DEBUG", "1")
        caplog.set_level(logging.DEBUG)
    answer, code, _ = FAULTS[name]
    with Server(answer) as server:
        ran = shipper("render", "spec.yaml", "--license-server", f"{server.url}/p", "--timeout", "0.5")
    assert (ran.code, ran.out) == (code, "")
    assert f"{server.url}/p/api/v1/license: " in ran.err
    assert "Traceback" not in ran.err
    assert "SERVER-TEXT" not in ran.err
    assert SECRET not in ran.err + caplog.text
    if debug:
        assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize("name", FAULTS)
def test_the_kept_license_is_used_only_as_allowed(name: str, shipper: Callable[..., Ran], folder: Path) -> None:
    answer, code, stands_in = FAULTS[name]
    with Server(GOOD) as server:
        arguments = ("render", "spec.yaml", "--license-server", server.url, "--timeout", "0.5")
        assert shipper(*arguments).code == 0
        server.answers = (answer,)
        ran = shipper(*arguments)
        fetched = shipper("license", "fetch", *arguments[2:])
    assert (ran.code, ran.out) == ((0, RENDERED) if stands_in else (code, ""))
    assert ("warning" in ran.err and "using the license it gave" in ran.err) is stands_in
    assert fetched.code == (0 if name == "expired" else code)
    assert all(SECRET not in path.read_text() + str(path) for path in kept(folder))
    assert len(kept(folder)) == 1


def test_nobody_listens(shipper: Callable[..., Ran]) -> None:
    ran = shipper("render", "spec.yaml", "--license-server", f"http://127.0.0.1:{faulty.closed_port()}")
    assert (ran.code, ran.out) == (6, "")
    assert "the server can't be reached: connection refused (tried 4 times)" in ran.err


def test_a_black_hole(shipper: Callable[..., Ran]) -> None:
    with faulty.black_hole() as url:
        ran = shipper("render", "spec.yaml", "--license-server", url, "--timeout", "0.5")
    assert (ran.code, ran.out) == (6, "")
    assert "it doesn't answer in time" in ran.err


def test_what_is_kept_is_private(shipper: Callable[..., Ran], folder: Path) -> None:
    with Server(GOOD) as server:
        assert shipper("render", "spec.yaml", "--license-server", server.url).code == 0
    (path,) = kept(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not (folder / "home").exists()


def test_without_a_folder_for_it_the_run_goes_on(shipper: Callable[..., Ran], folder: Path) -> None:
    (folder / "cache").write_text("")
    with Server(GOOD) as server:
        ran = shipper("render", "spec.yaml", "--license-server", server.url)
    assert (ran.code, ran.out) == (0, RENDERED)
    assert "warning: the license is not kept for when the server is away" in ran.err


def test_one_in_its_days_of_grace_comes_with_a_warning(shipper: Callable[..., Ran]) -> None:
    with Server(gives(**VALID | {"expires_at": "2024-02-01T00:00:00Z", "grace_days": 36500})) as server:
        ran = shipper("render", "spec.yaml", "--license-server", server.url)
    assert (ran.code, ran.out) == (0, RENDERED)
    assert "warning: license lic_00000000000000000000000001 expired at 2024-02-01T00:00:00Z" in ran.err


def test_an_older_license_is_refused(shipper: Callable[..., Ran]) -> None:
    with Server(gives(**VALID, serial=3), gives(**VALID, serial=2)) as server:
        arguments = ("render", "spec.yaml", "--license-server", server.url)
        assert shipper(*arguments).code == 0
        ran = shipper(*arguments)
    assert (ran.code, ran.out) == (5, "")
    assert "serial 2, not 3 or higher" in ran.err


class TestFetch:
    def test_to_a_file(self, shipper: Callable[..., Ran], folder: Path) -> None:
        with Server(GOOD) as server:
            ran = shipper("license", "fetch", "--license-server", server.url, "--output-file", "license.pem")
        assert (ran.code, ran.out) == (0, "")
        assert "not verified" not in ran.err
        assert (folder / "license.pem").read_bytes() == license_pem(**VALID)
        mask = os.umask(0)
        os.umask(mask)
        assert stat.S_IMODE((folder / "license.pem").stat().st_mode) == 0o666 & ~mask
        assert shipper("render", "spec.yaml", "--license", "license.pem").out == RENDERED

    def test_without_a_key_to_trust_it_warns(
        self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SHIPPER_TRUST_KEY")
        with Server(says(200, license_json(STRANGER))) as server:
            ran = shipper("license", "fetch", "--license-url", server.url)
            refused = shipper("license", "fetch", "--license-url", server.url, "--product", "acme")
        assert (ran.code, ran.out[:31]) == (0, "-----BEGIN SHIPPER LICENSE-----")
        assert "warning: the license was not verified" in ran.err
        assert refused.code == 2

    def test_the_product(self, shipper: Callable[..., Ran]) -> None:
        with Server(GOOD) as server:
            arguments = ("license", "fetch", "--license-url", server.url, "--product")
            assert shipper(*arguments, "acme").code == 0
            assert shipper(*arguments, "other").code == 5

    def test_what_fails_leaves_the_file(self, shipper: Callable[..., Ran], folder: Path) -> None:
        (folder / "license.pem").write_bytes(license_pem())
        (folder / "spec.pem").write_text(SPEC)
        with Server(says(200, license_json(STRANGER))) as server:
            arguments = ("license", "fetch", "--license-server", server.url, "--output-file")
            assert shipper(*arguments, "license.pem").code == 5
            assert shipper(*arguments, "spec.pem").code == 7
        assert (folder / "license.pem").read_bytes() == license_pem()
        assert server.connections == 1

    def test_one_that_has_expired_comes_with_a_warning(self, shipper: Callable[..., Ran]) -> None:
        with Server(FAULTS["expired"][0]) as server:
            ran = shipper("license", "fetch", "--license-server", server.url)
        assert ran.code == 0
        assert "expired at 2024-02-01T00:00:00Z" in ran.err


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class TestTls:
    @pytest.fixture
    def ca_file(self, authority: trustme.CA, folder: Path) -> str:
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        return "ca.pem"

    @staticmethod
    def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context

    def test_a_certificate_by_an_authority_of_ones_own(
        self, authority: trustme.CA, ca_file: str, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Server(GOOD, tls=self.context(authority.issue_cert("127.0.0.1"))) as server:
            ran = shipper("render", "spec.yaml", "--license-server", server.url, "--ca-file", ca_file)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file)
            usual = shipper("render", "spec.yaml", "--license-server", server.url)
        assert (ran.code, ran.out, ran.err) == (0, RENDERED, "")
        assert (usual.code, usual.err) == (0, "")

    @pytest.mark.parametrize("debug", [False, True], ids=["quiet", "debug"])
    def test_certificates_that_are_refused(
        self, debug: bool, authority: trustme.CA, ca_file: str, shipper: Callable[..., Ran],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        if debug:
            monkeypatch.setenv("SHIPPER_DEBUG", "1")
        past = datetime.now(UTC) - timedelta(days=1)
        refused = {
            "certificate has expired": authority.issue_cert("127.0.0.1", not_after=past),
            "mismatch": authority.issue_cert("license.example.com"),
            "unable to get local issuer certificate": trustme.CA().issue_cert("127.0.0.1"),
        }
        for text, certificate in refused.items():
            with Server(GOOD, tls=self.context(certificate)) as server:
                ran = shipper("render", "spec.yaml", "--license-server", server.url, "--ca-file", ca_file)
            assert (ran.code, ran.out) == (6, ""), text
            assert text in ran.err
            assert SECRET not in ran.err
            assert server.asked == []

    def test_an_unknown_authority_says_what_to_do(self, authority: trustme.CA, shipper: Callable[..., Ran]) -> None:
        with Server(GOOD, tls=self.context(authority.issue_cert("127.0.0.1"))) as server:
            ran = shipper("render", "spec.yaml", "--license-server", server.url)
        assert ran.code == 6
        assert "--ca-file" in ran.err

    def test_http_where_https_is_expected(self, shipper: Callable[..., Ran]) -> None:
        with Server(GOOD) as server:
            ran = shipper("render", "spec.yaml", "--license-server", server.url.replace("http:", "https:"))
        assert (ran.code, ran.out) == (6, "")
        assert "no secure connection can be made" in ran.err

    def test_a_handshake_that_takes_for_ever(self, shipper: Callable[..., Ran]) -> None:
        with faulty.black_hole() as url:
            arguments = ("--license-server", url.replace("http:", "https:"), "--timeout", "0.3")
            ran = shipper("render", "spec.yaml", *arguments)
        assert ran.code == 6

    def test_a_bundle_that_is_missing(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "nowhere.pem")
        ran = shipper("render", "spec.yaml", "--license-server", "https://127.0.0.1:1")
        assert ran.code == 6
        assert "REQUESTS_CA_BUNDLE" in ran.err


class TestProxies:
    def test_one_is_used(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        with Server(GOOD) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("://", "://user:hunter2@"))
            ran = shipper("render", "spec.yaml", "--license-server", "http://license.example.com/p")
        assert (ran.code, ran.out) == (0, RENDERED)
        assert proxy.asked[0].target == "http://license.example.com/p/api/v1/license"
        assert "hunter2" not in ran.err

    def test_unless_it_is_excepted(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        with Server(faulty.problem(500)) as proxy, Server(GOOD) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert shipper("render", "spec.yaml", "--license-server", server.url).code == 0
        assert proxy.connections == 0

    def test_one_for_https_sees_no_key(self, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
        with Server(says(407)) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://user:hunter2@"))
            ran = shipper("render", "spec.yaml", "--license-server", "https://license.example.com")
        assert ran.code == 6
        assert "the proxy refuses the connection (407)" in ran.err
        assert "hunter2" not in ran.err
        assert proxy.asked[0].method == "CONNECT"
        assert "x-license-key" not in proxy.asked[0].headers

    @pytest.mark.parametrize(
        ("url", "text"),
        [("http://user:hunter2@127.0.0.1:1", "can't be reached"), ("socks5://127.0.0.1:1", "can't be used"),
         ("http://[", "proxy"), ("http://user:hunter2@", "proxy"), ("http://user:hunter2@a..b", "proxy")],
    )  # fmt: skip
    def test_one_that_cannot_be_used(
        self, url: str, text: str, shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", url)
        ran = shipper("render", "spec.yaml", "--license-server", "http://license.example.com")
        assert (ran.code, ran.out) == (6, "")
        assert text in ran.err
        assert "hunter2" not in ran.err


def test_passwords_in_netrc_are_not_sent(
    shipper: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "netrc").write_text("machine 127.0.0.1 login u password p\n")
    (folder / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(folder / "netrc"))
    with Server(faulty.sends_on("/b"), GOOD) as server:
        assert shipper("render", "spec.yaml", "--license-url", server.url).code == 0
    assert len(server.asked) == 2
    assert all("authorization" not in asked.headers for asked in server.asked)


def test_no_thread_is_left_by_a_good_answer(shipper: Callable[..., Ran]) -> None:
    with Server(GOOD) as server:
        assert shipper("render", "spec.yaml", "--license-server", server.url).code == 0
        assert not [thread for thread in threading.enumerate() if thread.name == "shipper-request"]
