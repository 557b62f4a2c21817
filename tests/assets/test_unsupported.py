"""Kinds of Ship that aren't rendered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shipper.assets.unsupported import INSTEAD
from shipper.errors import SpecError, TemplateError
from shipper.render import RenderOptions, render
from shipper.spec import parse_spec
from shipper.spec.ship import OTHER_KINDS

OPTIONS = RenderOptions(now=datetime(2026, 1, 1, tzinfo=UTC))


def dests(asset: str) -> list[str]:
    spec = parse_spec(f"templating: repl\nassets.v1:\n- inline: {{dest: a, contents: b}}\n- {asset}\n", "spec.yaml")
    return [file.dest for file in render(spec, None, OPTIONS).files]


@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_they_are_an_error_only_if_their_when_includes_them(kind: str) -> None:
    with pytest.raises(SpecError, match=f'assets of the kind "{kind}" are not rendered') as caught:
        dests(f"{kind}: {{dest: 'x/{{{{repl nosuch}}}}'}}")
    assert INSTEAD[kind] in caught.value.hint
    assert caught.value.position is not None
    assert caught.value.position.line == 4
    for when in ("false", "0", "'{{repl ParseBool \"f\" }}'"):
        assert dests(f"{kind}: {{when: {when}}}") == ["a"]
    with pytest.raises(TemplateError, match="neither true nor false"):
        dests(f"{kind}: {{when: no}}")


def test_there_is_advice_for_every_kind() -> None:
    assert INSTEAD.keys() == OTHER_KINDS.keys()
    assert all("terraform" in INSTEAD[kind] for kind in ("amazon_eks", "google_gke", "azure_aks"))
