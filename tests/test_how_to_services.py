"""What the how-tos for services show without running it: units and alerts. Their commands test_docs.py runs."""

from __future__ import annotations

import configparser
import re

import yaml

from tests.charts.podsecurity import violations
from tests.corpora import REPOSITORY
from tests.pages import blocks, code, misunderstood, rows

SERVER_PAGE = "docs/how-to/run-a-license-server.md"
REPORTS_PAGE = "docs/how-to/read-seats-and-reports.md"


def block_of(page: str, info: str) -> str:
    (found,) = [block for block in blocks(page) if block.info == info]
    return found.text


def test_the_operator_is_scraped_where_its_chart_puts_it() -> None:
    (scraped,) = [
        job["static_configs"][0]["targets"][0]
        for job in yaml.safe_load(block_of(REPORTS_PAGE, "yaml prometheus"))["scrape_configs"]
        if job["job_name"] == "shipper-operator"
    ]
    values = yaml.safe_load((REPOSITORY / "charts/shipper-operator/values.yaml").read_text(encoding="utf-8"))
    service = values["service"]
    assert scraped == f"{service['name']}.{values['namespace']}:{service['port']}"


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


def test_the_pod_that_restores_a_backup_keeps_to_restricted() -> None:
    pod = yaml.safe_load(block_of("docs/how-to/back-up-and-move-in-a-cluster.md", "yaml restore file=restore.yaml"))
    assert violations(pod) == []
    (container,) = pod["spec"]["containers"]
    assert misunderstood(" ".join(["shipper", *container["args"]])) is None
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["spec"]["volumes"]}
