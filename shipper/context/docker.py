"""The account for a container registry, as Docker and Kubernetes read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shipper.context.facts import Registry


def account(registry: Registry) -> str:
    """`user:password` (RFC 7617)."""
    return f"{registry.username}:{registry.password}"


def docker_config(registry: Registry) -> str:
    """A `config.json` with one account, as compact JSON, for a Secret of the type kubernetes.io/dockerconfigjson.

    Other letters than those of ASCII are written as they are: Helm charts, which make the same, have nothing else.
    """
    import json
    from base64 import b64encode

    auth = b64encode(account(registry).encode()).decode()
    entry = {"username": registry.username, "password": registry.password, "auth": auth}
    return json.dumps({"auths": {registry.server: entry}}, ensure_ascii=False, separators=(",", ":"))
