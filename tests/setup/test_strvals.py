"""`--set` means what it means to Helm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import UsageError
from shipper.setup.strvals import MAX_DEPTH, set_values, typed
from tests.setup.helm_values import coalesced

if TYPE_CHECKING:
    from pathlib import Path

TAKEN = (
    "a={x},aa=2",
    "b=1,",
    "c=",
    "d.b.c=TRUE,e=+5,f=007,g=1.5,h=-0,i=-17",
    "j[2]=x",
    "k[0][1]=y",
    "l={,}",
    "m={x,}",
    r"n\.b=c\,d",
    "o=b\\",
    "p=b=c",
    "q=é ü",
    "r[1].b=1,r[0].c=2,r[0].d=3",
    "s={1,true,null, x ,a\\,b,\\}}",
    "t= x ",
    "u={}",
    "v={x}v2=3",
    "w=9223372036854775807,x=9223372036854775808,y=-9223372036854775808,z=1_000,z2=0x10",
    "a1.null=null,a2=[x],a3=on,a4=None,a5=False",
    'b1.x\\[0\\]=1,b2="quoted"',
)
REFUSED = (
    "a", "a,b=1", ".a=1", "a.=1", "=1", "a[0]", "a[0]x=1", "a[-1]=1", "a[x]=1", "a[]=1", "a[65537]=1", "a={x", "a..b=1",
    "a=1,,b=2", "a[0=1", "a=1,a.b=2", "a=1,a[0]=2", "a.b=1,a[0]=2", "a[0].b=1,a.c=1", "a[0]=1,a[0][0]=2", "a={}x",
    ".".join("a" * (MAX_DEPTH + 2)) + "=1", "a" + "[0]" * (MAX_DEPTH + 2) + "=1",
)  # fmt: skip


def said(setting: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    set_values(setting, data, typed, "--set")
    return data


@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_what_helm_takes_means_the_same(tmp_path: Path, helm: str) -> None:
    ours: dict[str, Any] = {}
    for setting in TAKEN:
        set_values(setting, ours, typed, "--set")
    flags = [part for setting in TAKEN for part in ("--set", setting)]
    assert ours == coalesced(tmp_path, "{}", flags, helm)


def test_texts_stay_texts_when_asked_for(tmp_path: Path) -> None:
    ours: dict[str, Any] = {}
    set_values("a=1,b={true,null},c.d=0", ours, str, "--set-string")
    assert ours == coalesced(tmp_path, "{}", ["--set-string", "a=1,b={true,null},c.d=0"])


@pytest.mark.parametrize("setting", REFUSED)
def test_what_has_another_shape_is_refused_without_its_value(setting: str) -> None:
    with pytest.raises(UsageError) as raised:
        said(setting.replace("=1", "=hush"))
    assert str(raised.value).startswith("--set")
    assert "hush" not in str(raised.value)


def test_an_index_reaches_into_what_is_there() -> None:
    data: dict[str, Any] = {"a": [{"b": 1}], "c": None, "d": [None]}
    set_values("a[0].e=2,c.f=3,d[0].g=4,a[1]=5", data, typed, "--set")
    assert data == {"a": [{"b": 1, "e": 2}, 5], "c": {"f": 3}, "d": [{"g": 4}]}


@given(st.text(alphabet="ab.=,{}[]\\01-tnul ", max_size=24))
def test_any_text_is_read_or_refused(setting: str) -> None:
    try:
        said(setting)
    except UsageError:
        return


@given(st.text(max_size=12))
def test_any_value_can_be_written(value: str) -> None:
    escaped = "".join(f"\\{char}" for char in value)
    assert said(f"a={escaped}") == {"a": typed(value)}
