"""What can go wrong with a request, from the libraries' exceptions to one error in our words.

The libraries' own texts are never shown: they may hold a URL's query, a proxy's password or what the server said.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import TYPE_CHECKING

from shipper.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Iterator

_TUNNEL = re.compile(r"Tunnel connection failed: ([1-5][0-9]{2})\b")
_PROXY_HINT = "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say which proxy is used"
# X509_V_ERR_… of OpenSSL: nobody known signed it
_UNKNOWN_ISSUER = frozenset({2, 18, 19, 20, 21, 27})


class RequestError(NetworkError):
    """`away`: the server can't be reached or is failing. `again`: it is worth another try, in `retry_after` seconds.

    `status` is what the server answered, 0 for no answer.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        away: bool = False,
        again: bool = False,
        status: int = 0,
        retry_after: float = 0,
    ) -> None:
        super().__init__(message, hint=hint)
        self.away = away
        self.again = again
        self.status = status
        self.retry_after = retry_after


def unreachable(why: str, hint: str = "") -> RequestError:
    """The error for a server that another try may reach."""
    return RequestError(f"the server can't be reached: {why}", hint=hint, away=True, again=True)


def fault(error: BaseException) -> RequestError:
    """What `error`, from requests or what lies below it, means."""
    from requests import exceptions
    from urllib3.exceptions import LocationParseError

    chain = list(_chain(error))
    if any(isinstance(each, exceptions.InvalidSchema) for each in chain):
        return RequestError("the proxy can't be used", hint="only http:// and https:// proxies are supported")
    if any(isinstance(each, exceptions.ProxyError | exceptions.InvalidProxyURL) for each in chain):
        return _proxy(chain)
    if any(isinstance(each, exceptions.InvalidURL | LocationParseError | TypeError) for each in chain):
        return RequestError("the URL, or that of the proxy, can't be used", hint=_PROXY_HINT)
    for each in chain:
        if isinstance(each, ssl.SSLError):
            return _tls(each)
    if any(isinstance(each, exceptions.SSLError) for each in chain):  # urllib3 1 compares the host's name itself
        return RequestError("the server's certificate is refused", hint="is it for this host's name?")
    return _connection(chain)


def _connection(chain: list[BaseException]) -> RequestError:
    from requests import exceptions

    for each in chain:
        match each:
            case socket.gaierror():
                return unreachable("its name has no address", "is the host's name right?")
            case exceptions.Timeout() | TimeoutError():
                return unreachable("it doesn't answer in time")
            case http.client.IncompleteRead() | http.client.RemoteDisconnected():
                return unreachable("the connection broke off")
            case http.client.HTTPException():
                return RequestError("what the server answers is no HTTP", hint="is the URL right?")
            case ConnectionError() if each.errno is None:
                return unreachable("the connection broke off")
            case OSError() if each.errno is not None and each.strerror:
                if not isinstance(each, ConnectionError) and each.filename:  # the bundle of certificates, say
                    return RequestError(f"the request can't be made: {each.strerror.lower()}")
                return unreachable(each.strerror.lower())
    if any(isinstance(each, exceptions.ConnectionError | exceptions.ChunkedEncodingError) for each in chain):
        return unreachable("the connection broke off")
    if isinstance(chain[0], OSError) and not isinstance(chain[0], exceptions.RequestException):
        return RequestError(
            "the certificates that are trusted can't be read", hint="REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names them"
        )
    return RequestError(f"what the server answers can't be read ({type(chain[0]).__name__})")


def _proxy(chain: list[BaseException]) -> RequestError:
    for each in chain:
        answer = _TUNNEL.search(str(each)) if isinstance(each, OSError) else None
        if answer:
            return RequestError(
                f"the proxy refuses the connection ({answer[1]})", hint=_PROXY_HINT, away=answer[1] >= "500"
            )
    return RequestError("the proxy can't be reached", hint=_PROXY_HINT, away=True, again=True)


def _tls(error: ssl.SSLError) -> RequestError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return RequestError(
            f"the server's certificate is refused: {why[:1].lower() + why[1:]}",
            hint="give the certificate that signed it with --ca-file" if error.verify_code in _UNKNOWN_ISSUER else "",
        )
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return unreachable("the connection broke off")
    if "timed out" in str(error):
        return unreachable("it doesn't answer in time")
    why = (error.reason or "unknown reason").replace("_", " ").lower()
    return RequestError(f"no secure connection can be made: {why}", hint="does the server speak https?")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything it came from, each once: causes, reasons, and exceptions among its arguments."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop(0)
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
