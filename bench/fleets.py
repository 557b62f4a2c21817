"""What a fleet is measured on: many licenses, one spec of twenty manifests, and the same manifests as a Helm chart."""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench import measure
from bench.measure import Sample
from shipper.errors import LicenseError
from shipper.license.issue import complete, sign
from shipper.license.signing import SigningKey, generate, write_pair
from shipper.yamlio import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASSETS = 20
COUNTS = (1_000, 10_000)
PREFIX = "fleet "
CASES = tuple(f"{PREFIX}{count:,}" for count in COUNTS)
HELM_RUNS = 20
# Twelve lines each; the first three kinds take turns, with another name each time.
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-NUMBER, labels: {app: app-NUMBER, tier: "{{ EntitlementValue("tier") }}"}}
spec:
  replicas: {{ entitlements.replicas }}
  selector: {matchLabels: {app: app-NUMBER}}
  template:
    metadata: {labels: {app: app-NUMBER}}
    spec:
      containers:
        - {name: app, image: "registry.example.com/app-NUMBER:{{ entitlements.version }}"}
        {% if entitlements.metrics %}- {name: metrics, image: registry.example.com/metrics}{% endif %}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: app-NUMBER
  labels:
    customer: {{ license.customer.id }}
  annotations:
    example.com/owner: {{ license.customer.name }}
spec:
  type: {% if entitlements.tier == "enterprise" %}LoadBalancer{% else %}ClusterIP{% endif %}
  selector: {app: app-NUMBER}
  ports: [{port: {{ 8000 + NUMBER }}, targetPort: http}]
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-NUMBER
  labels:
    tier: {{ EntitlementValue("tier") }}
data:
  license: {{ license.id }}
  seats: "{{ EntitlementValue("num_seats") }}"
  double: "{{ entitlements.num_seats * 2 }}"
  air-gap: "{{ EntitlementValue("air_gap") }}"
  note: application NUMBER for {{ license.customer.name }}
"""
KINDS = (DEPLOYMENT, SERVICE, CONFIG_MAP)
LICENSE = """\
product: bench
type: paid
id: lic_{number:05}
customer: {{id: c-{number:05}, name: Customer {number} Ltd}}
entitlements:
  num_seats: {seats}
  replicas: {replicas}
  version: 1.{minor}.0
  tier: {tier}
  metrics: {metrics}
  air_gap: {air_gap}
"""
# What the templates above ask for, as Helm's templates say it
TO_HELM = (
    ('{% if entitlements.tier == "enterprise" %}', '{{ if eq .Values.tier "enterprise" }}'),
    ("{% if entitlements.metrics %}", "{{ if .Values.metrics }}"),
    ("{% else %}", "{{ else }}"),
    ("{% endif %}", "{{ end }}"),
    ('{{ EntitlementValue("tier") }}', "{{ .Values.tier }}"),
    ('{{ EntitlementValue("num_seats") }}', "{{ .Values.num_seats }}"),
    ('{{ EntitlementValue("air_gap") }}', "{{ .Values.air_gap }}"),
    ("{{ entitlements.num_seats * 2 }}", "{{ mul .Values.num_seats 2 }}"),
    ("{{ 8000 + ", "{{ add 8000 "),
    ("{{ license.", "{{ .Values."),
    ("{{ entitlements.", "{{ .Values."),
)
VALUES = """\
num_seats: 50
replicas: 3
version: 1.4.0
tier: enterprise
metrics: true
air_gap: false
id: lic_00001
customer: {id: c-00001, name: Customer 1 Ltd}
"""


def manifests() -> Iterator[str]:
    """The twenty templates."""
    for number in range(ASSETS):
        yield KINDS[number % len(KINDS)].replace("NUMBER", str(number))


def write_spec(path: Path) -> None:
    """An assets spec of all manifests."""
    with path.open("w", encoding="utf-8") as out:
        out.write("assets.v1:\n")
        for number, manifest in enumerate(manifests()):
            out.write(f"  - inline:\n      dest: k8s/app-{number}.yaml\n      contents: |\n")
            out.write(textwrap.indent(manifest, "        "))


def write_chart(folder: Path) -> None:
    """A chart of all manifests."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: bench\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "values.yaml").write_text(VALUES, encoding="utf-8")
    for number, manifest in enumerate(manifests()):
        text = manifest
        for ours, helms in TO_HELM:
            text = text.replace(ours, helms)
        (folder / "templates" / f"app-{number}.yaml").write_text(text, encoding="utf-8")


def write_licenses(folder: Path, count: int, key: SigningKey) -> None:
    """`count` licenses, no two alike."""
    folder.mkdir()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        text = LICENSE.format(
            number=number,
            seats=10 + number,
            replicas=1 + number % 9,
            minor=number % 7,
            tier=("free", "team", "enterprise")[number % 3],
            metrics=str(number % 2 == 0).lower(),
            air_gap=str(number % 5 == 0).lower(),
        )
        payload = json.dumps(complete(parse(text, "license.yaml", error=LicenseError), now), separators=(",", ":"))
        (folder / f"{number:05}.pem").write_bytes(sign(payload.encode(), [key]))


def measured(root: Path, program: str, helm: str) -> dict[tuple[str, str], Sample]:
    """A fleet with two jobs, each size in a folder of its own, and helm as often as it takes to know its thousand.

    Helm has no fleets: it runs `HELM_RUNS` times, and its seconds are scaled to 1,000.
    """
    root = root / "fleet"
    root.mkdir()
    prepare(root, COUNTS)
    rest = ["--trust-key", str(root / "key.pub"), "--jobs", "2", "--output-dir"]
    found: dict[tuple[str, str], Sample] = {}
    for count, rounds in zip(COUNTS, (3, 1), strict=True):
        command = [program, "render", str(root / "spec.yaml"), "--licenses", str(root / f"licenses-{count}"), *rest]
        samples = [measure.run_to_folder(command, root) for _ in range(rounds)]
        found[f"{PREFIX}{count:,}", "folder"] = measure.median(samples)
    template = [helm, "template", "bench", str(root / "chart")]
    runs = [measure.run(template, root) for _ in range(HELM_RUNS)]
    scaled = sum(run.seconds for run in runs) / HELM_RUNS * COUNTS[0]
    found[f"{PREFIX}{COUNTS[0]:,}", "helm"] = Sample(scaled, measure.median(runs).mebibytes)
    return found


def prepare(root: Path, counts: tuple[int, ...]) -> None:
    """Writes spec.yaml, chart/, key.pub and, for each count, a folder of that many licenses below `root`."""
    key = generate()
    write_pair(str(root / "key"), key, None)
    write_spec(root / "spec.yaml")
    write_chart(root / "chart")
    for count in counts:
        write_licenses(root / f"licenses-{count}", count, key)
