"""Who may: from the key of a request to its owner, or to the answer that it is wrong."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shipper.serving.auth import digest, require, shown_key, too_many_failures, unauthorized
from shipper.serving.sources import source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from shipper.server.keyring import KeyRing
    from shipper.serving.app import Authorize
    from shipper.serving.auth import Principal
    from shipper.serving.failures import FailureLimit
    from shipper.serving.routes import Route
    from shipper.serving.sources import Network

_LOG = logging.getLogger("shipper.server")


def key_authorizer(ring: KeyRing, failures: FailureLimit, trusted: Sequence[Network] = ()) -> Authorize:
    """What `application` asks. `trusted` are proxies whose X-Forwarded-For counts."""
    proxies = tuple(trusted)

    async def authorize(request: Request, route: Route) -> Principal:
        key = shown_key(request.scope["headers"])
        if key is None:
            raise unauthorized()
        hashed = digest(key)
        where = source(request.scope, proxies)
        seconds = failures.wait(where, hashed)
        if seconds:
            raise too_many_failures(seconds)
        principal = await ring.find(hashed)
        if principal is None:
            failures.failed(where, hashed)
            if failures.wait(where, hashed):
                _LOG.warning("too many wrong keys from one source: it has to wait", extra={"source": where})
            raise unauthorized()
        failures.succeeded(where, hashed)
        require(principal.scopes, route.scopes)
        return principal

    return authorize
