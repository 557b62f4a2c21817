"""The license file is replaced again and again, well and badly, while clients ask for it."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
import time
from typing import TYPE_CHECKING

import requests

from shipper.license.verify import verify_envelope
from shipper.license.watched import read_envelope
from tests.license.sample import OTHER, STRANGER, VENDOR, license_file, payload_bytes
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.conftest import Sizes

KEY = "a-license-key-for-tests"
CLIENTS = 4
FIRST = 10
EFFECT_SECONDS = 15
BAD = ("half", "stranger", "older", "product", "customer", "empty", "huge", "gone", "folder", "altered")


def issued(serial: int, *signers: object, **changes: object) -> bytes:
    return license_file(payload_bytes(serial=serial, **changes), *signers)  # type: ignore[arg-type]  # keys


class Mount:
    """A folder as Kubernetes mounts a Secret: the file is a link through `..data`, which is swapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.path = folder / "license.pem"
        self.put(issued(FIRST))
        self.path.symlink_to("..data/license.pem")

    def put(self, data: bytes | None, *, as_folder: bool = False) -> None:
        """Swap in a version of the folder whose file holds `data`, or is a folder, or is not there."""
        self.count += 1
        version = self.folder / f"..{self.count}"
        (version / "license.pem").mkdir(parents=True) if as_folder else version.mkdir()
        if data is not None:
            (version / "license.pem").write_bytes(data)
        (self.folder / "..tmp").symlink_to(version.name)
        (self.folder / "..tmp").replace(self.folder / "..data")
        shutil.rmtree(self.folder / f"..{self.count - 1}", ignore_errors=True)

    def in_place(self, data: bytes) -> None:
        """Write `data` over what is there, in two steps."""
        with contextlib.suppress(OSError), self.path.open("wb", buffering=0) as stream:
            stream.write(data[: len(data) // 2])
            time.sleep(0.005)
            stream.write(data[len(data) // 2 :])


def spoil(mount: Mount, kind: str, serial: int) -> None:
    """Put what must not be served in the place of the license with `serial`."""
    higher = serial + 1_000_000
    contents: dict[str, Callable[[], bytes]] = {
        "half": lambda: issued(higher)[:-200],
        "stranger": lambda: issued(higher, STRANGER, OTHER),
        "older": lambda: issued(FIRST - 1),
        "product": lambda: issued(higher, product="other"),
        "customer": lambda: issued(higher, customer={"id": "other", "name": "Other"}),
        "empty": lambda: b"",
        "huge": lambda: issued(higher) * 1000,
        "altered": lambda: issued(higher).replace(b"A", b"B", 1),
    }
    if kind == "gone":
        mount.put(None)
    elif kind == "folder":
        mount.put(None, as_folder=True)
    else:
        mount.put(contents[kind]())


class Client(threading.Thread):
    """Asks for the license until it is told to end. `wrong` is all that it should not have got."""

    def __init__(self, url: str, good: set[bytes], accept: str, ending: threading.Event) -> None:
        super().__init__()
        self.url, self.good, self.accept, self.ending = url, good, accept, ending
        self.asked = self.serial = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        with requests.Session() as session:
            session.headers.update({"x-license-key": KEY, "accept": self.accept})
            while not self.ending.is_set():
                self.asked += 1
                try:
                    got = session.get(f"{self.url}/api/v1/license", timeout=10)
                    self.judge(got.status_code, got.content)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                    self.wrong.append(repr(error))

    def judge(self, status: int, body: bytes) -> None:
        signed = read_envelope(body, "")
        serial = verify_envelope(signed, [VENDOR.public], product="acme", file="").license.serial
        if status != 200 or signed.payload not in self.good or serial < self.serial:
            self.wrong.append(f"{status} serial {serial} after {self.serial}")
        self.serial = serial


def test_no_request_fails_and_nothing_bad_is_served(tmp_path: Path, sizes: Sizes) -> None:
    chosen = random.Random(7)
    mount = Mount(tmp_path)
    (tmp_path / "vendor.pub").write_text(VENDOR.public.to_pem())
    environment = {
        "LICENSE_KEY": KEY,
        "LICENSE_PATH": str(mount.path),
        "TRUST_KEY_PATH": str(tmp_path / "vendor.pub"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/usage.db",
        "ADDRESS": "127.0.0.1:0",
        "LOG_FORMAT": "json",
    }
    good = {payload_bytes(serial=FIRST)}
    ending = threading.Event()
    serial = FIRST
    with Service("license-server", env=environment, module="tests.faults.quicklook") as service:
        forms = ("application/json", "application/x-pem-file")
        clients = [Client(service.url, good, forms[number % 2], ending) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for number in range(sizes(100, full=1000)):
            if number % 2:
                spoil(mount, BAD[number // 2 % len(BAD)], serial)
            else:
                serial += 1
                good.add(payload_bytes(serial=serial))
                if chosen.random() < 0.3:
                    mount.in_place(issued(serial))
                else:
                    mount.put(issued(serial))
            time.sleep(chosen.choice((0, 0.01, 0.05)))
        serial += 1
        good.add(payload_bytes(serial=serial))
        mount.put(issued(serial))
        ends = time.monotonic() + EFFECT_SECONDS
        while any(client.serial < serial for client in clients) and time.monotonic() < ends:
            time.sleep(0.05)
        ending.set()
        for client in clients:
            client.join(30)
        ready = requests.get(f"{service.url}/ready", timeout=10).json()
    assert [client.wrong for client in clients] == [[]] * CLIENTS
    assert [client.serial for client in clients] == [serial] * CLIENTS
    assert ready["license"] | {"ok": True, "serial": serial, "problem": ""} == ready["license"]
    refused = {line["message"].split(";")[0] for line in service.log if "is not served" in line["message"]}
    assert len(refused) > 3, refused
    assert service.code == 0
