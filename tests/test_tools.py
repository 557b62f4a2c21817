from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from tests import tools

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {on: yes, octal: 017, text: "017"}
---
apiVersion: example.com/v1
kind: Unknown
metadata: {name: b, labels: {kept: "1"}}
"""


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_name: str) -> NoReturn:
        raise tools.ToolMissingError("no network")

    monkeypatch.setattr(tools, "find", find)


@pytest.mark.usefixtures("kubectl")
def test_kubectl_reads_like_kubernetes() -> None:
    first, second = tools.kubectl_read(DOCUMENTS)
    assert first["data"] == {"true": True, "octal": 15, "text": "017"}
    assert first["metadata"] == {"name": "a"}
    assert second["metadata"] == {"name": "b", "labels": {"kept": "1"}}


@pytest.mark.usefixtures("kubectl")
def test_kubectl_says_what_it_refuses() -> None:
    with pytest.raises(AssertionError, match="unmarshal bool"):
        tools.kubectl_read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: on}\n")


@pytest.mark.usefixtures("kubectl")
def test_a_thousand_documents_at_once() -> None:
    document = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{0}}}\ndata: {{id: '{0}'}}\n"
    read = tools.kubectl_read("---\n".join(document.format(number) for number in range(1000)))
    assert [item["data"]["id"] for item in read] == [str(number) for number in range(1000)]


@pytest.mark.usefixtures("no_tools")
def test_a_missing_tool_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHIPPER_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="helm is missing: no network"):
        tools.require("helm")


@pytest.mark.usefixtures("no_tools")
def test_a_required_tool_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIPPER_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="helm is required and missing"):
        tools.require("helm")


def test_a_failed_download_is_a_missing_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    requirements = tmp_path / "tools.txt"
    requirements.write_text("./nothing-here.whl\n", encoding="utf-8")
    monkeypatch.setattr(tools, "REQUIREMENTS", requirements)
    monkeypatch.setattr(tools, "FOLDER", tmp_path / "tools")
    with pytest.raises(tools.ToolMissingError):
        tools.find.__wrapped__("helm")
    assert not (tmp_path / "tools" / "version").exists()


def test_a_program_that_is_not_installed_is_a_missing_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(tools.ToolMissingError, match="it is not installed"):
        tools.find.__wrapped__("node")
