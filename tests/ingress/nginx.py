"""A real nginx in a folder of its own, on free ports of loopback, whose requests can be looked up afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

from tests import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SECONDS = 20
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# What ingress-nginx sets, or leaves, for all hosts
_HTTP = """\
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 1024; }}
http {{
  {temporary}
  log_format asked escape=json '{{"method":"$request_method","target":"$request_uri","status":$status,'
    '"body":$request_length,"upstream":"$upstream_addr","id":"$http_x_request_id","key":"$http_x_license_key",'
    '"connection":$connection,"requests":$connection_requests}}';
  access_log {folder}/access.log asked;
  keepalive_timeout 75s;
  keepalive_requests 1000;
  server_tokens off;
  client_header_buffer_size 1k;
  large_client_header_buffers 4 8k;
  client_body_buffer_size 8k;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  map $http_x_request_id $req_id {{ default $http_x_request_id; '' $request_id; }}
{config}
}}
"""


class Nginx:
    """nginx with the `http` configuration that `config` makes of its ports, from `with` on.

    The sockets are ours and are handed over, so that no port is ever taken by somebody else, and a client that comes
    before nginx is ready waits.
    """

    def __init__(self, folder: Path, config: Callable[[Sequence[int]], str], *, ports: int = 1) -> None:
        self.folder = folder
        self._config = config
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(ports)]
        self.ports: list[int] = [each.getsockname()[1] for each in self._sockets]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        program = tools.require("nginx")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()
        numbers = [each.fileno() for each in self._sockets]
        self._process = subprocess.Popen(
            [
                program,
                "-p",
                str(self.folder),
                "-c",
                str(self.folder / "nginx.conf"),
                "-e",
                str(self.folder / "error.log"),
            ],
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "NGINX": "".join(f"{number};" for number in numbers)},
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for each in self._sockets:
            each.close()
        try:
            self._until(lambda: "start worker process " in self.errors or self._process_ended())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def reload(self) -> None:
        """Have it read its configuration again: certificates, too. Returns when the new worker has taken over."""
        assert self._process is not None
        before = self.errors.count("start worker process ")
        self._write()
        self._process.send_signal(signal.SIGHUP)
        self._until(lambda: self.errors.count("start worker process ") > before)

    @property
    def errors(self) -> str:
        """Its error log."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "error.log").read_text(encoding="utf-8", errors="replace")
        return ""

    def asked(self) -> list[dict[str, Any]]:
        """The requests it has logged, each when its answer was sent."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.folder / "access.log").read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        return []

    def until_asked(self, what: Callable[[dict[str, Any]], bool], *, after: int = 0) -> dict[str, Any]:
        """The first request but for the first `after` that is `what`, once it is logged."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found.extend(each for each in self.asked()[after:] if what(each))
            return bool(found)

        self._until(look)
        return found[0]

    def _write(self) -> None:
        temporary = " ".join(f"{name}_temp_path {self.folder}/{name};" for name in _TEMPORARY)
        user = "user root;" if os.geteuid() == 0 else ""
        text = _HTTP.format(folder=self.folder, temporary=temporary, user=user, config=self._config(self.ports))
        (self.folder / "nginx.conf").write_text(text, encoding="utf-8")

    def _process_ended(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"nginx ended: {self.errors}")
        return False

    def _until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, self.errors
            time.sleep(0.01)
