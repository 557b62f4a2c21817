"""A pod of a Deployment as a process of this machine: the arguments, variables, files and probes that its manifest says.

Its folders stand below a folder of the test's and its port is a free one of 127.0.0.1; nothing else is changed. What is
missing (a Secret, a key in it) is an error, as it would be in a cluster.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

from tests.charts.harness import one
from tests.cluster.mounts import Projected, contents, volume_files
from tests.services import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.charts.harness import Object

SECONDS = 20
NO_PATH = frozenset({"ROOT_PATH"})
"""Variables that hold a path of a URL."""
_UNVERIFIED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE
_ANYBODY = build_opener(ProxyHandler({}), HTTPSHandler(context=_UNVERIFIED))
"""As the kubelet asks, which believes any certificate."""
_EVERYWHERE = re.compile(r"^0\.0\.0\.0:(\d+)$")


class Pod:
    """One replica of the Deployment `name` among `objects`, with its volumes below `folder`.

    Volumes that outlive a pod (of a claim) are in `claims`, so that the next one finds them there.
    """

    def __init__(
        self, objects: Sequence[Object], name: str, folder: Path, *, port: int = 0, claims: Path | None = None
    ) -> None:
        self.objects = objects
        deployment = one(objects, "Deployment", name)
        self.namespace: str = deployment["metadata"].get("namespace", "default")
        self.spec: dict[str, Any] = deployment["spec"]["template"]["spec"]
        (self.container,) = self.spec["containers"]
        self.port = port
        self._folder = folder
        self._claims = claims or folder
        self._projected: dict[str, Projected] = {}
        self._mounts = {mount["mountPath"]: self._volume(mount) for mount in self.container.get("volumeMounts", [])}
        self.service: Service | None = None

    def start(self, more: Mapping[str, str] | None = None, *, module: str = "shipper") -> Service:
        """The process, which may not listen yet. `more` are variables that the kubelet adds."""
        assert not self.container.get("command"), "the image says what is run"
        self.service = Service(*self.container["args"], env={**self.environment(), **(more or {})}, module=module)
        return self.service

    def environment(self) -> dict[str, str]:
        """Its variables, with the paths and the address of this machine."""
        found: dict[str, str] = {}
        for each in self.container.get("env", []):
            value = self._value(each)
            if value is not None:
                found[each["name"]] = value if each["name"] in NO_PATH else self.here(value)
        return found

    def here(self, text: str) -> str:
        """A value of a variable as it is here: below our folder, and on loopback."""
        paths = "|".join(re.escape(path) for path in sorted(self._mounts, key=len, reverse=True))
        moved = (
            re.sub(rf"(?<![\w.-])({paths})(?=/|$)", lambda found: str(self._mounts[found[1]]), text) if paths else text
        )
        return _EVERYWHERE.sub(f"127.0.0.1:{self.port}", moved)

    def update(self, objects: Sequence[Object]) -> None:
        """Have the kubelet look at Secrets and ConfigMaps again: their files change, variables don't."""
        self.objects = objects
        for volume in self.spec.get("volumes", []):
            if volume["name"] in self._projected:
                self._projected[volume["name"]].put(volume_files(objects, self.namespace, volume) or {})

    def probe(self, name: str) -> int:
        """The status that a probe of the kubelet gets: it knows neither names nor certificates."""
        assert self.service is not None
        asked = self.container[name]["httpGet"]
        assert asked["port"] in {each["name"] for each in self.container["ports"]} | {
            each["containerPort"] for each in self.container["ports"]
        }
        scheme = asked.get("scheme", "HTTP").lower()
        url = f"{scheme}://127.0.0.1:{self.service.url.rpartition(':')[2]}{asked['path']}"
        try:
            with _ANYBODY.open(url, timeout=SECONDS) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code

    def _value(self, variable: Mapping[str, Any]) -> str | None:
        source = variable.get("valueFrom")
        if source is None:
            return str(variable.get("value", ""))
        for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
            if field in source:
                wanted = source[field]
                held = contents(self.objects, kind, self.namespace, wanted["name"]) or {}
                if wanted["key"] not in held:
                    assert wanted.get("optional"), f"{variable['name']}: no {wanted['key']} in {kind} {wanted['name']}"
                    return None
                return held[wanted["key"]].decode()
        raise AssertionError(f"a source of a variable that isn't known here: {source}")

    def _volume(self, mount: Mapping[str, Any]) -> Path:
        """The folder of what is mounted."""
        (volume,) = (each for each in self.spec["volumes"] if each["name"] == mount["name"])
        if "persistentVolumeClaim" in volume:
            folder = self._claims / f"claim-{volume['persistentVolumeClaim']['claimName']}"
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        folder = self._folder / f"volume-{volume['name']}"
        files = volume_files(self.objects, self.namespace, volume)
        if files is None:
            folder.mkdir(parents=True, exist_ok=True)
        elif volume["name"] not in self._projected:
            self._projected[volume["name"]] = Projected(folder)
            self._projected[volume["name"]].put(files)
        assert "subPath" not in mount, "a file that is mounted alone never changes"
        return folder
