"""Keeps Secrets with the license in use in step, in each of the namespaces that the operator was told.

They are looked at again and again: a Secret that was deleted or edited is restored within a minute, without a
permission to watch Secrets. A new license goes out at once. Where it fails it is tried again after growing pauses, in
each namespace for itself. There is never an empty Secret: without a license nothing is done, and one that has expired
stays, for the app to judge.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shipper.context.docker import docker_config
from shipper.context.facts import Registry
from shipper.errors import LicenseError, shown
from shipper.license import envelope
from shipper.license.armor import armor
from shipper.license.verify import verify_envelope
from shipper.operator.kubeapi import KubeError
from shipper.operator.secretwriter import LICENSE_ID, SERIAL, NotKeptError, Wanted, keep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shipper.license.keys import PublicKey
    from shipper.operator.held import Held
    from shipper.operator.kubeapi import KubeApi
    from shipper.operator.secretwriter import Existing, State
    from shipper.operator.syncsettings import SyncSettings

LICENSE_FILE = "license.pem"
PAYLOAD = "SIGNED_LICENSE_PAYLOAD"
DOCKER_CONFIG = ".dockerconfigjson"
NO_ACCOUNT = b'{"auths":{}}'
LOOK_SECONDS = 30.0
"""How often a Secret that is right is looked at."""
LICENSE_SECONDS = 0.5
"""How often is looked whether there is another license: that asks nobody."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
REPORTED_AFTER = 3
"""So often something that may pass has failed in a row when it is reported."""

log = logging.getLogger("shipper.operator")


class SecretStatus(NamedTuple):
    """How one Secret stands. `problem` is empty where all is well; times in microseconds, None for never.

    `serial` is that of the license it was brought to last, None for none. `pull` is whether it is the pull Secret.
    """

    namespace: str
    name: str
    pull: bool
    state: State = "never"
    problem: str = ""
    synced: int | None = None
    serial: int | None = None
    failures: int = 0


@dataclass
class _Target:
    """One Secret: how it stands, when it is due on the clock that never goes back, and how often it failed in a row."""

    status: SecretStatus
    due: float = 0.0
    failed: int = 0


class SecretSync:
    """Works from a thread of its own between `start` and `stop`; or `step` is called by hand.

    `license` is what to keep, `trust` and `product` are by what an existing Secret is believed to hold a newer one.
    `report` takes a sentence for the admin, `now` reads the clock in microseconds.
    """

    def __init__(
        self,
        api: KubeApi,
        settings: SyncSettings,
        license: Callable[[], Held | None],
        *,
        trust: Sequence[PublicKey],
        product: str | None,
        report: Callable[[str], object],
        now: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._license = license
        self._trust = tuple(trust)
        self._product = product
        self._report = report
        self._now = now
        self._clock = clock
        names = [(settings.secret, False), (settings.pull_secret, True)]
        self._targets = [
            _Target(SecretStatus(namespace, name, pull))
            for namespace in settings.namespaces
            for name, pull in names
            if name
        ]
        self._envelope = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def status(self) -> list[SecretStatus]:
        """How they stand. From any thread."""
        return [target.status for target in self._targets]

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="secret-sync", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for an answer that it waits for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1)

    def step(self) -> None:
        """Look at each Secret that is due; at all of them where the license is another one. Blocks."""
        held = self._license()
        if held is None:
            return
        if held.verified.envelope_json != self._envelope:
            self._envelope = held.verified.envelope_json
            for target in self._targets:
                target.due, target.failed = 0.0, 0
        instance = self._api.own_namespace()
        away: KubeError | None = None
        for target in self._targets:
            if self._stopping.is_set() or self._clock() < target.due:
                continue
            # One that can't be reached is not waited for once more for each namespace
            away = self._brought(target, held, instance, away) or away

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step()
            except Exception:
                log.exception("unexpected error: keeping Secrets")  # and it is tried again, whatever it was
            self._stopping.wait(LICENSE_SECONDS)

    def _brought(self, target: _Target, held: Held, instance: str, away: KubeError | None) -> KubeError | None:
        """Bring one Secret in step. What says that the API server is away, None if it isn't."""
        status = target.status
        try:
            if away is not None:
                raise away
            changed = keep(
                self._api,
                status.namespace,
                self._wanted(status, held, instance),
                lambda found: self._serial_of(found, held, pull=status.pull),
            )
        except NotKeptError as error:
            self._not_kept(target, error.state, str(error))
        except KubeError as error:
            self._not_kept(target, "failed", str(error))
            return error
        else:
            self._kept(target, held, changed=changed)
        return None

    def _wanted(self, status: SecretStatus, held: Held, instance: str) -> Wanted:
        license, text = held.license, held.verified.envelope_json.encode("ascii")
        data = {LICENSE_FILE: armor(text), PAYLOAD: text}
        if status.pull:
            # Emptied where the license has no account: it may neither be deleted by us, nor keep one that was taken back
            data = {
                DOCKER_CONFIG: docker_config(Registry(*license.registry)).encode() if license.registry else NO_ACCOUNT
            }
        kind = "kubernetes.io/dockerconfigjson" if status.pull else "Opaque"
        return Wanted(status.name, kind, data, license.id, license.serial, instance)

    def _serial_of(self, found: Existing, held: Held, *, pull: bool) -> int:
        """The serial of this license in a Secret. What is signed counts; for an account that is in the annotations."""
        if pull:
            serial = found.annotations.get(SERIAL, "")
            same = found.annotations.get(LICENSE_ID) == held.license.id
            return int(serial) if same and serial.isascii() and serial.isdigit() and len(serial) < 19 else 0
        try:
            signed = envelope.parse(found.data.get(PAYLOAD, b""), PAYLOAD)
            license = verify_envelope(signed, self._trust, product=self._product, file=PAYLOAD).license
        except LicenseError:
            return 0
        return license.serial if license.id == held.license.id else 0

    def _kept(self, target: _Target, held: Held, *, changed: bool) -> None:
        status = target.status
        if status.state != "ok" or changed:
            log.info("the Secret %s is in step", _called(status), extra={"serial": held.license.serial})
        target.failed = 0
        target.due = self._clock() + LOOK_SECONDS
        target.status = status._replace(state="ok", problem="", synced=self._now(), serial=held.license.serial)

    def _not_kept(self, target: _Target, state: State, problem: str) -> None:
        status = target.status
        target.failed += 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(target.failed - 1, 16))
        target.due = self._clock() + longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
        text = f"The Secret {_called(status)} is not kept in step: {problem}"
        if problem != status.problem:
            log.log(logging.INFO if state == "waiting" else logging.WARNING, "%s", text)
        new = problem != status.problem
        if (state == "refused" and new) or (state == "failed" and target.failed == REPORTED_AFTER):
            self._report(text)
        failures = status.failures + (state != "waiting")
        target.status = status._replace(state=state, problem=problem, failures=failures)


def _called(status: SecretStatus) -> str:
    return shown(f"{status.namespace}/{status.name}")
