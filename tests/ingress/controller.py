"""What an ingress controller makes of an Ingress: nginx's configuration, as ingress-nginx writes it.

Its documented defaults, and of its annotations those that are known here; one that isn't known is an error, as it would
have no effect. See https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.charts.harness import one

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.charts.harness import Object

PREFIX = "nginx.ingress.kubernetes.io/"
DEFAULTS = {
    "rewrite-target": "",
    "use-regex": "false",
    "ssl-redirect": "true",
    "force-ssl-redirect": "false",
    "backend-protocol": "HTTP",
    "proxy-body-size": "1m",
    "proxy-connect-timeout": "5",
    "proxy-send-timeout": "60",
    "proxy-read-timeout": "60",
    "proxy-buffering": "off",
    "proxy-request-buffering": "on",
    "proxy-buffer-size": "4k",
    "proxy-max-temp-file-size": "1024m",
    "proxy-http-version": "1.1",
    "proxy-next-upstream": "error timeout",
    "proxy-next-upstream-tries": "3",
}
_REGEX = re.compile(r"[()|*$\\\[\]?+]")


class Certificate(NamedTuple):
    """Files in PEM."""

    cert: str
    key: str


class Target(NamedTuple):
    """Where a Service leads: its number of a port, and the container's."""

    port: int
    container: int


def told(ingress: Object) -> dict[str, str]:
    """What it says to nginx, with the defaults. Raises AssertionError for what nginx's controller doesn't know."""
    given = {
        name.removeprefix(PREFIX): value
        for name, value in (ingress["metadata"].get("annotations") or {}).items()
        if name.startswith(PREFIX)
    }
    assert all(isinstance(value, str) for value in given.values()), f"annotations are texts: {given}"
    assert not set(given) - set(DEFAULTS), f"annotations that have no effect: {sorted(set(given) - set(DEFAULTS))}"
    for name, value in given.items():
        assert not name.endswith("-timeout") or value.isdigit(), f"{name} takes seconds without a unit: {value}"
    return DEFAULTS | given


def target(objects: Sequence[Object], backend: Mapping[str, Any]) -> Target:
    """The ports behind an Ingress's backend, through Service and Deployment. Raises AssertionError where a link breaks."""
    service = one(objects, "Service", backend["service"]["name"])
    wanted = backend["service"]["port"]
    (port,) = (
        each for each in service["spec"]["ports"] if wanted in ({"number": each["port"]}, {"name": each.get("name")})
    )
    pods = [
        each["spec"]["template"]
        for each in objects
        if each["kind"] == "Deployment"
        and service["spec"]["selector"].items() <= each["spec"]["template"]["metadata"]["labels"].items()
    ]
    assert len(pods) == 1, f"the Service selects {len(pods)} Deployments"
    ports = [each for container in pods[0]["spec"]["containers"] for each in container["ports"]]
    meant = port.get("targetPort", port["port"])
    (container,) = (each["containerPort"] for each in ports if meant in {each["containerPort"], each.get("name")})
    return Target(port["port"], container)


def configuration(
    objects: Sequence[Object],
    upstreams: Sequence[int],
    ports: Sequence[int],
    *,
    certificates: Mapping[str, Certificate] | None = None,
) -> str:
    """nginx's `http` configuration for the one Ingress among `objects`.

    `upstreams` are ports of 127.0.0.1 on which pods listen; `ports` is where nginx listens for HTTP, and with
    `certificates` (by the names of the Ingress's Secrets) for HTTPS.
    """
    ingress = one(objects, "Ingress")
    spec = ingress["spec"]
    assert spec["ingressClassName"] == "nginx"
    said = told(ingress)
    (rule,) = spec["rules"]
    (path,) = rule["http"]["paths"]
    target(objects, path["backend"])
    host = rule.get("host") or "_"
    secure = [entry["secretName"] for entry in spec.get("tls", []) if host in entry.get("hosts", []) or host == "_"]
    certificate = (certificates or {})[secure[0]] if secure else None
    servers = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in upstreams)
    upstream = f"  upstream backend {{\n{servers}    keepalive 320;\n    keepalive_timeout 60s;\n  }}\n"
    redirect = said["force-ssl-redirect"] == "true" or (certificate is not None and said["ssl-redirect"] == "true")
    listens = [f"listen 127.0.0.1:{ports[0]};"]
    if certificate:
        listens += [f"listen 127.0.0.1:{ports[1]} ssl;", f"ssl_certificate {certificate.cert};"]
        listens += [f"ssl_certificate_key {certificate.key};", "ssl_protocols TLSv1.2 TLSv1.3;"]
    locations = _locations(path, said, f"https://$host:{ports[1]}$request_uri" if redirect else "")
    lines = "\n    ".join([*listens, f"server_name {host};", *locations])
    return f"{upstream}  server {{\n    {lines}\n    location / {{ return 404; }}\n  }}\n"


def _locations(path: Mapping[str, Any], said: Mapping[str, str], redirect: str) -> list[str]:
    """The locations of a path, by its type. One that is `/` takes the place of the default, which nginx refuses twice."""
    where, kind = path["path"], path["pathType"]
    regex = said["use-regex"] == "true" or bool(said["rewrite-target"])
    # The admission webhook refuses it since 1.12 (strict-validate-path-type)
    assert not _REGEX.search(where) or kind == "ImplementationSpecific", f"{where} is no path of type {kind}"
    inner = _inside(where, said, redirect)
    if regex:
        return [f'location ~* "^{where}" {{ {inner} }}']
    if kind == "Exact":
        return [f"location = {where} {{ {inner} }}"]
    if kind == "Prefix":
        bare = where.rstrip("/")
        ways = [f"{bare}/", f"= {bare}"] if bare else ["~ ^/"]
        return [f"location {way} {{ {inner} }}" for way in ways]
    return [f"location {where if where != '/' else '~ ^/'} {{ {inner} }}"]


def _inside(where: str, said: Mapping[str, str], redirect: str) -> str:
    scheme = {"HTTP": "http", "HTTPS": "https"}[said["backend-protocol"]]
    lines = [f"if ($scheme = http) {{ return 308 {redirect}; }}"] if redirect else []
    if said["rewrite-target"]:
        lines.append(f'rewrite "(?i){where}" {said["rewrite-target"]} break;')
    headers = {
        "Host": "$http_host",
        "Connection": "$connection_upgrade",
        "Upgrade": "$http_upgrade",
        "X-Request-ID": "$req_id",
        "X-Real-IP": "$remote_addr",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Host": "$http_host",
        "X-Forwarded-Port": "$server_port",
        "X-Forwarded-Proto": "$scheme",
        "X-Scheme": "$scheme",
        "X-Original-Forwarded-For": "$http_x_forwarded_for",
        "Proxy": '""',
    }
    lines += [f"proxy_set_header {name} {value};" for name, value in headers.items()]
    lines += [
        f"client_max_body_size {said['proxy-body-size']};",
        f"proxy_connect_timeout {said['proxy-connect-timeout']}s;",
        f"proxy_send_timeout {said['proxy-send-timeout']}s;",
        f"proxy_read_timeout {said['proxy-read-timeout']}s;",
        f"proxy_buffering {said['proxy-buffering']};",
        f"proxy_request_buffering {said['proxy-request-buffering']};",
        f"proxy_buffer_size {said['proxy-buffer-size']};",
        f"proxy_buffers 4 {said['proxy-buffer-size']};",
        f"proxy_max_temp_file_size {said['proxy-max-temp-file-size']};",
        f"proxy_http_version {said['proxy-http-version']};",
        f"proxy_next_upstream {said['proxy-next-upstream']};",
        f"proxy_next_upstream_tries {said['proxy-next-upstream-tries']};",
        "proxy_redirect off;",
        f"proxy_pass {scheme}://backend;",
    ]
    return " ".join(lines)
