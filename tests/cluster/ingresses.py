"""An ingress controller in a cluster of the tests: a real nginx, which leads what Ingresses say to the pods behind.

It is started for the first Ingress, and reads its configuration again when Ingresses, their Secrets or the pods change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cluster.mounts import contents
from tests.ingress.controller import Certificate, configuration
from tests.ingress.nginx import Nginx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.charts.harness import Object

CONTROLLER = "ingress-nginx/ingress-nginx-controller"
"""The namespace and the Service of the real one."""


class Ingresses:
    """The controller, with its files below `folder`. One Ingress of the class nginx is enough for what is shown."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nginx: Nginx | None = None
        self._seen: object = None
        self._told: tuple[Sequence[Object], int] = ((), 0)

    def look(self, objects: Sequence[Object], ports: Mapping[tuple[str, str], int]) -> None:
        """Lead to the pods that listen on `ports`, by their namespace and Deployment."""
        ingresses = [each for each in objects if each["kind"] == "Ingress"]
        if not ingresses:
            return
        namespace = ingresses[0]["metadata"]["namespace"]
        name = ingresses[0]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"]
        port = ports.get((namespace, name), 0)
        own = [each for each in objects if each["metadata"].get("namespace") == namespace]
        seen = (port, ingresses, [each for each in own if each["kind"] in {"Secret", "Service"}])
        if not port or seen == self._seen:
            return
        self._seen, self._told = seen, (own, port)
        if self._nginx is None:
            self._nginx = Nginx(self._folder / "nginx", self._configuration, ports=2)
            self._nginx.__enter__()
        else:
            self._nginx.reload()

    def told(self) -> dict[str, Any]:
        """What the stand-in of kubectl is told of it, as of a pod."""
        if self._nginx is None:
            return {}
        url = f"https://127.0.0.1:{self._nginx.ports[1]}"
        return {CONTROLLER: {"listens": True, "url": url, "template": "", "env": {}, "log": self._nginx.errors}}

    def close(self) -> None:
        if self._nginx is not None:
            self._nginx.__exit__()

    def _configuration(self, ports: Sequence[int]) -> str:
        objects, port = self._told
        secrets = {
            each["secretName"]
            for ingress in objects
            if ingress["kind"] == "Ingress"
            for each in ingress["spec"].get("tls", [])
        }
        held = {name: self._certificate(objects, name) for name in secrets}
        return configuration(objects, [port], ports, certificates=held)

    def _certificate(self, objects: Sequence[Object], name: str) -> Certificate:
        (ingress,) = (each for each in objects if each["kind"] == "Ingress")
        files = contents(objects, "Secret", ingress["metadata"]["namespace"], name)
        assert files, f'there is no Secret "{name}"'
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("tls.crt", "tls.key"):
            (folder / file).write_bytes(files[file])
        return Certificate(str(folder / "tls.crt"), str(folder / "tls.key"))
