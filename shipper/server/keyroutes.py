"""`/api/v1/keys`: named keys over HTTP, for who has a key with the scope admin."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, get_args

import msgspec
from starlette.responses import Response

from shipper.errors import shown
from shipper.server import keys
from shipper.server.keys import KeyExistsError, KeyName, KeyScope, TooManyKeysError
from shipper.serving.problems import MEDIA_TYPE, Problem, ProblemError
from shipper.serving.responses import json_response
from shipper.serving.routes import Answer, Route, Scope
from shipper.usage.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request

    from shipper.server.keyring import KeyRing
    from shipper.storage.database import Database

PATH = "/api/v1/keys"
_ADMIN = frozenset({Scope.admin})


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key to be made."""

    name: KeyName
    scopes: Annotated[list[KeyScope], msgspec.Meta(min_length=1, max_length=3)]


class Key(msgspec.Struct, frozen=True):
    """A key without itself: `revoked` is when it was, null for one that works."""

    name: str
    scopes: list[KeyScope]
    created: datetime
    last_used: datetime | None = None
    revoked: datetime | None = None


class MadeKey(msgspec.Struct, frozen=True):
    """A new key: `key` is told only here."""

    name: str
    scopes: list[KeyScope]
    created: datetime
    key: str


class Keys(msgspec.Struct, frozen=True):
    """All named keys, by name."""

    keys: list[Key]


class Named(msgspec.Struct, frozen=True):
    """Which key."""

    name: Annotated[str, msgspec.Meta(max_length=64)]


def shown_keys(found: list[keys.KeyInfo]) -> Keys:
    """Keys as they are told."""
    return Keys(
        [
            Key(
                each.name,
                _names(each.scopes),
                instant(each.created),
                None if each.last_used is None else instant(each.last_used),
                None if each.revoked is None else instant(each.revoked),
            )
            for each in found
        ]
    )


def _names(scopes: Iterable[Scope]) -> list[KeyScope]:
    held = set(scopes)
    return [name for name in get_args(KeyScope) if Scope(name) in held]


def key_routes(database: Database, ring: KeyRing, now: Callable[[], int]) -> list[Route]:
    """The routes; `now` is the time in microseconds."""

    async def listed(_request: Request) -> Response:
        return json_response(shown_keys(await asyncio.wrap_future(database.read(keys.list_keys))))

    async def make(request: Request) -> Response:
        wanted: NewKey = request.state.body
        at = now()
        scopes = [Scope(scope) for scope in wanted.scopes]
        try:
            key = await asyncio.wrap_future(database.write(lambda tx: keys.add(tx, wanted.name, scopes, at)))
        except KeyExistsError as error:
            raise ProblemError(409, "KEY_EXISTS", str(error)) from None
        except TooManyKeysError as error:
            raise ProblemError(409, "TOO_MANY_KEYS", str(error)) from None
        ring.forget()
        return json_response(MadeKey(wanted.name, _names(scopes), instant(at), key), 201)

    async def revoke(request: Request) -> Response:
        name: str = request.state.params.name
        at = now()
        if not await asyncio.wrap_future(database.write(lambda tx: keys.revoke(tx, name, at))):
            raise ProblemError(404, "KEY_UNKNOWN", f"no key that works is called {shown(name)}")
        ring.forget()
        return Response(status_code=204)

    return [
        Route(
            "GET",
            PATH,
            _ADMIN,
            listed,
            "List the named keys",
            {200: Answer("All of them, also those that were revoked.", Keys)},
        ),
        Route(
            "POST",
            PATH,
            _ADMIN,
            make,
            "Make a named key",
            {
                201: Answer("The key, which is told only now.", MadeKey),
                409: Answer("A key of this name works already, or there are too many.", Problem, MEDIA_TYPE),
            },
            description="Several keys work side by side: add the new one, change the clients, revoke the old one.",
            body=NewKey,
            example={"name": "cluster-eu-2027", "scopes": ["operator"]},
        ),
        Route(
            "DELETE",
            f"{PATH}/{{name}}",
            _ADMIN,
            revoke,
            "Revoke a named key",
            {204: Answer("It opens nothing any more, in any replica within seconds.")},
            params=Named,
        ),
    ]
