"""Facts that the tests and the examples of the reference share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from shipper.context.build import build_scope, license_facts
from shipper.context.facts import Facts, Option, Scope
from shipper.context.functions import FUNCTIONS
from shipper.errors import TemplateError
from shipper.template.engine import REPL_OPENINGS, Engine
from shipper.template.source import TemplateSource
from tests.keepers import MemoryKeeper

if TYPE_CHECKING:
    from shipper.context.catalog import Templating

PAYLOAD = {
    "version": 1,
    "id": "lic_example",
    "serial": 1,
    "product": "acme",
    "channel": "stable",
    "type": "paid",
    "customer": {"id": "c-0042", "name": "ACME Corp"},
    "issued_at": "2029-01-01T00:00:00Z",
    "not_before": "2029-01-01T00:00:00Z",
    "expires_at": None,
    "grace_days": 14,
    "offline_days": 30,
    "seats": {"limit": 50, "unit": "user"},
    "entitlements": {
        "num_seats": {"type": "integer", "value": 50, "title": "Seats"},
        "ha": {"type": "boolean", "value": True},
        "off": {"type": "boolean", "value": False},
        "tier": {"type": "string", "value": "enterprise"},
        "log-level": {"type": "string", "value": "debug", "hidden": True},
    },
}
REGISTRY = {"server": "registry.example.com", "username": "acme", "password": "s3cret"}
OPTIONS = [
    Option("hostname", "app.example.com"),
    Option("tls", "true", "boolean"),
    Option("replicas", "3", "integer"),
    Option("ratio", "0.5", "number"),
    Option("empty", "", "integer"),
    Option("certificate", "aGVsbG8=", filename="server.crt"),
    Option("password", "hunter2", secret=True),
]
FACTS = Facts(
    license=license_facts(json.dumps({**PAYLOAD, "registry": REGISTRY}), '{"payload":"e30="}'),
    options={option.name: option for option in OPTIONS},
    release={
        "semver": "1.2.3",
        "channel_name": "Stable",
        "release_notes": "Faster.",
        "config_spec": "[]",
        "collect_spec": "collect: {}",
        "analyze_spec": "analyze: {}",
        "sequence": 4,
        "cursor": "17",
        "is_required": False,
        "is_airgap": True,
        "namespace": "acme",
        "distribution": "eks",
        "kubernetes_version": "v1.31.2",
        "node_count": 3,
        "kots_version": "1.124.0",
        "registry_domain": "registry.example.com",
        "proxy_domain": "proxy.example.com",
        "http_proxy": "http://proxy.example.com:3128",
        "no_proxy": "10.0.0.0/8,.svc",
        "local_registry.host": "registry.internal:5000",
        "local_registry.namespace": "mirror",
        "local_registry.username": "puller",
        "local_registry.password": "local",
    },
    installation_id="",
    now=datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    keeper=MemoryKeeper(),
)


def facts(**changes: Any) -> Facts:
    return FACTS._replace(**changes)


def check_leniency(action: str, lenient: str, message: str) -> None:
    """Hold an action to Ship's answer where its silence is wanted, and else to an error that begins with `message`."""
    assert render(f"{{{{repl {action} }}}}", facts(missing="empty")) == lenient
    with pytest.raises(TemplateError) as caught:
        render(f"{{{{repl {action} }}}}")
    assert caught.value.message.startswith(message)


def render(template: str, given: Facts = FACTS, **data: Any) -> str:
    """What a template prints, unescaped; one with an action of Ship is in repl."""
    scope = build_scope(given)
    engine = Engine(FUNCTIONS, missing=given.missing)
    templating: Templating = "repl" if any(opening in template for opening in REPL_OPENINGS) else "jinja"
    parsed = engine.parse(TemplateSource("test", template, templating=templating))
    return engine.render(parsed, Scope({**scope.data, **data}, given), escape="none")
