"""What `--validate` adds to a rendering of a hundred documents, in one process: `python -m bench.validate`.

Loading (the validator's library, the schemas of one version, those of the three kinds compiled) is paid once.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from bench.budget import Verdict
from shipper.render import RenderOptions, render
from shipper.spec import parse_spec

if TYPE_CHECKING:
    from shipper.render.validate import Validator
    from shipper.spec import Spec

DOCUMENTS = 100
ROUNDS = 15
LIMIT = 0.050
# Twenty-eight, twelve and ten lines; they take turns
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-NUMBER
  labels: {app: app-NUMBER}
spec:
  replicas: {{ config.replicas }}
  selector:
    matchLabels: {app: app-NUMBER}
  template:
    metadata:
      labels: {app: app-NUMBER}
    spec:
      containers:
        - name: app
          image: "registry.example.com/app:{{ ConfigOption("version") }}"
          env:
            - name: REPLICAS
              value: "{{ ConfigOption("replicas") }}"
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet: {path: /ready, port: http}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 256Mi}
      terminationGracePeriodSeconds: 30
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: app-NUMBER
  annotations:
    example.com/version: "{{ ConfigOption("version") }}"
spec:
  selector: {app: app-NUMBER}
  ports:
    - name: http
      port: 80
      targetPort: http
"""
CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-NUMBER
data:
  number: "NUMBER"
  version: "{{ ConfigOption("version") }}"
  replicas: "{{ ConfigOption("replicas") }}"
  note: the application number NUMBER
  mode: fast
"""
KINDS = (DEPLOYMENT, SERVICE, CONFIG_MAP)
CONFIG = (
    "config.v1: [{name: g, items: [{name: replicas, type: integer, default: 3}, {name: version, default: v1.2.0}]}]\n"
)


class Measured(NamedTuple):
    """Seconds: to load everything, and what validation adds once that is done."""

    loading: float
    added: float


def measure() -> Measured:
    """Render alternately with and without validation; the best rounds are compared, which others disturb least."""
    spec = parse_spec(_spec(), "bench.yaml")
    _seconds(spec, None)
    started = time.perf_counter()
    from shipper.render.validate import Validator

    validator = Validator()
    first = _seconds(spec, validator) + time.perf_counter() - started
    plain, validated = [], []
    for _ in range(ROUNDS):
        plain.append(_seconds(spec, None))
        validated.append(_seconds(spec, validator))
    best = min(validated)
    return Measured(first - best, best - min(plain))


def verdict(measured: Measured) -> Verdict:
    """Whether the promise is kept."""
    return Verdict(f"--validate, added for {DOCUMENTS} documents", "s", LIMIT, measured.added)


def _spec() -> str:
    lines = [CONFIG, "assets.v1:\n"]
    for number in range(DOCUMENTS):
        lines.append(f"  - inline:\n      dest: {number}.yaml\n      contents: |\n")
        text = KINDS[number % len(KINDS)].replace("NUMBER", str(number))
        lines += [f"        {line}\n" for line in text.splitlines()]
    return "".join(lines)


def _seconds(spec: Spec, validator: Validator | None) -> float:
    started = time.perf_counter()
    options = RenderOptions(now=datetime(2026, 1, 1, tzinfo=UTC), validate=validator)
    for _ in render(spec, None, options).files:
        pass
    return time.perf_counter() - started


def main() -> int:
    """Print what was measured; 1 if the promise is broken."""
    measured = measure()
    print(f"loading {measured.loading * 1000:6.1f} ms")
    print(f"added   {measured.added * 1000:6.1f} ms for {DOCUMENTS} documents")
    return 0 if verdict(measured).kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
