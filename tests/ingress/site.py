"""A license server as the chart installs it, behind an nginx that is configured by the chart's Ingress."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import trustme

from tests import faulty
from tests.charts.harness import LICENSE_SERVER, one, template
from tests.cluster.pod import Pod
from tests.ingress.controller import PREFIX, Certificate, configuration
from tests.ingress.nginx import Nginx
from tests.license.sample import VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.charts.harness import Object
    from tests.services import Service

KEY = "a-key-of-twenty-letters"
NAME = "shipper-license-server"
JSON_LOG = {"jsonLog": True}
"""What the tests' own view of a service reads."""
SEATS = {"limit": 3, "unit": "user", "window": "concurrent", "overage": "deny"}
# Good whenever the tests run
ALWAYS = {"issued_at": "2024-01-01T00:00:00Z", "not_before": "2024-01-01T00:00:00Z", "expires_at": None}


class Form(NamedTuple):
    """A way to be exposed: the chart's values for it, and where clients find it."""

    values: dict[str, Any]
    prefix: str = ""
    https: bool = False
    http: str = ""
    """What nginx is told for all its hosts."""


def _ingress(**values: Any) -> dict[str, Any]:
    return {"ingress": {"enabled": True, "className": "nginx", **values}}


_TLS = {"host": "localhost", "tls": {"enabled": True, "secret": "licenses-tls"}}
_COMPRESSED = "  gzip on; gzip_min_length 1; gzip_proxied any; gzip_types *;\n"
FORMS = {
    "stripped": Form(_ingress(path="/licenses", stripPrefix=True), "/licenses"),
    "kept": Form(_ingress(path="/licenses"), "/licenses"),
    "kept, compressed": Form(_ingress(path="/licenses"), "/licenses", http=_COMPRESSED),
    "stripped, deep, HTTPS": Form(_ingress(path="/a/b-1/c.d", stripPrefix=True, **_TLS), "/a/b-1/c.d", https=True),
    "kept, deep, HTTPS": Form(_ingress(path="/a/b-1/c.d", **_TLS), "/a/b-1/c.d", https=True),
    "no prefix, HTTPS": Form(_ingress(path="/", **_TLS), https=True),
    "stripped, HTTPS on": Form(_ingress(path="/licenses", stripPrefix=True, **_TLS) | {"tls": {"secret": "server-tls"}}, "/licenses", https=True),
    "kept, HTTPS on": Form(_ingress(path="/licenses", **_TLS) | {"tls": {"secret": "server-tls"}}, "/licenses", https=True),
}  # fmt: skip


def license_text(**changes: Any) -> str:
    """A license that is good whenever the tests run."""
    return license_file(payload_bytes(**{**ALWAYS, "seats": SEATS, **changes}), VENDOR).decode()


class Site:
    """It, from `with` on: `url` is what clients are given."""

    def __init__(
        self,
        form: Form,
        folder: Path,
        more: Mapping[str, Any] | None = None,
        *,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """`more` are values of the chart besides; `annotations` of its Ingress are for nginx, without their prefix."""
        self.form = form
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.crt"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.trust_key = folder / "vendor.pub"
        self.trust_key.write_text(VENDOR.public.to_pem())
        license = {
            "key": KEY,
            "trustKey": VENDOR.public.to_pem(),
            "file": {"data": {"license.pem": license_text()}},
        }
        values = {"license": license, "server": JSON_LOG, **form.values, **(more or {})}
        if annotations:
            said = {f"{PREFIX}{name}": value for name, value in annotations.items()}
            values["ingress"] = {**form.values["ingress"], "annotations": said}
        self.objects = [*template(LICENSE_SERVER, values), *self._secrets()]
        self.port = faulty.closed_port()
        self.pod = Pod(self.objects, NAME, folder, port=self.port)
        self.nginx = Nginx(folder / "nginx", self._configuration, ports=2)
        self.server: Service

    @property
    def url(self) -> str:
        scheme, host = ("https", "localhost") if self.form.https else ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.nginx.ports[1 if self.form.https else 0]}{self.form.prefix}"

    def __enter__(self) -> Site:
        with ExitStack() as opened:
            opened.enter_context(self.nginx)
            self.start_server()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
        if self.server.code is None:
            self.server.stop()

    def start_server(self) -> None:
        """Start the pod, on the port that nginx knows."""
        self.server = self.pod.start().wait()

    def _configuration(self, ports: Sequence[int]) -> str:
        certificate = self.folder / "nginx-tls"
        certificate.mkdir(exist_ok=True)
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(str(certificate / "tls.crt"))
        issued.private_key_pem.write_to_path(str(certificate / "tls.key"))
        held = Certificate(str(certificate / "tls.crt"), str(certificate / "tls.key"))
        return self.form.http + configuration(self.objects, [self.port], ports, certificates={"licenses-tls": held})

    def _secrets(self) -> list[Object]:
        """What an admin puts into the namespace beforehand."""
        issued = self.authority.issue_cert(f"{NAME}.shipper.svc", "localhost")
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "server-tls", "namespace": "shipper"},
                "type": "kubernetes.io/tls",
                "stringData": {
                    "tls.crt": issued.cert_chain_pems[0].bytes().decode(),
                    "tls.key": issued.private_key_pem.bytes().decode(),
                },
            }
        ]


def ingress_of(site: Site) -> Object:
    """The chart's Ingress."""
    return one(site.objects, "Ingress")
