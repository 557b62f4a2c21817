"""What an operator is told, and what is said of what is missing or wrong, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.errors import ShipperError, UsageError
from shipper.operator.settings import SETTINGS, OperatorSettings, load
from shipper.operator.syncsettings import NO_SYNC, SyncSettings
from tests.license.sample import OTHER, VENDOR
from tests.pages import code, rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    With = Callable[..., OperatorSettings]

KEY = "sekret-license-key"
CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """As little as it takes."""
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    return {
        "OPERATOR_LICENSE_KEY": KEY,
        "OPERATOR_LICENSE_SERVER": "https://licenses.example.com/prefix/",
        "OPERATOR_CLUSTER_NAME": "prod",
        "OPERATOR_STATE_DIR": str(tmp_path / "state"),
        "OPERATOR_TRUST_KEY": str(tmp_path / "vendor.pub"),
    }


@pytest.fixture
def with_(environment: dict[str, str]) -> With:
    """The settings with some variables changed."""
    return lambda **changes: load({}, environment | changes)


def test_the_least(with_: With, tmp_path: Path) -> None:
    settings = with_()
    assert settings.license_key == KEY
    assert settings.server is not None
    assert settings.server.url == "https://licenses.example.com/prefix"
    assert settings.cluster_name == "prod"
    assert settings.state_dir == str(tmp_path / "state")
    assert settings.trust == (VENDOR.public,)
    assert settings.product is None
    assert settings.listen == "127.0.0.1:3000"
    assert not settings.tokens
    assert (settings.refresh_seconds, settings.log_level, settings.log_format) == (300, "info", "text")
    assert not settings.in_the_clear


def test_all_of_them(with_: With, tmp_path: Path) -> None:
    (tmp_path / "other.pub").write_text(OTHER.public.to_pem())
    settings = with_(
        OPERATOR_TRUST_KEY=f"{tmp_path}/vendor.pub:{tmp_path}/other.pub",
        OPERATOR_PRODUCT="acme",
        OPERATOR_LISTEN="0.0.0.0:3000",
        OPERATOR_ALLOWED_HOSTS="a, b",
        OPERATOR_ALLOWED_CALLERS="default,tools/builder",
        OPERATOR_TOKEN_AUDIENCE="shipper",
        OPERATOR_REFRESH_SECONDS="60",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
        **CLUSTER,
    )
    assert settings.trust == (VENDOR.public, OTHER.public)
    assert settings.product == "acme"
    assert settings.tokens
    assert settings.allowed_hosts == ("a", "b")
    assert settings.allowed_callers == ("default", "tools/builder")
    assert (settings.token_audience, settings.refresh_seconds) == ("shipper", 60)
    assert (settings.log_level, settings.log_format) == ("debug", "json")


def test_flags_and_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "operator.yaml"
    trust = environment.pop("OPERATOR_TRUST_KEY")
    config.write_text(f"cluster_name: from-the-file\nlisten: 127.0.0.1:1\ntrust_key: ['{trust}']\n")
    settings = load({"cluster_name": "from-the-flag", "trust_key": []}, environment, str(config))
    assert (settings.cluster_name, settings.listen) == ("from-the-flag", "127.0.0.1:1")
    assert settings.trust == (VENDOR.public,)


class TestALicenseFile:
    @pytest.fixture
    def alone(self, environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
        for name in ("LICENSE_SERVER", "LICENSE_KEY", "CLUSTER_NAME"):
            del environment[f"OPERATOR_{name}"]
        return {**environment, "OPERATOR_LICENSE_PATH": str(tmp_path / "none.pem")}

    def test_alone(self, alone: dict[str, str], tmp_path: Path) -> None:
        settings = load({}, alone)
        assert (settings.server, settings.license_key, settings.cluster_name) == (None, "", "")
        assert settings.license_path == str(tmp_path / "none.pem"), "it may come later"
        assert not settings.in_the_clear

    def test_beside_a_server(self, with_: With) -> None:
        settings = with_(OPERATOR_LICENSE_PATH="/license/license.pem")
        assert settings.server is not None
        assert settings.license_path == "/license/license.pem"

    def test_neither_of_them(self, alone: dict[str, str]) -> None:
        del alone["OPERATOR_LICENSE_PATH"]
        with pytest.raises(
            UsageError, match=r"^OPERATOR_LICENSE_SERVER is not set: the URL of the license server"
        ) as caught:
            load({}, alone)
        assert "OPERATOR_LICENSE_PATH or --license-path" in caught.value.hint

    @pytest.mark.parametrize("path", ["-", "/dev/stdin", "/dev/fd/3"])
    def test_a_pipe(self, path: str, alone: dict[str, str]) -> None:
        with pytest.raises(UsageError, match="can't be a pipe"):
            load({}, {**alone, "OPERATOR_LICENSE_PATH": path})


class TestTheKeyOfTheImage:
    @pytest.fixture(autouse=True)
    def image(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "image.pub"
        monkeypatch.setattr("shipper.serving.settings.VENDOR_KEY", str(path))
        return path

    def test_it_is_trusted_where_no_other_is_named(self, environment: dict[str, str], image: Path) -> None:
        image.write_text(OTHER.public.to_pem())
        assert load({}, environment).trust == (VENDOR.public,)
        del environment["OPERATOR_TRUST_KEY"]
        assert load({}, environment).trust == (OTHER.public,)
        image.write_text("no key")
        with pytest.raises(UsageError, match="only public keys in PEM"):
            load({}, environment)
        image.unlink()
        with pytest.raises(UsageError, match="OPERATOR_TRUST_KEY is not set"):
            load({}, environment)


@pytest.mark.parametrize(
    ("given", "pod", "seconds"), [("", False, 0), ("", True, 5), ("0", True, 0), ("30", False, 30)]
)
def test_how_long_it_drains(given: str, pod: bool, seconds: int, with_: With) -> None:
    assert with_(OPERATOR_DRAIN_SECONDS=given, **(CLUSTER if pod else {})).drain_seconds == seconds


def test_a_secret_made_from_a_file_ends_in_a_line_end(with_: With) -> None:
    settings = with_(OPERATOR_LICENSE_KEY=f"{KEY}\n", OPERATOR_CLUSTER_NAME="prod\r\n")
    assert (settings.license_key, settings.cluster_name) == (KEY, "prod")


@pytest.mark.parametrize("name", ["license_key", "license_server", "cluster_name", "state_dir", "trust_key"])
@pytest.mark.parametrize("empty", [True, False])
def test_what_must_be_given(name: str, empty: bool, environment: dict[str, str]) -> None:
    variable = SETTINGS[name].variables[0]
    if empty:
        environment[variable] = ""
    else:
        del environment[variable]
    with pytest.raises(UsageError, match=f"{variable} is not set: ") as caught:
        load({}, environment)
    assert caught.value.exit_code == 2
    assert SETTINGS[name].flag in caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text", "match"),
    [
        ("OPERATOR_LICENSE_SERVER", "licenses.example.com", "must begin with https://"),
        ("OPERATOR_LICENSE_SERVER", "ftp://licenses.example.com", "must begin with https://"),
        ("OPERATOR_LICENSE_SERVER", "https://user:password@licenses.example.com", "name or password"),
        ("OPERATOR_LICENSE_SERVER", "https://licenses.example.com/?a", "without a query"),
        ("OPERATOR_LICENSE_SERVER", "https://licenses.example.com/api/v1/license", "without the path of its API"),
        ("OPERATOR_LICENSE_SERVER", "https://", "must begin with https://"),
        ("OPERATOR_LICENSE_KEY", "two words", "one line of 1 to 4096"),
        ("OPERATOR_LICENSE_KEY", "k" * 5000, "one line of 1 to 4096"),
        ("OPERATOR_LICENSE_KEY", "é", "one line of 1 to 4096"),
        ("OPERATOR_LICENSE_KEY", "@/no/such/file", "no such file"),
        ("OPERATOR_CLUSTER_NAME", " ", "1 to 128 characters"),
        ("OPERATOR_CLUSTER_NAME", "c" * 129, "1 to 128 characters"),
        ("OPERATOR_CLUSTER_NAME", "a\nb", "can't be printed"),
        ("OPERATOR_TRUST_KEY", "/no/such/file", "OPERATOR_TRUST_KEY: no such file"),
        ("OPERATOR_TRUST_KEY", ":", "names no file"),
        ("OPERATOR_LISTEN", "3000", "has no port"),
        ("OPERATOR_LISTEN", "127.0.0.1:99999", "has no port between"),
        ("OPERATOR_LISTEN", "0.0.0.0:3000", "can be reached by others"),
        ("OPERATOR_LISTEN", ":3000", "can be reached by others"),
        ("OPERATOR_LISTEN", "[::]:3000", "can be reached by others"),
        ("OPERATOR_LISTEN", "example.com:3000", "can be reached by others"),
        ("OPERATOR_ALLOWED_CALLERS", "default", "runs in no cluster"),
        ("OPERATOR_REFRESH_SECONDS", "1", "whole number from 5 to 86,400"),
        ("OPERATOR_CA_FILE", "/no/such/file", "OPERATOR_CA_FILE: no such file"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL takes debug, info, warning or error"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT takes text or json"),
    ],
)
def test_what_is_wrong(variable: str, text: str, match: str, with_: With) -> None:
    with pytest.raises(ShipperError, match=match) as caught:
        with_(**{variable: text})
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    if variable.endswith(("SERVER", "KEY")):
        assert "password@" not in str(caught.value)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:3000", "localhost:3000", "127.8.9.1:1"])
def test_loopback_asks_for_no_token(listen: str, with_: With) -> None:
    assert not with_(OPERATOR_LISTEN=listen, **CLUSTER).tokens


def test_unless_callers_are_named(with_: With) -> None:
    assert with_(OPERATOR_ALLOWED_CALLERS="default", **CLUSTER).tokens


def test_a_private_key_is_not_taken(with_: With, tmp_path: Path) -> None:
    (tmp_path / "vendor.pub").write_text("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n")
    with pytest.raises(UsageError, match="private key"):
        with_()


def test_a_certificate_file_that_is_none(with_: With, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(UsageError, match="OPERATOR_CA_FILE takes a file of PEM certificates"):
        with_(OPERATOR_CA_FILE=str(tmp_path / "ca.pem"))


def test_the_key_in_a_file(with_: With, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    assert with_(OPERATOR_LICENSE_KEY=f"@{tmp_path}/key").license_key == "from-a-file"
    assert load({"license_key": "plain"}, environment).key_in_arguments
    assert not load({"license_key": f"@{tmp_path}/key"}, environment).key_in_arguments
    assert not with_().key_in_arguments


def test_the_key_is_in_no_text(with_: With) -> None:
    assert KEY not in repr(with_())


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://h", "http://h/"),
        ("http://h/", "http://h/"),
        ("http://h:80/a", "http://h/a"),
        ("https://h:8443/a/b//", "https://h:8443/a/b"),
        (" https://h/a ", "https://h/a"),
    ],
)
def test_prefixes(text: str, base: str, with_: With) -> None:
    server = with_(OPERATOR_LICENSE_SERVER=text).server
    assert server is not None
    assert server.url == base


def test_the_page_has_them_all() -> None:
    documented = {(code(row[0]), code(row[1])) for row in rows("docs/operator.md", "variable")}
    assert documented == {(setting.variables[0], setting.flag) for setting in SETTINGS.values()}


class TestInACluster:
    def test_the_cluster_needs_no_name(self, environment: dict[str, str]) -> None:
        del environment["OPERATOR_CLUSTER_NAME"]
        assert load({}, environment | CLUSTER).cluster_name == ""
        with pytest.raises(UsageError, match=r"^OPERATOR_CLUSTER_NAME is not set: the name of this cluster in reports"):
            load({}, environment)

    def test_secrets_for_apps(self, with_: With, environment: dict[str, str]) -> None:
        assert with_(**CLUSTER).sync == NO_SYNC
        wanted = SyncSettings("acme-license", "acme-pull", ("shop", "bank"))
        assert (
            with_(
                OPERATOR_SYNC_SECRET="acme-license",
                OPERATOR_SYNC_PULL_SECRET="acme-pull",
                OPERATOR_SYNC_NAMESPACES=" shop, bank,,shop ",
                **CLUSTER,
            ).sync
            == wanted
        )
        flags = {"sync_secret": "acme-license", "sync_pull_secret": "acme-pull"}
        for namespaces in (["shop,bank"], ["shop", "bank"], ["shop,bank", "shop"]):
            assert load({**flags, "namespaces": namespaces}, environment | CLUSTER).sync == wanted

    def test_in_a_file(self, environment: dict[str, str], tmp_path: Path) -> None:
        path = tmp_path / "operator.yaml"
        path.write_text("sync-secret: acme\nnamespaces: [shop, bank]\n")
        assert load({}, environment | CLUSTER, str(path)).sync == SyncSettings("acme", "", ("shop", "bank"))

    @pytest.mark.parametrize(
        ("changes", "match"),
        [
            ({"OPERATOR_SYNC_SECRET": "Acme"}, 'OPERATOR_SYNC_SECRET: "Acme" is no name for a Secret'),
            ({"OPERATOR_SYNC_SECRET": "a" * 254}, "is no name for a Secret"),
            ({"OPERATOR_SYNC_SECRET": "a/b"}, "is no name for a Secret"),
            ({"OPERATOR_SYNC_SECRET": "a..b"}, "is no name for a Secret"),
            ({"OPERATOR_SYNC_PULL_SECRET": "-a"}, "OPERATOR_SYNC_PULL_SECRET: .* is no name for a Secret"),
            ({"OPERATOR_SYNC_NAMESPACES": "shop,Bank"}, 'OPERATOR_SYNC_NAMESPACES: "Bank" is no namespace'),
            ({"OPERATOR_SYNC_NAMESPACES": "a.b"}, "is no namespace"),
            ({"OPERATOR_SYNC_NAMESPACES": "a" * 64}, "is no namespace"),
            ({"OPERATOR_SYNC_NAMESPACES": "../kube-system"}, "is no namespace"),
            ({"OPERATOR_SYNC_NAMESPACES": ", ,"}, "OPERATOR_SYNC_SECRET names a Secret, and no namespace for it"),
            ({"OPERATOR_SYNC_NAMESPACES": ""}, "OPERATOR_SYNC_SECRET names a Secret, and no namespace for it"),
            ({"OPERATOR_SYNC_SECRET": ""}, "OPERATOR_SYNC_NAMESPACES names namespaces for a Secret, and none is named"),
            ({"OPERATOR_SYNC_PULL_SECRET": "acme"}, 'OPERATOR_SYNC_PULL_SECRET takes another name than "acme"'),
            ({"KUBERNETES_SERVICE_HOST": ""}, "OPERATOR_SYNC_SECRET names a Secret of a cluster, and this runs in no"),
        ],
    )
    def test_what_is_wrong(self, changes: dict[str, str], match: str, with_: With) -> None:
        right = {"OPERATOR_SYNC_SECRET": "acme", "OPERATOR_SYNC_NAMESPACES": "shop", **CLUSTER}
        with pytest.raises(UsageError, match=match) as caught:
            with_(**right | changes)
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
