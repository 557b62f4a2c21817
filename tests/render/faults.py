"""More than thirty manifests with one fault each: a template in which the faulty line is marked, and what is said of it."""

from __future__ import annotations

from typing import NamedTuple

MARK = "  # fault"


class Fault(NamedTuple):
    """The line of `template` that ends with the mark is the faulty one; `field` and `words` are what is reported."""

    name: str
    field: str
    words: str
    template: str


def _pod(container: str, spec: str = "") -> str:
    lines = "".join(f"          {line}\n" for line in container.splitlines())
    more = "".join(f"      {line}\n" for line in spec.splitlines())
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n"
        f"{more}      containers:\n        - name: web\n          image: nginx\n{lines}"
    )


def _head(kind: str, version: str = "v1") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: web\n"


_C = "spec.template.spec.containers[0]"
FAULTS = [
    Fault("number in env", f"{_C}.env[0].value", "5 is an integer, and text is wanted", _pod(
        'env:\n  - name: SEATS\n    value: {{ EntitlementValue("num_seats") }}  # fault')),
    Fault("number in env, computed", f"{_C}.env[0].value", "10 is an integer, and text is wanted", _pod(
        "env:\n  - name: SEATS\n    value: {{ entitlements.num_seats * 2 }}  # fault")),
    Fault("yes in env", f"{_C}.env[0].value", "yes (read as true) is a boolean", _pod(
        "env:\n  - name: DEBUG\n    value: yes  # fault")),
    Fault("octal in env", f"{_C}.env[0].value", "0777 (read as 511) is an integer", _pod(
        "env:\n  - name: UMASK\n    value: 0777  # fault")),
    Fault("null in env", f"{_C}.env[0].value", "empty (null), and text is wanted", _pod(
        "env:\n  - name: NOTHING\n    value:  # fault")),
    Fault("text as a port", f"{_C}.ports[0].containerPort", '"eighty" is text, and an integer is wanted', _pod(
        "ports:\n  - containerPort: eighty  # fault")),
    Fault("quoted port", f"{_C}.ports[0].containerPort", '"8080" is text, and an integer is wanted', _pod(
        "ports:\n  - containerPort: \"{{ ConfigOption('port') }}\"  # fault")),
    Fault("port beyond 32 bits", f"{_C}.ports[0].containerPort", "is more than 2147483647", _pod(
        "ports:\n  - containerPort: 99999999999  # fault")),
    Fault("boolean as int-or-string", f"{_C}.livenessProbe.httpGet.port", "true is a boolean", _pod(
        "livenessProbe:\n  httpGet:\n    port: true  # fault")),
    Fault("no quantity", f"{_C}.resources.limits.memory", '"128 MB" is no quantity', _pod(
        "resources:\n  limits:\n    memory: 128 MB  # fault")),
    Fault("misspelled field", f"{_C}.imagePulPolicy", "unknown field", _pod("imagePulPolicy: Always  # fault")),
    Fault("misspelled value", f"{_C}.imagePullPolicy", '"always" is none of', _pod("imagePullPolicy: always  # fault")),
    Fault("wrong level", "spec.template.spec.replicas", "unknown field", _pod("", "replicas: 3  # fault")),
    Fault("map for a list", f"{_C}.env", "a map stands where a list is wanted", _pod("env: {A: b}  # fault")),
    Fault("name missing", f"{_C}.env[0].name", "this field is missing", _pod('env:\n  - value: "x"  # fault')),
    Fault("empty item", f"{_C}.volumeMounts[0]", "empty (null)", _pod("volumeMounts:\n  - null  # fault")),
    Fault("selector missing", "spec.selector", "this field is missing",
          "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:  # fault\n"
          "  template:\n    spec:\n      containers: [{name: a, image: b}]\n"),
    Fault("number in a label", "metadata.labels.seats", "5 is an integer, and text is wanted",
          _head("ConfigMap") + '  labels:\n    seats: {{ EntitlementValue("num_seats") }}  # fault\n'),
    Fault("boolean in an annotation", "metadata.annotations.on", "true is a boolean, and text is wanted",
          _head("ConfigMap") + '  annotations:\n    "on": {{ entitlements.air_gap }}  # fault\n'),
    Fault("number in a ConfigMap", 'data["app.port"]', "8080 is an integer, and text is wanted",
          _head("ConfigMap") + 'data:\n  app.port: {{ ConfigOption("port") }}  # fault\n'),
    Fault("null in a ConfigMap", "data.a", "empty (null)", _head("ConfigMap") + "data:\n  a: ~  # fault\n"),
    Fault("map in a ConfigMap", "data.config", "a map stands where text is wanted",
          _head("ConfigMap") + "data:\n  config:  # fault\n    a: b\n"),
    Fault("no base64", "data.token", "the value is no base64", _head("Secret") + "data:\n  token: hello world  # fault\n"),
    Fault("removed version", "apiVersion", "extensions/v1beta1 Ingress is not in Kubernetes",
          "apiVersion: extensions/v1beta1  # fault\nkind: Ingress\nmetadata: {name: web}\n"),
    Fault("no such kind", "apiVersion", "apps/v1 Deploymnt is not in Kubernetes",
          "apiVersion: apps/v1  # fault\nkind: Deploymnt\nmetadata: {name: web}\n"),
    Fault("kind missing", "kind", "this field is missing", "apiVersion: v1  # fault\nKind: Secret\nmetadata: {name: a}\n"),
    Fault("name of the object missing", "metadata.name", "this field is missing",
          "apiVersion: v1\nkind: Secret\nmetadata:  # fault\n  namespace: a\n"),
    Fault("in a loop", "spec.ports[1].port", '"x2" is text',
          _head("Service") + "spec:\n  ports:\n{% for port in [1, 'x2'] %}\n"
          "    - name: p{{ loop.index }}\n      port: {{ port }}  # fault\n{% endfor %}\n"),
    Fault("in a List", "items[1].data.a", "1 is an integer",
          "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
          "  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: b}\n    data:\n      a: 1  # fault\n"),
    Fault("through toYaml", "metadata.labels.n", "1 is an integer",
          _head("ConfigMap") + '  labels: {{ {"n": 1, "m": "x"} | toYaml | nindent(4) }}  # fault\n'),
    Fault("in the second document", "spec.type", '"LoadBalancr" is none of',
          "# first\n" + _head("ConfigMap") + "---\n" + _head("Service") + "spec:\n  ports: [{port: 80}]\n"
          "  type: LoadBalancr  # fault\n"),
]  # fmt: skip
