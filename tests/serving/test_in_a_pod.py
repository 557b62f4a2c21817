"""What a pod brings along: files of root, a user without a name, probes without keys, variables nobody asked for."""

from __future__ import annotations

import codecs
import contextlib
import os
import pwd
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shipper.license.armor import armor
from shipper.license.watched import read
from shipper.operator.settings import SETTINGS as OPERATOR
from shipper.operator.settings import load as load_operator
from shipper.operator.state import StateFolder
from shipper.server.licensefile import LicenseHolder, judged
from shipper.server.settings import SETTINGS as SERVER
from shipper.server.settings import trust_keys
from shipper.serving import tls
from shipper.storage.open import open_database
from tests.faulty import license_json
from tests.license.sample import VENDOR
from tests.operator.assembled import Assembly
from tests.poduser import UID, as_pod_user, mounted
from tests.server.assembled import assemble
from tests.serving.asking import ask
from tests.serving.certificates import Authority
from tests.serving.servicelinks import service_links

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOWS = (b"\n", b"\r\n")


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that everybody can enter, as no folder of pytest's can be."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def test_the_user_is_in_no_file() -> None:
    with pytest.raises(KeyError):
        pwd.getpwuid(UID)


@pytest.mark.parametrize("ends", [(b"\n", b"\n"), WINDOWS])
def test_files_of_root_that_the_group_can_read(folder: Path, ends: tuple[bytes, bytes]) -> None:
    for name, data in {
        "license.pem": armor(license_json()),
        "vendor.pub": VENDOR.public.to_pem().encode(),
        "key": b"a-key-of-twenty-letters\n",
    }.items():
        (folder / name).write_bytes(data.replace(*ends))
    cert, key = Authority().write(folder)
    for path in (*folder.iterdir(), cert, key):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(*ends))
        mounted(path)
    state = folder / "data"
    state.mkdir()
    os.chown(state, 0, UID)
    state.chmod(0o2775)
    license, vendor = str(folder / "license.pem"), str(folder / "vendor.pub")

    codecs.lookup("utf-8-sig")

    def work() -> None:
        assert os.geteuid() == UID
        trusted = trust_keys([vendor])
        holder = LicenseHolder(license, trusted, lambda: 0, lambda _, serial: serial)
        assert holder.current == judged(read(license), license, trusted, 0)
        assert tls.TlsFiles(cert, key).status.problem == ""
        with StateFolder(str(state)) as opened:
            assert os.stat(opened.path).st_uid == UID
        open_database(f"sqlite:///{state}/license-server.db").close()
        settings = load_operator(
            {},
            {
                "OPERATOR_LICENSE_KEY": f"@{folder}/key",
                "OPERATOR_LICENSE_SERVER": "https://licenses.example.com",
                "OPERATOR_TRUST_KEY": vendor,
                "OPERATOR_STATE_DIR": str(state),
                "OPERATOR_CA_FILE": str(cert),
                "OPERATOR_CLUSTER_NAME": "east",
            },
        )
        assert settings.license_key == "a-key-of-twenty-letters"

    as_pod_user(work)


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::17", "::ffff:10.1.2.3"])
@pytest.mark.parametrize("path", ["/live", "/ready", "/metrics"])
def test_probes_at_the_address_of_the_pod(address: str, path: str, tmp_path: Path) -> None:
    """Without a key, and by an address that no setting names."""
    bare = address.removeprefix("::ffff:")
    host = f"[{bare}]:3000" if ":" in bare else f"{bare}:3000"
    headers = [(b"host", host.encode()), (b"user-agent", b"kube-probe/1.34")]
    with Assembly(tmp_path) as assembly:
        operator = assembly.operator()
        assert ask(operator.app, "GET", path, headers=headers, server=(address, 3000)).status == 200
        other = [(b"host", b"10.9.9.9:3000")]
        assert ask(operator.app, "GET", path, headers=other, server=(address, 3000)).status == 421
    with contextlib.closing(open_database(f"sqlite:///{tmp_path}/license-server.db")) as database:
        server = assemble(database, tmp_path)
        assert ask(server.app, "GET", path, headers=headers, server=(address, 3000)).status == 200


@pytest.mark.parametrize("service", ["shipper-operator", "operator", "license-server", "shipper-license-server", "pg"])
def test_no_setting_is_called_like_a_variable_of_a_service(service: str) -> None:
    names = {name for setting in (*SERVER, *OPERATOR.values()) for name in setting.variables}
    assert not names & service_links(service).keys()


def test_the_operator_takes_none_of_them_either(tmp_path: Path) -> None:
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    environment: dict[str, Any] = {
        "OPERATOR_LICENSE_PATH": str(tmp_path / "license.pem"),
        "OPERATOR_TRUST_KEY": str(tmp_path / "vendor.pub"),
        "OPERATOR_STATE_DIR": str(tmp_path),
    }
    links = {**service_links("shipper-operator"), **service_links("operator"), **service_links("license-server")}
    assert load_operator({}, environment | links) == load_operator({}, environment)
