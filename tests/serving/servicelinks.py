"""The variables that Kubernetes sets in pods for each Service of their namespace, as long as nobody asks it not to."""

from __future__ import annotations


def service_links(service: str, address: str = "10.0.0.7", port: int = 80) -> dict[str, str]:
    """Those of one Service (kubernetes.io/docs/concepts/services-networking/service/#environment-variables)."""
    name = service.upper().replace("-", "_")
    url = f"tcp://{address}:{port}"
    each = f"{name}_PORT_{port}_TCP"
    return {
        f"{name}_SERVICE_HOST": address,
        f"{name}_SERVICE_PORT": str(port),
        f"{name}_SERVICE_PORT_HTTP": str(port),
        f"{name}_PORT": url,
        each: url,
        f"{each}_PROTO": "tcp",
        f"{each}_PORT": str(port),
        f"{each}_ADDR": address,
    }
