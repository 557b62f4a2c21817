"""What is measured: the same manifests as an assets spec and as a Helm chart."""

from __future__ import annotations

import subprocess
import textwrap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

SIZES = (1, 100, 1_000, 10_000)
REPL_SIZES = (1_000, 10_000)

# Twelve lines, three expressions, and no two alike.
SHIPPER_ASSET = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{number}
  labels:
    app: app-{number}
    tier: {{{{ EntitlementValue("tier") }}}}
data:
  number: "{number}"
  seats: "{{{{ EntitlementValue("num_seats") }}}}"
  double: "{{{{ entitlements.num_seats * 2 }}}}"
  note: the application number {number}
"""
# The same in the language of Replicated Ship: a condition and three functions.
REPL_WHEN = """{{{{repl EntitlementValue "tier" | eq "enterprise" }}}}"""
REPL_ASSET = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{number}
  labels:
    app: app-{number}
    tier: {{{{repl EntitlementValue "tier" }}}}
data:
  number: "{number}"
  seats: "{{{{repl EntitlementValue "num_seats" }}}}"
  double: "{{{{repl Mult (ParseInt (EntitlementValue "num_seats")) 2 }}}}"
  note: the application number {number}
"""
HELM_ASSET = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app-{number}
  labels:
    app: app-{number}
    tier: {{{{ .Values.tier | quote }}}}
data:
  number: "{number}"
  seats: "{{{{ .Values.num_seats }}}}"
  double: "{{{{ mul .Values.num_seats 2 }}}}"
  note: the application number {number}
"""
LICENSE = """\
product: bench
type: paid
customer: {id: c-0001, name: Bench}
entitlements:
  num_seats: 50
  tier: enterprise
"""
CHART = "apiVersion: v2\nname: bench\nversion: 1.0.0\n"
VALUES = "num_seats: 50\ntier: enterprise\n"


class Case(NamedTuple):
    """The two commands that give the same `size` manifests; the folder of `to_folder` is added to it."""

    name: str
    size: int
    to_stdout: list[str]
    to_folder: list[str]
    helm: list[str]


def prepare(root: Path, program: str, helm: str, sizes: tuple[int, ...] = SIZES) -> list[Case]:
    """Write license, specs and charts below `root` and return what to run."""
    license_file, public_key = _license(root, program)
    render = [program, "render", "--license", str(license_file), "--trust-key", str(public_key)]
    found = [_case(root, render, helm, size) for size in sizes]
    return found + [_repl_case(render, case, root) for case in found if case.size in REPL_SIZES]


def quickstart(root: Path, program: str, helm: str, repository: Path) -> Case:
    """The quickstart example against a chart of its one file."""
    folder = repository / "specs"
    render = [program, "render", str(folder / "quickstart.yaml")]
    render += ["--license", str(folder / "quickstart" / "license.pem")]
    spec = (folder / "quickstart.yaml").read_text(encoding="utf-8")
    manifest = _block_scalar(spec, "contents: |\n").replace('EntitlementValue("num_seats")', ".Values.num_seats")
    chart = _chart(root / "quickstart", [manifest])
    return Case("quickstart", 1, render, [*render, "--output-dir"], [helm, "template", "bench", str(chart)])


def _license(root: Path, program: str) -> tuple[Path, Path]:
    source = root / "license.yaml"
    source.write_text(LICENSE, encoding="utf-8")
    license_file = root / "license.pem"
    keygen = [program, "license", "keygen", "bench", "--no-passphrase"]
    issue = [program, "license", "issue", "--key", "bench.key", "--from", str(source), "--output-file"]
    for command in (keygen, [*issue, str(license_file)]):
        subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return license_file, root / "bench.pub"


def _case(root: Path, render: list[str], helm: str, size: int) -> Case:
    spec = _spec(root / f"spec-{size}.yaml", size, SHIPPER_ASSET)
    chart = _chart(root / f"chart-{size}", [HELM_ASSET.format(number=number) for number in range(size)])
    to_stdout = [*render, str(spec)]
    return Case(f"{size:,}", size, to_stdout, [*to_stdout, "--output-dir"], [helm, "template", "bench", str(chart)])


def _repl_case(render: list[str], same: Case, root: Path) -> Case:
    """The manifests of the case `same` from a spec in Ship's language."""
    spec = _spec(root / f"repl-{same.size}.yaml", same.size, REPL_ASSET, REPL_WHEN)
    to_stdout = [*render, str(spec)]
    return Case(f"repl {same.name}", same.size, to_stdout, [*to_stdout, "--output-dir"], same.helm)


def _spec(path: Path, size: int, asset: str, when: str = "") -> Path:
    """A spec of `size` inline assets."""
    with path.open("w", encoding="utf-8") as out:
        out.write("assets.v1:\n")
        for number in range(size):
            out.write(f"  - inline:\n      dest: k8s/app-{number}.yaml\n")
            if when:
                out.write(f"      when: '{when.format()}'\n")
            out.write("      contents: |\n")
            for line in asset.format(number=number).splitlines():
                out.write(f"        {line}\n")
    return path


def _chart(folder: Path, manifests: list[str]) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(CHART, encoding="utf-8")
    (folder / "values.yaml").write_text(VALUES, encoding="utf-8")
    for number, manifest in enumerate(manifests):
        (folder / "templates" / f"app-{number}.yaml").write_text(manifest, encoding="utf-8")
    return folder


def _block_scalar(text: str, header: str) -> str:
    """The one block scalar that follows `header`, without its indentation."""
    return textwrap.dedent(text.partition(header)[2])
