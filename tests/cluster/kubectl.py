"""kubectl for pages: the real one, and in its place what needs a node: exec, logs, port-forward, rollout status.

Pods are the processes of tests.cluster.kubelet, which tells of them in the file that SHIPPER_PODS names. The real
kubectl is the program that SHIPPER_KUBECTL names.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

SECONDS = 15


def pods() -> dict[str, Any]:
    with open(os.environ["SHIPPER_PODS"], encoding="utf-8") as opened:
        found: dict[str, Any] = json.load(opened)
    return found


def pod(namespace: str, target: str) -> dict[str, Any]:
    """The pod behind `deploy/NAME` or `service/NAME`, once it listens. A Service has the name of its Deployment here."""
    name = target.rpartition("/")[2]
    end = time.monotonic() + SECONDS
    found: dict[str, Any] = {}
    while time.monotonic() < end:
        found = pods().get(f"{namespace}/{name}", {})
        if found and found["listens"] and found["template"] == template(namespace, name):
            return found
        time.sleep(0.05)
    sys.exit(f"error: {target} has no pod that listens in the namespace {namespace}: {found.get('log')}")


def template(namespace: str, name: str) -> str:
    """What the pod of a Deployment has to be like now."""
    command = [os.environ["SHIPPER_KUBECTL"], "--namespace", namespace, "get", "deployment", name, "--output", "json"]
    done = subprocess.run(command, capture_output=True, check=False)
    return json.dumps(json.loads(done.stdout)["spec"]["template"], sort_keys=True) if done.returncode == 0 else ""


def forward(listening: socket.socket, port: int) -> None:
    while True:
        client, _ = listening.accept()
        server = socket.create_connection(("127.0.0.1", port))
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=pump, args=(source, target), daemon=True).start()


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-n", "--namespace", default="default")
    known, rest = parser.parse_known_args(sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:])
    words = [word for word in rest if not word.startswith("-")]
    verb = words[0] if words else ""
    if verb == "exec":
        command = sys.argv[sys.argv.index("--") + 1 :]
        variables = {**os.environ, **pod(known.namespace, words[1])["env"]}
        if command[0] != "shipper":
            sys.exit(f'exec: "{command[0]}": executable file not found in $PATH')
        os.execve(sys.executable, [sys.executable, "-m", "shipper", *command[1:]], variables)
    elif verb == "logs":
        print(pod(known.namespace, words[1])["log"])
    elif words[:2] == ["rollout", "status"]:
        pod(known.namespace, words[2])
        print(f'deployment "{words[2].rpartition("/")[2]}" successfully rolled out')
    elif verb == "port-forward":
        here, _ = words[2].split(":")
        behind = urlsplit(pod(known.namespace, words[1])["url"])
        assert behind.port is not None
        forward(socket.create_server(("127.0.0.1", int(here))), behind.port)
    else:
        os.execv(os.environ["SHIPPER_KUBECTL"], ["kubectl", *sys.argv[1:]])


if __name__ == "__main__":
    main()
