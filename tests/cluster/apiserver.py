"""A Kubernetes API server on loopback: objects in memory, for the real kubectl and Helm, and for our own pods.

It keeps what it is given and runs nothing: there are no nodes, no controllers and no pods. Fields are checked strictly by
the schemas of Kubernetes, roles decide what service accounts may, and tokens are reviewed. It has no watches and no table
format, which clients do without.
"""

from __future__ import annotations

import json
import ssl
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import trustme
import yaml

from tests.cluster import protobuf
from tests.cluster.kinds import KINDS, Kind, discovery
from tests.cluster.rbac import Request, account, allowed
from tests.cluster.selectors import selector
from tests.cluster.store import APPLY, Key, RefusedError, Store
from tests.tools import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

Object = dict[str, Any]

ADMIN = "admin"
DEFAULT_AUDIENCE = "https://kubernetes.default.svc.cluster.local"
CRDS = REPOSITORY / "tests" / "charts" / "crds"
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Asked(NamedTuple):
    """A request: who, what, and with which answer."""

    user: str
    method: str
    path: str
    code: int


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # they are waited for at the end

    def handle_error(self, *_: object) -> None:
        """A client that trusts us not, or goes away, is no error of ours."""


class Cluster:
    """The API server of a cluster.

    `tokens` say who has which token, and for which audiences; ADMIN may do all. `without` are groups of custom resources
    that the cluster doesn't have.
    """

    def __init__(self, folder: Path, *, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.kinds = tuple(kind for kind in KINDS if kind.group not in without)
        self.store = Store(self.kind("Namespace"), [str(CRDS)])
        self.asked: list[Asked] = []
        self.admin_token = uuid.uuid4().hex
        self.tokens: dict[str, tuple[str, tuple[str, ...]]] = {self.admin_token: (ADMIN, (DEFAULT_AUDIENCE,))}
        ca = trustme.CA()
        ca.cert_pem.write_to_path(str(folder / "ca.crt"))
        self.http = _Server(("127.0.0.1", 0), self._handler())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        ca.issue_cert("127.0.0.1").configure_cert(context)
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.http.server_port

    @property
    def uid(self) -> str:
        """What tells this cluster from others: the UID of the namespace kube-system."""
        return str(self.get("Namespace", "kube-system")["metadata"]["uid"])

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def kind(self, name: str) -> Kind:
        return next(kind for kind in self.kinds if kind.kind == name)

    def get(self, kind: str, name: str, namespace: str = "") -> Object:
        """An object, as the administrator sees it. Raises RefusedError if there is none."""
        return self.store.get(Key(self.kind(kind), namespace, name))

    def names(self, kind: str, namespace: str = "") -> list[str]:
        """The names of all objects of a kind, of one namespace if it is named."""
        return [each["metadata"]["name"] for each in self.store.items(self.kind(kind), namespace, lambda _: True)]

    def add(self, given: Object) -> Object:
        """Store an object, as the administrator does."""
        meta = given["metadata"]
        return self.store.create(Key(self.kind(given["kind"]), meta.get("namespace", ""), meta["name"]), given)

    def token(self, namespace: str, name: str, *audiences: str) -> str:
        """A token of a ServiceAccount, for the API server itself unless `audiences` say otherwise."""
        made = f"{namespace}.{name}.{uuid.uuid4().hex}"
        self.tokens[made] = (account(namespace, name), audiences or (DEFAULT_AUDIENCE,))
        return made

    def mount(self, folder: Path, namespace: str, name: str) -> Path:
        """The folder that a pod of a ServiceAccount finds at /var/run/secrets/kubernetes.io/serviceaccount."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "token").write_text(self.token(namespace, name))
        (folder / "namespace").write_text(namespace)
        (folder / "ca.crt").write_bytes((self.folder / "ca.crt").read_bytes())
        return folder

    def kubeconfig(self) -> Path:
        """A file for kubectl and Helm, with all rights."""
        path = self.folder / "kubeconfig"
        server = {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": str(self.folder / "ca.crt")}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": server}],
            "users": [{"name": "it", "user": {"token": self.admin_token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "current-context": "it",
        }
        path.write_text(json.dumps(config))
        return path

    def review(self, given: Object) -> Object:
        """The answer to a TokenReview, as kube-apiserver gives it."""
        user, audiences = self.tokens.get(given["spec"].get("token", ""), ("", ()))
        common = [each for each in given["spec"].get("audiences") or [DEFAULT_AUDIENCE] if each in audiences]
        status: Object = {"user": {}, "error": "[invalid bearer token, token lookup failed]"}
        if user and common:
            groups = ["system:serviceaccounts", "system:authenticated"]
            status = {
                "authenticated": True,
                "user": {"username": user, "uid": "5d0b8c3a", "groups": groups},
                "audiences": common,
            }
        return {**given, "metadata": {}, "status": status}

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Object]:
        """Decide about a request, and do it."""
        url = urlsplit(path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        user = self._user(headers.get("Authorization", ""))
        try:
            if not user:
                raise RefusedError(401, "Unauthorized", "Unauthorized")
            known = discovery(url.path, self.kinds) if method == "GET" else None
            code, given = (200, known) if known is not None else self._do(user, method, url.path, query, headers, body)
        except RefusedError as refused:
            code, given = refused.code, _status(refused)
        self.asked.append(Asked(user, method, path, code))
        return code, given

    def _user(self, authorization: str) -> str:
        user, audiences = self.tokens.get(authorization.removeprefix("Bearer "), ("", ()))
        return user if DEFAULT_AUDIENCE in audiences else ""

    def _do(
        self, user: str, method: str, path: str, query: dict[str, str], headers: Any, body: bytes
    ) -> tuple[int, Object]:
        kind, namespace, name = self._find(path)
        verb = "list" if method == "GET" and not name else _VERBS[method]
        self._authorize(user, Request(verb, kind.group, kind.plural, namespace, name))
        key = Key(kind, namespace, name)
        dry = query.get("dryRun") == "All"
        strict = query.get("fieldValidation") == "Strict"
        if method == "GET":
            return 200, self.store.get(key) if name else self._list(kind, namespace, query)
        if method == "DELETE":
            self.store.delete(key) if not dry else self.store.get(key)
            return 200, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        given = _read(headers, body)
        if method == "POST":
            if kind.only_created:
                return 201, self.review(given)
            key = key._replace(name=given["metadata"].get("name", ""))
            return 201, self.store.create(key, given, dry=dry, strict=strict)
        if method == "PUT":
            return 200, self.store.update(key, given, dry=dry, strict=strict)
        how = headers.get("Content-Type", "").partition(";")[0]
        if how == APPLY:
            if key not in self.store.objects:
                self._authorize(user, Request("create", kind.group, kind.plural, namespace))
            made, new = self.store.apply(key, query.get("fieldManager", ""), given, dry=dry)
            return (201 if new else 200), made
        return 200, self.store.patch(key, how, given, dry=dry, strict=strict)

    def _authorize(self, user: str, request: Request) -> None:
        if user == ADMIN or allowed(user, request, self.store.every()):
            return
        subject = f'{request.resource} "{request.name}"' if request.name else request.resource
        place = f' in the namespace "{request.namespace}"' if request.namespace else " at the cluster scope"
        message = (
            f'{subject} is forbidden: User "{user}" cannot {request.verb} resource "{request.resource}" '
            f'in API group "{request.group}"{place}'
        )
        raise RefusedError(403, "Forbidden", message)

    def _find(self, path: str) -> tuple[Kind, str, str]:
        """The kind, the namespace and the name in a path; one that is missing is empty."""
        for kind in self.kinds:
            if path.startswith(f"{kind.root}/"):
                rest = path.removeprefix(f"{kind.root}/").split("/")
                namespace = ""
                if kind.namespaced and rest[0] == "namespaces" and len(rest) > 2:
                    namespace, rest = rest[1], rest[2:]
                if rest[0] == kind.plural and len(rest) <= 2:
                    return kind, namespace, rest[1] if len(rest) == 2 else ""
        raise RefusedError(404, "NotFound", "the server could not find the requested resource")

    def _list(self, kind: Kind, namespace: str, query: dict[str, str]) -> Object:
        fits = selector(query.get("labelSelector", ""), query.get("fieldSelector", ""))
        items = self.store.items(kind, namespace, fits)
        meta = {"resourceVersion": "1"}
        return {"kind": f"{kind.kind}List", "apiVersion": kind.group_version, "metadata": meta, "items": items}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30
            # An answer goes out at once and as one: a client that keeps its connection would wait 40 ms for the rest
            wbufsize = -1
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                code, given = cluster.answer(self.command, self.path, self.headers, body)
                data = json.dumps(given).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that are looked for

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _read(headers: Any, body: bytes) -> Object:
    """An object as JSON, or as YAML where it is applied."""
    kind = headers.get("Content-Type", "")
    if kind == protobuf.MEDIA_TYPE:
        return protobuf.decode(body)
    read = yaml.safe_load(body) if kind.startswith(APPLY) else json.loads(body)
    if not isinstance(read, dict):
        raise RefusedError(400, "BadRequest", "an object is wanted")
    return read


def _status(refused: RefusedError) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": refused.message,
        "reason": refused.reason,
        "code": refused.code,
    }
