from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import UsageError
from shipper.server.settings import SETTINGS, ServerSettings, Tls, load, load_database_url, trust_keys
from tests.commands import all_commands, names_of
from tests.license.sample import VENDOR
from tests.program import run
from tests.serving.servicelinks import service_links
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

NEEDED = {"LICENSE_KEY": "a-key-of-twenty-characters", "LICENSE_PATH": "/l.pem", "HOME": "/home/me"}
SECRET = "Hunter2-Hunter2"


def settings(flags: dict[str, Any] | None = None, config: str | None = None, /, **environment: str) -> ServerSettings:
    return load(flags or {}, NEEDED | environment, config)


def refused(flags: dict[str, Any] | None = None, config: str | None = None, /, **environment: str) -> str:
    with pytest.raises(UsageError) as caught:
        load(flags or {}, NEEDED | environment, config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_not_given() -> None:
    assert settings() == ServerSettings(
        license_key=NEEDED["LICENSE_KEY"],
        license_path="/l.pem",
        database_url="sqlite:////home/me/.local/state/shipper/license-server.db",
        address="0.0.0.0:8080",
        root_path="",
        tls=None,
        trust_key_paths=(),
        trusted_proxies=(),
        error_events_retention_days=30,
        log_level="info",
        log_format="text",
        key_in_arguments=False,
    )


def test_everything(tmp_path: Path) -> None:
    found = settings(
        ADDRESS="[::1]:1",
        ROOT_PATH="/licenses/",
        TLS_CERT_PATH="c",
        TLS_KEY_PATH="k",
        TRUST_KEY_PATH="a.pub:b.pub:",
        TRUSTED_PROXIES="10.0.0.0/8, ::1",
        DATABASE_URL=f"sqlite:///{tmp_path}/x.db?mode=rwc",
        ERROR_EVENTS_RETENTION_DAYS="7",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
    )
    assert found == ServerSettings(
        license_key=NEEDED["LICENSE_KEY"],
        license_path="/l.pem",
        database_url=f"sqlite:///{tmp_path}/x.db?mode=rwc",
        address="[::1]:1",
        root_path="/licenses",
        tls=Tls("c", "k"),
        trust_key_paths=("a.pub", "b.pub"),
        trusted_proxies=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")),
        error_events_retention_days=7,
        log_level="debug",
        log_format="json",
    )


def test_networks_by_flags_and_in_the_file(tmp_path: Path) -> None:
    networks = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "192.0.2.1/32", "fd00::/8")))
    assert settings({"trusted_proxies": ["10.0.0.0/8, 192.0.2.1", "fd00::/8"]}).trusted_proxies == networks
    config = tmp_path / "settings.yaml"
    config.write_text("trusted_proxies: [10.0.0.0/8, 192.0.2.1, 'fd00::/8']")
    assert settings({}, str(config)).trusted_proxies == networks


@pytest.mark.parametrize("name", ["LICENSE_KEY", "LICENSE_PATH"])
def test_the_operators_names_mean_the_same(name: str) -> None:
    other = {f"OPERATOR_{name}": "the-value", **{key: value for key, value in NEEDED.items() if key != name}}
    assert getattr(load({}, other), name.lower()) == "the-value"
    assert getattr(load({}, other | {name: "the-value"}), name.lower()) == "the-value"
    with pytest.raises(UsageError, match=f"{name} and OPERATOR_{name} are set to different values"):
        load({}, other | {name: "another"})


@pytest.mark.parametrize("name", ["LICENSE_KEY", "LICENSE_PATH"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_needed(name: str, value: str | None) -> None:
    environment = {key: text for key, text in NEEDED.items() if key != name}
    with pytest.raises(UsageError) as caught:
        load({}, environment if value is None else environment | {name: value})
    assert caught.value.message.startswith(f"{name} is not set: ")
    assert f"set {name} or OPERATOR_{name}, or give --{name.lower().replace('_', '-')}" in caught.value.hint


def test_a_secret_made_from_a_file_ends_in_a_line_end() -> None:
    found = settings(LICENSE_KEY=f"{SECRET}\n", PGHOST="db", PGUSER="u", PGPASSWORD="hunter2-x\r\n", PGDATABASE="d\n")
    assert found.license_key == SECRET
    assert found.database_url == "postgres://u:hunter2-x@db/d"
    assert "can't be printed" in refused(LICENSE_KEY=f"{SECRET}\nmore")
    assert "LICENSE_KEY is not set" in refused(LICENSE_KEY="\n")


@pytest.mark.parametrize("service", ["shipper-license-server", "license-server", "shipper-operator", "operator", "pg"])
def test_variables_that_kubernetes_sets_for_services_mean_nothing(service: str) -> None:
    assert settings(**service_links(service)) == settings()


class TestTheKeyOfTheImage:
    @pytest.fixture(autouse=True)
    def image(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "etc" / "vendor.pub"
        monkeypatch.setattr("shipper.serving.settings.VENDOR_KEY", str(path))
        path.parent.mkdir()
        return path

    def test_it_is_trusted_where_no_other_is_named(self, image: Path) -> None:
        assert settings().trust_key_paths == ()
        image.write_text(VENDOR.public.to_pem())
        assert settings().trust_key_paths == (str(image),)
        assert settings(TRUST_KEY_PATH="a.pub").trust_key_paths == ("a.pub",)

    def test_one_that_can_not_be_read_is_no_reason_to_trust_anybody(self, image: Path) -> None:
        image.symlink_to("nowhere")
        with pytest.raises(UsageError, match="no such file"):
            trust_keys(settings().trust_key_paths)


class TestMigrating:
    POSTGRES: ClassVar = {"PGHOST": "db"}

    @pytest.mark.parametrize(
        ("given", "url"),
        [
            ("sqlite:////data/license-server.db", "sqlite:////data/license-server.db"),
            ("sqlite:///opt/data/license-server.db", "sqlite:///opt/data/license-server.db"),
            ("/data/license server.db", "sqlite:////data/license%20server.db"),
            ("", ""),
        ],
    )
    def test_what_names_a_file(self, given: str, url: str) -> None:
        assert settings(**self.POSTGRES, MIGRATE_DATABASE_URL=given).migrate_database_url == url

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (f"postgres://u:{SECRET}@db/d", "names no SQLite file"),
            (f"mysql://u:{SECRET}@db/d", "this is no URL of a database"),
            ("sqlite:///", "names a file"),
        ],
    )
    def test_what_does_not(self, given: str, told: str) -> None:
        said = refused(**self.POSTGRES, MIGRATE_DATABASE_URL=given)
        assert said.startswith("MIGRATE_DATABASE_URL")
        assert told in said
        assert SECRET not in said

    @pytest.mark.parametrize("own", [{}, {"DATABASE_URL": "sqlite:////data/x.db"}])
    def test_a_file_is_nothing_to_migrate_to(self, own: dict[str, str]) -> None:
        said = refused(**own, MIGRATE_DATABASE_URL="sqlite:////data/x.db")
        assert "MIGRATE_DATABASE_URL is for a server on Postgres" in said


class TestTls:
    def test_the_spelling_of_others(self) -> None:
        for mode in ("verify-full", "VerifyFull"):
            url = settings(PGHOST="db", PGSSLMODE=mode, PGSSLROOTCERT="system").database_url
            assert url == "postgres://db/?sslmode=verify-full&sslrootcert=system"

    @pytest.mark.parametrize(
        ("variables", "told"),
        [
            ({"PGHOST": "db", "PGSSLMODE": "full"}, 'PGSSLMODE takes disable, .* or verify-full, not "full"'),
            ({"PGHOST": "db", "PGSSLROOTCERT": "/none.crt"}, "PGSSLROOTCERT: no such file"),
            ({"PGHOST": "db", "PGSSLROOTCERT": __file__}, "PGSSLROOTCERT takes a file of PEM certificates"),
            ({"PGSSLMODE": "require"}, "PGSSLMODE is set without PGHOST"),
            ({"PGSSLROOTCERT": "/none.crt"}, "PGSSLROOTCERT is set without PGHOST"),
        ],
    )
    def test_what_is_wrong_is_one_line(self, variables: dict[str, str], told: str) -> None:
        assert re.search(told, refused(**variables))

    def test_the_url_counts_first(self) -> None:
        url = "postgres://u@db/d?sslmode=disable"
        assert settings(DATABASE_URL=url, PGSSLMODE="require").database_url == url

    def test_of_no_interest_to_a_file(self) -> None:
        assert settings(DATABASE_URL="sqlite:////x.db", PGSSLMODE="require").database_url == "sqlite:////x.db"


class TestOrder:
    def test_flags_before_variables_before_the_file(self, tmp_path: Path) -> None:
        config = tmp_path / "settings.yaml"
        config.write_text("address: 127.0.0.1:1\nlog_level: error\nlog_format: json\n")
        found = settings({"address": "127.0.0.1:3"}, str(config), ADDRESS="127.0.0.1:2", LOG_LEVEL="debug")
        assert (found.address, found.log_level, found.log_format) == ("127.0.0.1:3", "debug", "json")

    def test_a_database_by_flag_makes_up_for_variables(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/x.db"
        assert settings({"database_url": url}, PGHOST="db", PGUSER="me").database_url == url
        assert settings({"pghost": "db"}, DATABASE_URL=url).database_url == "postgres://db/"

    def test_the_file(self, tmp_path: Path) -> None:
        config = tmp_path / "settings.yaml"
        config.write_text(
            "license_key: in-the-file\nlicense_path: /f.pem\ntrust_key_path: [a.pub, b.pub]\n"
            "pghost: db\npgport: 5433\nlog_level:\n"
        )
        found = load({}, {}, str(config))
        assert (found.license_key, found.license_path) == ("in-the-file", "/f.pem")
        assert found.trust_key_paths == ("a.pub", "b.pub")
        assert found.database_url == "postgres://db:5433/"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("adress: x", '1:1: no setting is called "adress" (did you mean "address"?)'),
            ("- address", "a file of settings is a map"),
            ("address: {a: b}", 'the setting "address" takes a text'),
            ("license_key: [", "no valid YAML"),
            ("address: a:1\nADDRESS: b:1", 'the setting "address" stands there twice'),
            (f"license_key: '{SECRET}\nx'\nlog_level: [a", "no valid YAML"),
        ],
    )
    def test_a_bad_file(self, text: str, message: str, tmp_path: Path) -> None:
        config = tmp_path / "settings.yaml"
        config.write_text(text)
        said = refused({}, str(config))
        assert message in said
        assert SECRET not in said

    def test_no_file(self, tmp_path: Path) -> None:
        assert "no such file" in refused({}, str(tmp_path / "none.yaml"))


class TestDatabase:
    @pytest.mark.parametrize(
        ("environment", "url"),
        [
            ({"PGHOST": "db"}, "postgres://db/"),
            (
                {"PGHOST": "db", "PGPORT": "5433", "PGUSER": "me", "PGPASSWORD": "p@:/ ü", "PGDATABASE": "a b"},
                "postgres://me:p%40%3A%2F%20%C3%BC@db:5433/a%20b",
            ),
            ({"PGHOST": "/run/postgresql", "PGUSER": "me"}, "postgres://me@/?host=%2Frun%2Fpostgresql"),
            ({"PGHOST": "::1", "PGPORT": "1"}, "postgres://[::1]:1/"),
            ({"DATABASE_URL": "postgres://db/x", "PGPASSWORD": "s", "PGUSER": "me"}, "postgres://me:s@db/x"),
            ({"DATABASE_URL": "postgresql://a:b@db:1/x?sslmode=require", "PGUSER": "me", "PGPORT": "2"},
             "postgres://a:b@db:1/x?sslmode=require"),
            ({"DATABASE_URL": "postgres:///x", "PGHOST": "db"}, "postgres://db/x"),
            ({"DATABASE_URL": "postgres://db/x", "PGHOST": "db"}, "postgres://db/x"),
            ({"XDG_STATE_HOME": "/s t"}, "sqlite:////s%20t/shipper/license-server.db"),
            ({"XDG_STATE_HOME": "relative"}, "sqlite:////home/me/.local/state/shipper/license-server.db"),
        ],
    )  # fmt: skip
    def test_urls(self, environment: dict[str, str], url: str) -> None:
        assert settings(**environment).database_url == url
        assert load_database_url({}, {"HOME": "/home/me"} | environment) == url

    @pytest.mark.parametrize(
        ("environment", "message"),
        [
            ({"PGUSER": "me"}, "PGUSER is set without PGHOST"),
            ({"PGPASSWORD": SECRET}, "PGPASSWORD is set without PGHOST"),
            (
                {"DATABASE_URL": "sqlite:///x.db", "PGHOST": "db"},
                "DATABASE_URL names a SQLite file, and PGHOST a Postgres",
            ),
            ({"DATABASE_URL": f"postgres://u:{SECRET}@one/x", "PGHOST": "two"}, "name different hosts"),
            ({"DATABASE_URL": f"mysql://u:{SECRET}@one/x"}, "DATABASE_URL is of no database that is known"),
            ({"DATABASE_URL": f"postgres://u:{SECRET}@one:port/x"}, "DATABASE_URL is no URL"),
            ({"DATABASE_URL": f"postgres://u:{SECRET}@one/x?nonsense=1"}, "DATABASE_URL: "),
            ({"DATABASE_URL": "sqlite:"}, "DATABASE_URL: "),
            ({"DATABASE_URL": "sqlite:///x.db?cache=shared"}, "DATABASE_URL: "),
            ({"PGHOST": "db", "PGPORT": "0"}, 'PGPORT takes a port from 1 to 65535, not "0"'),
            ({"PGHOST": "db", "PGPORT": "x"}, "PGPORT takes a port"),
            ({"HOME": ""}, "DATABASE_URL is not set, and there is no home for a file"),
        ],
    )
    def test_what_is_wrong(self, environment: dict[str, str], message: str) -> None:
        said = refused(**environment)
        assert message in said
        assert SECRET not in said


class TestSecrets:
    def test_the_key_in_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text("the-key-of-the-file\n")
        assert settings(LICENSE_KEY=f"@{file}").license_key == "the-key-of-the-file"
        assert not settings({"license_key": f"@{file}"}).key_in_arguments
        assert settings({"license_key": "abc"}).key_in_arguments

    @pytest.mark.parametrize("key", [f"two words {SECRET}", f"ü{SECRET}", SECRET * 500, f"{SECRET}\n{SECRET}"])
    def test_a_bad_key_is_not_shown(self, key: str) -> None:
        said = refused(LICENSE_KEY=key)
        assert "LICENSE_KEY" in said
        assert SECRET not in said

    def test_nothing_shows_them(self) -> None:
        found = settings(LICENSE_KEY=SECRET, PGHOST="db", PGPASSWORD=SECRET)
        assert SECRET in found.database_url
        assert SECRET not in repr(found)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert "LICENSE_KEY: no such file" in refused(LICENSE_KEY=f"@{tmp_path}/none")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ADDRESS": "8080"}, "ADDRESS: "),
        ({"ADDRESS": "http://a:1"}, "ADDRESS: "),
        ({"ADDRESS": "a:65536"}, "ADDRESS: "),
        ({"ROOT_PATH": "licenses"}, 'ROOT_PATH: a prefix is a path such as /licenses, not "licenses"'),
        ({"ROOT_PATH": "/a/../b"}, "ROOT_PATH: "),
        ({"ROOT_PATH": "//a"}, "ROOT_PATH: "),
        ({"ROOT_PATH": "/a?b"}, "ROOT_PATH: "),
        ({"ROOT_PATH": "https://a/b"}, "ROOT_PATH: "),
        ({"TLS_CERT_PATH": "c"}, "TLS_CERT_PATH is set without TLS_KEY_PATH: TLS needs both"),
        ({"TLS_KEY_PATH": "c"}, "TLS_KEY_PATH is set without TLS_CERT_PATH: TLS needs both"),
        ({"TRUSTED_PROXIES": "10.0.0.0/33"}, "TRUSTED_PROXIES takes addresses and networks"),
        ({"TRUST_KEY_PATH": ":"}, "TRUST_KEY_PATH names no file"),
        ({"ERROR_EVENTS_RETENTION_DAYS": "0"}, "ERROR_EVENTS_RETENTION_DAYS takes a whole number"),
        ({"ERROR_EVENTS_RETENTION_DAYS": "1e9"}, "ERROR_EVENTS_RETENTION_DAYS takes a whole number"),
        ({"LOG_LEVEL": "warn"}, 'LOG_LEVEL takes debug, info, warning or error, not "warn" (did you mean "warning"?)'),
        ({"LOG_FORMAT": "xml"}, 'LOG_FORMAT takes text or json, not "xml"'),
        ({"LICENSE_PATH": "-"}, "LICENSE_PATH: the license file is read again"),
        ({"LICENSE_PATH": "/dev/fd/3"}, "LICENSE_PATH: the license file is read again"),
    ],
)
def test_what_is_wrong(environment: dict[str, str], message: str) -> None:
    assert message in refused(**environment)


@given(st.sampled_from(sorted(setting.name for setting in SETTINGS)), st.text(max_size=80))
def test_nonsense_is_refused_or_taken(name: str, text: str) -> None:
    try:
        found = load({name: text}, NEEDED)
    except UsageError as error:
        assert "\n" not in str(error)
    else:
        assert found.license_path


class TestTrustKeys:
    def test_several_files(self, tmp_path: Path) -> None:
        (tmp_path / "a.pub").write_text(VENDOR.public.to_pem())
        path = str(tmp_path / "a.pub")
        assert trust_keys([path, path]) == [VENDOR.public] * 2

    def test_what_is_wrong(self, tmp_path: Path) -> None:
        (tmp_path / "a.pub").write_text("x")
        with pytest.raises(UsageError, match=r"a\.pub:1: only public keys"):
            trust_keys([str(tmp_path / "a.pub")])
        with pytest.raises(UsageError, match="TRUST_KEY_PATH: no such file"):
            trust_keys([str(tmp_path / "b.pub")])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: LICENSE_KEY is not set"),
        (["--license-key", "k"], "error: LICENSE_PATH is not set"),
        (["--license-key", "k", "--license-path", "none.pem"], 'error: LICENSE_PATH: no such file: "none.pem"'),
        (["--adress", "a:1"], "error: no such option: --adress"),
        (["--address", "a:1", "clock"], "error: --address stands before clock"),
        (["--license-key", "k", "--license-path", ""], "error: --license-path is empty"),
        (["--license-key", ""], "error: LICENSE_PATH is not set"),
        (["--license-key", "", "--license-path", "x"], "error: --license-key: a license key is one line"),
        (["nonsense"], "error: no such command 'nonsense'"),
        (["run"], 'error: there is no command "run" (without a command it runs: shipper license-server)'),
        (["run", "--address", "a:1"], 'error: there is no command "run"'),
        (["clock"], "error: there is no database"),
        (["serial", "--reset", "x"], "error: there is no database"),
        (["clock", "--database-url", "mysql://a"], "error: --database-url is of no database that is known"),
    ],
)
def test_one_line_and_exit_2(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = run(monkeypatch, "license-server", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(message)
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_page_lists_them_all() -> None:
    text = (REPOSITORY / "docs" / "license-server.md").read_text(encoding="utf-8")
    table = text[text.index("| variable |") : text.index("Without a database named")]
    lines = [line for line in table.splitlines() if line.startswith("|")]
    listed = [name for line in lines for name in re.findall(r"`([A-Z_]+)`", line.split("|")[1])]
    assert sorted(listed) == sorted(name for setting in SETTINGS for name in setting.variables)


def test_each_has_a_flag_and_the_flag_its_variables() -> None:
    flags = {option.name: option for option in all_commands()["license-server"].params}
    assert set(flags) == {"config", *(setting.name for setting in SETTINGS)}
    for setting in SETTINGS:
        assert setting.flag in flags[setting.name].opts
        assert names_of(flags[setting.name].envvar) == list(setting.variables)
