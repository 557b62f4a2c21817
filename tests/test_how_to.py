"""The how-tos for CI: their YAML is read, and the steps in it are run with the real shipper; pip and kubectl are stubs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipper import yamlio
from shipper.errors import LicenseError
from shipper.license.issue import issue
from tests.charts.podsecurity import violations
from tests.corpora import REPOSITORY
from tests.license.sample import NOW, VENDOR
from tests.pages import add_kubectl, blocks, pages, run_bash

EXAMPLE = REPOSITORY / "specs" / "acme"
LICENSE = (EXAMPLE / "license.pem").read_text()
APPLIED = {"namespace/acme", "deployment.apps/acme", "service/acme"}

# Takes the flags that the real one knows, if the files it is told to read are there
_PIP = """\
#!/usr/bin/env bash
set -eu
[ "$1" = -m ] && shift
if [ "$1" = venv ]; then
    mkdir -p "$2/bin"
    ln -s "$(realpath "$0")" "$2/bin/python"
    ln -s {shipper} "$2/bin/shipper"
    exit
fi
[ "$1" = pip ] && shift
echo "$*" >> {log}
while [ $# -gt 0 ]; do
    case $1 in
        --requirement|--find-links) test -e "$2" ;;
        --dest|--wheel-dir) mkdir -p "$2" ;;
    esac
    shift
done
"""


# The image that `make image` builds has no shell
_IMAGE = re.compile(r"image: \S+/platform/shipper\b.*\n\s+(command: .*)")


def test_no_page_asks_the_image_for_a_shell() -> None:
    started = [found for page in pages() for block in blocks(page) for found in _IMAGE.findall(block.text)]
    assert started == ["command: [/var/run/argocd/argocd-cmp-server]"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository as the how-tos describe it, with stubs of pip and kubectl on PATH."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copy(REPOSITORY / "specs" / "acme.yaml", folder / "acme.yaml")
    shutil.copytree(REPOSITORY / "templates", folder / "templates")
    for name in ("values.yaml", "vendor.pub"):
        shutil.copy(EXAMPLE / name, folder)
    programs = add_kubectl(folder)
    pip = programs / "pip"
    pip.write_text(_PIP.format(shipper=Path(sys.executable).parent / "shipper", log=tmp_path / "pip.log"))
    pip.chmod(0o755)
    shutil.copy(pip, programs / "python3")
    return folder


def block_of(page: str, info: str) -> str:
    (found,) = [block for block in blocks(f"docs/how-to/{page}") if block.info == info]
    return found.text


def applied(output: str) -> set[str]:
    """What the stub of kubectl said."""
    return set(re.findall(r"^(\S+) configured$", output, re.MULTILINE))


class Runner:
    """Runs a GitHub workflow job by job: `run` steps, environments, `$GITHUB_ENV`, secrets."""

    def __init__(self, workflow: dict[Any, Any], checkout: Path, secrets: dict[str, str]) -> None:
        self.workflow, self.checkout = workflow, checkout
        self.values = {f"secrets.{name}": value for name, value in secrets.items()}
        self.shell = workflow["defaults"]["run"]["shell"]

    def job(self, name: str, **matrix: object) -> tuple[int, str]:
        """The exit code of the job's first step that fails, or 0, and what its steps printed."""
        job = self.workflow["jobs"][name]
        temporary = self.checkout.parent / "runner"
        temporary.mkdir(exist_ok=True)
        exported = temporary / f"env-{name}"
        exported.write_text("")
        values = {**self.values, **{f"matrix.{key}": str(value) for key, value in matrix.items()}}
        printed = ""
        for step in job["steps"]:
            surroundings = {
                **self.workflow.get("env", {}),
                **job.get("env", {}),
                **dict(line.split("=", 1) for line in exported.read_text().splitlines()),
                **step.get("env", {}),
            }
            surroundings = {key: self.expanded(str(value), values) for key, value in surroundings.items()}
            known = {"RUNNER_TEMP": temporary, "GITHUB_ENV": exported, "GITHUB_STEP_SUMMARY": temporary / "summary"}
            surroundings.update({key: str(path) for key, path in known.items()})
            flags = ["-eo", "pipefail"] if self.shell == "bash" else ["-e"]
            script = self.expanded(step.get("run", ""), values)
            done = run_bash(script, self.checkout, *flags, surroundings=surroundings)
            printed += done.stdout
            if done.returncode:
                return done.returncode, printed
        return 0, printed

    @staticmethod
    def expanded(text: str, values: dict[str, str]) -> str:
        return re.sub(r"\$\{\{ *([^ }]+) *\}\}", lambda found: values[found[1]], text)


def workflow(page: str = "github-actions.md") -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(block_of(page, "yaml workflow"))
    return found


@pytest.mark.parametrize("secret", [LICENSE, LICENSE.rstrip("\n"), LICENSE + "\n"], ids=["whole", "trimmed", "longer"])
def test_the_workflow_for_github_checks_and_applies(checkout: Path, secret: str) -> None:
    shutil.copytree(checkout, checkout / "base", ignore=shutil.ignore_patterns(".programs"))
    with (checkout / "values.yaml").open("a") as values:
        values.write("replicas: 7\n")
    runner = Runner(workflow(), checkout, {"ACME_LICENSE": secret})
    code, printed = runner.job("check")
    assert code == 0, printed
    summary = (checkout.parent / "runner" / "summary").read_text()
    assert "rendered  k8s/deployment.yaml" in summary
    assert re.search(r"minReplicas: \d → 7$", summary, re.MULTILINE)
    code, printed = runner.job("apply")
    assert code == 0, printed
    assert applied(printed) >= APPLIED


@pytest.mark.parametrize(("job", "expected"), [("check", 5), ("apply", 1)])
def test_the_workflow_for_github_fails_with_an_altered_license(checkout: Path, job: str, expected: int) -> None:
    code, printed = Runner(workflow(), checkout, {"ACME_LICENSE": LICENSE.replace("W", "X", 1)}).job(job)
    assert code == expected, printed
    assert "the license was altered" in printed
    assert applied(printed) == set()


def test_the_workflow_for_github_puts_no_secret_into_a_script() -> None:
    for job in workflow()["jobs"].values():
        assert not any("secrets." in step.get("run", "") for step in job["steps"])


def pipeline_job(name: str, checkout: Path, page: str = "gitlab-ci.md", **predefined: object) -> tuple[int, str]:
    """Run a job of the GitLab pipeline as its runner does: all lines in one bash that stops at the first failure."""
    pipeline = yaml.safe_load(block_of(page, "yaml pipeline"))
    job = pipeline[name]
    script = "\n".join([*pipeline["default"]["before_script"], *job["script"]])
    assert job["stage"] in pipeline["stages"]
    surroundings = {**pipeline["variables"], **{key: str(value) for key, value in predefined.items()}}
    done = run_bash(script, checkout, "-eo", "pipefail", surroundings=surroundings)
    return done.returncode, done.stdout


def test_the_pipeline_for_gitlab_checks_and_applies(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "SHIPPER_LICENSE"
    file.write_text(LICENSE)
    assert pipeline_job("check", checkout, SHIPPER_LICENSE=file)[0] == 0
    code, printed = pipeline_job("apply", checkout, SHIPPER_LICENSE=file)
    assert code == 0, printed
    assert applied(printed) >= APPLIED
    file.write_text(LICENSE.rstrip("\n"))
    assert pipeline_job("check", checkout, SHIPPER_LICENSE=file)[0] == 5
    code, printed = pipeline_job("apply", checkout, SHIPPER_LICENSE=file)
    assert code == 1, printed
    assert "cut off" in printed
    assert applied(printed) == set()


def test_the_plugin_for_argo_cd_renders(checkout: Path, tmp_path: Path) -> None:
    plugin = yaml.safe_load(block_of("argo-cd.md", "yaml plugin"))
    patch = yaml.safe_load(block_of("argo-cd.md", "yaml sidecar"))["spec"]["template"]["spec"]
    application = yaml.safe_load(block_of("argo-cd.md", "yaml application"))
    assert (plugin["apiVersion"], plugin["kind"]) == ("argoproj.io/v1alpha1", "ConfigManagementPlugin")
    assert application["spec"]["source"]["plugin"]["name"] == plugin["metadata"]["name"]
    (sidecar,) = patch["containers"]
    assert violations({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "repo-server"}, "spec": patch}) == []
    mounts = {mount["name"]: mount["mountPath"] for mount in sidecar["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in patch["volumes"]} | {"var-files", "plugins"}

    for volume, name in (("acme-license", "license.pem"), ("acme-vendor", "vendor.pub")):
        mounted = tmp_path / mounts[volume].lstrip("/")
        mounted.mkdir(parents=True)
        shutil.copy(EXAMPLE / name, mounted)
    (checkout / "acme.yaml").rename(checkout / "spec.yaml")
    surroundings = {one["name"]: re.sub(r"^/", f"{tmp_path}/", one["value"]) for one in sidecar["env"]}
    generate = plugin["spec"]["generate"]
    command = " ".join([*generate["command"], *generate.get("args", [])])
    done = run_bash(f"{command} 2>/dev/null", checkout, surroundings=surroundings)
    assert done.returncode == 0, done.stdout
    assert done.stdout == (EXAMPLE / "golden" / "stdout.yaml").read_text()
    surroundings["SHIPPER_LICENSE"] += ".gone"
    assert run_bash(command, checkout, surroundings=surroundings).returncode != 0


def test_the_air_gap_needs_only_what_was_carried_over(checkout: Path, tmp_path: Path) -> None:
    page = blocks("docs/how-to/air-gap.md")
    outside = "\n".join(block.text for block in page if block.info == "bash outside")
    inside = "\n".join(block.text for block in page if block.info == "bash inside")
    shutil.copytree(REPOSITORY / "requirements", checkout / "requirements")
    shutil.copy(EXAMPLE / "license.pem", checkout)
    done = run_bash(outside, checkout, "-e")
    assert done.returncode == 0, done.stdout
    (checkout / "requirements" / "run.txt").rename(checkout / "run.txt")
    done = run_bash(inside, checkout, "-eo", "pipefail")
    assert done.returncode == 0, done.stdout
    assert "verified lic_acme_example" in done.stdout
    assert "manifests: 9 files, unchanged" in done.stdout
    assert done.stdout.count("deployment.apps/acme configured") == 2
    calls = (tmp_path / "pip.log").read_text().splitlines()
    assert [call for call in calls if call.startswith("install") and "--no-index" not in call] == []
    for call in calls:
        name, *words = call.split()
        known = subprocess.run(
            [sys.executable, "-m", "pip", name, "--help"], capture_output=True, text=True, check=True
        )
        assert [word for word in words if word.startswith("--") and word not in known.stdout] == []


CUSTOMERS = 12


@pytest.fixture
def fleet(checkout: Path) -> Path:
    """The repository of a vendor with a license for each of twelve customers."""
    (checkout / "vendor.pub").write_text(VENDOR.public.to_pem())
    (checkout / "licenses").mkdir()
    for number in range(CUSTOMERS):
        text = (EXAMPLE / "license.yaml").read_text().replace("id: lic_acme_example", f"id: lic_{number}")
        node = yamlio.parse(text.encode(), "license.yaml", error=LicenseError, limits=yamlio.Limits.LICENSE)
        (checkout / "licenses" / f"{number}.pem").write_bytes(issue(node, [VENDOR], NOW))
    return checkout


def rendered(folder: Path) -> list[str]:
    """The licenses that have a folder."""
    return sorted(path.parent.parent.name for path in folder.glob("*/k8s/deployment.yaml"))


EVERYBODY = sorted(f"lic_{number}" for number in range(CUSTOMERS))


def test_the_matrix_for_github_renders_every_license_once(fleet: Path) -> None:
    runner = Runner(workflow("fleets.md"), fleet, {})
    (shards,) = runner.workflow["jobs"]["render"]["strategy"]["matrix"].values()
    found = []
    for shard in shards:
        code, printed = runner.job("render", shard=shard)
        assert code == 0, printed
        found += rendered(fleet / "manifests")
        shutil.rmtree(fleet / "manifests", ignore_errors=True)
    assert sorted(found) == EVERYBODY


def test_the_parallel_jobs_for_gitlab_render_every_license_once(fleet: Path) -> None:
    total = yaml.safe_load(block_of("fleets.md", "yaml pipeline"))["render"]["parallel"]
    found = []
    for index in range(1, total + 1):
        code, printed = pipeline_job("render", fleet, "fleets.md", CI_NODE_INDEX=index, CI_NODE_TOTAL=total)
        assert code == 0, printed
        found += rendered(fleet / "manifests")
        shutil.rmtree(fleet / "manifests", ignore_errors=True)
    assert sorted(found) == EVERYBODY


def test_the_indexed_job_renders_every_license(fleet: Path, tmp_path: Path) -> None:
    job = yaml.safe_load(block_of("fleets.md", "yaml job"))
    (fleet / "job.yaml").write_text(block_of("fleets.md", "yaml job"))
    (fleet / "spec.yaml").write_text("assets: {v1: [{local: {path: job.yaml}}]}")
    done = run_bash("shipper render spec.yaml --validate=1.31", fleet)
    assert done.returncode == 0, done.stdout
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
    fleet.rename(tmp_path / "spec")
    (tmp_path / "spec" / "licenses").rename(tmp_path / "licenses")
    paths = re.compile(rf"(?<![\w.])(?={'|'.join(mounts.values())})")
    script = paths.sub(str(tmp_path), container["args"][0])
    surroundings = {one["name"]: paths.sub(str(tmp_path), one["value"]) for one in container["env"]}
    for index in range(job["spec"]["completions"]):
        surroundings["JOB_COMPLETION_INDEX"] = str(index)
        done = run_bash(script, tmp_path / "spec", surroundings=surroundings)
        assert done.returncode == 0, done.stdout
    assert rendered(tmp_path / "manifests") == EVERYBODY
