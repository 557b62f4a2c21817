"""What the how-tos for services show without running it: pods, units and alerts. Their commands test_docs.py runs."""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
import yaml

from shipper.operator.settings import load
from tests.license.sample import VENDOR, license_file, payload_bytes
from tests.pages import blocks, code, misunderstood, rows, run_bash
from tests.services import Service
from tests.serving.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

SERVER_PAGE = "docs/how-to/run-a-license-server.md"
OPERATOR_PAGE = "docs/how-to/connect-an-operator.md"
REPORTS_PAGE = "docs/how-to/read-seats-and-reports.md"
KEY = "0123456789abcdef0123456789abcdef"


def block_of(page: str, info: str) -> str:
    (found,) = [block for block in blocks(page) if block.info == info]
    return found.text


def pod_of(page: str) -> dict[str, Any]:
    """The pod of the page's Deployment."""
    documents = list(yaml.safe_load_all(block_of(page, "yaml pod")))
    (deployment,) = [document for document in documents if document["kind"] == "Deployment"]
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    mounts = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]}
    return pod


def environment(container: dict[str, Any], folder: Path) -> dict[str, str]:
    """The variables of a container whose volumes are folders in `folder`."""
    paths = "|".join(re.escape(mount["mountPath"]) for mount in container["volumeMounts"])
    moved = re.compile(rf"(?<![\w.])(?=(?:{paths})(?:/|$))")
    return {one["name"]: moved.sub(str(folder), one["value"]) for one in container["env"]}


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """The volumes with what the pages put into them."""
    pem = license_file(payload_bytes(), VENDOR)
    for folder in ("license", "config", "tls", "data"):
        (tmp_path / folder).mkdir()
    for folder in ("license", "config"):
        (tmp_path / folder / "license.pem").write_bytes(pem)
        (tmp_path / folder / "vendor.pub").write_text(VENDOR.public.to_pem())
        (tmp_path / folder / "license-key").write_text(KEY + "\n")
    return tmp_path


@pytest.mark.parametrize("page", [SERVER_PAGE, OPERATOR_PAGE])
def test_kubernetes_takes_the_manifests(page: str, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(block_of(page, "yaml pod"))
    (tmp_path / "spec.yaml").write_text("assets: {v1: [{local: {path: pod.yaml}}]}")
    done = run_bash("shipper render spec.yaml --validate=1.31", tmp_path)
    assert done.returncode == 0, done.stdout
    assert "warning" not in done.stdout


def test_the_pod_of_the_license_server_serves(mounted: Path) -> None:
    authority = Authority()
    authority.write(mounted / "tls")
    (container,) = pod_of(SERVER_PAGE)["containers"]
    assert container["command"][0] == "shipper"
    env = {**environment(container, mounted), "ADDRESS": "127.0.0.1:0"}
    with Service(*container["command"][1:], env=env) as service:
        assert service.url.startswith("https://")
        for probe in ("livenessProbe", "readinessProbe"):
            get = container[probe]["httpGet"]
            assert (get["port"], get["scheme"]) == ("https", "HTTPS")
            with urlopen(service.url + get["path"], timeout=20, context=authority.trusted()) as answer:
                assert answer.status == 200
    assert service.code == 0
    assert (mounted / "data" / "license-server.db").is_file()


def test_the_pod_of_the_operator_has_its_settings(mounted: Path) -> None:
    (container,) = pod_of(OPERATOR_PAGE)["containers"]
    env = environment(container, mounted)
    assert misunderstood(" ".join(container["command"])) is None
    settings = load({}, {**env, "KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert settings.license_key == KEY
    assert settings.trust == (VENDOR.public,)
    assert settings.state_dir == str(mounted / "data")
    assert settings.tokens
    assert settings.allowed_callers == ("shop", "bank/checkout")
    service = next(one for one in yaml.safe_load_all(block_of(OPERATOR_PAGE, "yaml pod")) if one["kind"] == "Service")
    name = f"{service['metadata']['name']}.{service['metadata']['namespace']}"
    assert name in settings.allowed_hosts
    (scraped,) = [
        job["static_configs"][0]["targets"][0]
        for job in yaml.safe_load(block_of(REPORTS_PAGE, "yaml prometheus"))["scrape_configs"]
        if job["job_name"] == "shipper-operator"
    ]
    assert scraped == f"{name}:{service['spec']['ports'][0]['port']}"


def test_the_unit_starts_the_license_server() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their letters
    unit.read_string(block_of(SERVER_PAGE, "ini"))
    program, _, arguments = unit["Service"]["ExecStart"].partition(" ")
    assert program.endswith("/shipper")
    assert misunderstood(f"shipper {arguments}") is None
    assert int(unit["Service"]["TimeoutStopSec"]) > 10


def test_each_alert_is_answered() -> None:
    (rules,) = [block.text for block in blocks("docs/metrics.md") if block.info == "yaml"]
    alerts = [rule["alert"] for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]
    answered = [name for names, _ in rows(REPORTS_PAGE, "alert") for name in names.split(", ")]
    assert sorted(answered) == sorted(alerts)


def test_the_alerts_are_about_metrics_that_there_are() -> None:
    listed = {
        code(name).partition("{")[0]
        for part in ("both", "license server", "operator")
        for name, *_ in rows("docs/metrics.md", part)
    }
    (rules,) = [block.text for block in blocks("docs/metrics.md") if block.info == "yaml"]
    named = set(re.findall(r"shipper_[a-z_]+", rules))
    assert named
    assert named <= listed
