"""`make demo-server`: a license server and two operators on this machine, and what they say of a day of three users.

The day is yesterday, told afterwards: the operators were without their server all day long, and what they had spooled
is sent when they find it. Then a morning is played in seconds, with real claims. All of it is gone at the end.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from demo.day import DAY, spool_day, yesterday
from demo.processes import Service, ServiceError, shipper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.day import Work

CLUSTERS = ("east", "west")
WAIT_SECONDS = 30
_LICENSE = """\
product: demo
customer: {{id: c-1, name: Example Corp}}
expires_at: {expires_at}
offline_days: 7
seats: {{limit: 3, unit: user, window: "rolling-days:30", overage: deny}}
entitlements:
  num_seats: 3
"""


def main() -> int:
    """Play it, to the end or until SIGINT or SIGTERM. Returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with tempfile.TemporaryDirectory(prefix="shipper-demo-") as folder, ExitStack() as running:
            play(Path(folder), running)
    except ServiceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def play(folder: Path, running: ExitStack) -> None:
    """From a throwaway key to the report. Raises ServiceError."""
    key = secrets.token_urlsafe(24)
    make_license(folder)
    midnight = yesterday(datetime.now(UTC))
    for cluster in CLUSTERS:
        spool_day(str(folder / cluster), cluster, midnight)
    say(
        f"Yesterday, {midnight:%Y-%m-%d}: alice, bob and carol worked on the clusters east and west, which were cut off.",
        *(_told(work) for work in DAY),
        "",
        "Now a license server with 3 seats starts, and the operator of each cluster sends what it had to keep.",
    )
    server = running.enter_context(Service("license-server", env=server_settings(folder, key)))
    operators = {
        cluster: running.enter_context(Service("operator", "run", env=operator_settings(folder, cluster, key, server)))
        for cluster in CLUSTERS
    }
    env = {"SHIPPER_LICENSE_SERVER": server.url, "SHIPPER_LICENSE_KEY": key, "OPERATOR_LISTEN": ""}
    for operator in operators.values():
        wait_until_sent(operator)
    say("", "This morning, in a few seconds:")
    morning(operators["east"], operators["west"])
    show("usage seats", env)
    show("usage report", env)
    for cluster, operator in operators.items():
        listen = {"OPERATOR_LISTEN": operator.url.removeprefix("http://")}
        show("operator status", listen, f"OPERATOR_LISTEN=… # {cluster}")
    say("", "All of it is ended, and its files are removed.")


def make_license(folder: Path) -> None:
    """A key that nobody keeps, and a license that it signs."""
    (folder / "license.yaml").write_text(
        _LICENSE.format(expires_at=f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}")
    )
    name = str(folder / "vendor")
    shipper("license", "keygen", name, "--no-passphrase", env={})
    files = ["--from", str(folder / "license.yaml"), "--output-file", str(folder / "license.pem")]
    shipper("license", "issue", "--key", f"{name}.key", *files, env={})


def server_settings(folder: Path, key: str) -> dict[str, str]:
    """The license server's variables."""
    return {
        "LICENSE_KEY": key,
        "LICENSE_PATH": str(folder / "license.pem"),
        "TRUST_KEY_PATH": str(folder / "vendor.pub"),
        "DATABASE_URL": f"sqlite:///{folder}/server/usage.db",
        "ADDRESS": "127.0.0.1:0",
    }


def operator_settings(folder: Path, cluster: str, key: str, server: Service) -> dict[str, str]:
    """An operator's variables."""
    return {
        "OPERATOR_LICENSE_KEY": key,
        "OPERATOR_LICENSE_SERVER": server.url,
        "OPERATOR_CLUSTER_NAME": cluster,
        "OPERATOR_STATE_DIR": str(folder / cluster),
        "OPERATOR_TRUST_KEY": str(folder / "vendor.pub"),
        "OPERATOR_LISTEN": "127.0.0.1:0",
    }


def morning(east: Service, west: Service) -> None:
    """Real sessions, by the API that apps use."""
    start(west, "alice", "alice begins on west, and has her seat there as she had it on east")
    start(east, "bob", "bob begins on east")
    start(east, "dave", "dave is new, and all three seats were taken within 30 days")
    start(east, "pipeline", "CI takes no seat", ci=True)


def start(operator: Service, who: str, what: str, *, ci: bool = False) -> None:
    """Begin a session, and say what came of it."""
    body = {"user": {"username": who, "machine_id": f"{who}-laptop"}, "ci": ci}
    status, answer = ask(operator, "POST", "/api/v1/sessions", body)
    seat = answer.get("seat")
    came = f"{answer['code']}: {answer['detail']}" if status == 403 else "granted"
    came += f", {seat['used']} of {seat['limit']} seats used" if seat else ""
    say(f"  {what}", f"    {status} {came}")


def wait_until_sent(operator: Service) -> None:
    """Wait until nothing is left in an operator's spool. Raises ServiceError."""
    end = time.monotonic() + WAIT_SECONDS
    while ask(operator, "GET", "/api/v1/status")[1]["spool"]["events"]:
        if time.monotonic() > end:
            raise ServiceError("the operator doesn't send what it has spooled")
        time.sleep(0.1)


def ask(operator: Service, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    """An operator's answer: its status and JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(operator.url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=WAIT_SECONDS) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def show(command: str, env: Mapping[str, str], before: str = "") -> None:
    """Run a command as an admin would, and print what it prints."""
    say("", f"$ shipper {command}" + (f"  # {before.rpartition('# ')[2]}" if before else ""))
    sys.stdout.write(shipper(*command.split(), env=env))
    sys.stdout.flush()


def say(*lines: str) -> None:
    """Print lines at once."""
    print("\n".join(lines), flush=True)


def _told(work: Work) -> str:
    who = f"{work.who} (CI)" if work.ci else work.who
    end = "" if work.ended else ", then the laptop was closed"
    return f"  {work.start}-{work.end}  {work.cluster}  {who}{end}"


if __name__ == "__main__":
    sys.exit(main())
