"""`operator setup` and `license-server setup`: terms, flags, warnings, refusals, and never a secret in them."""

from __future__ import annotations

import base64
import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from tests import tools
from tests.charts.harness import by_name, objects, one

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.program import Ran

KEY = "-canary-license-key"
URL = "https://licenses.example.com/shipper"
SERVER = ("license-server", "setup", "--accept-tos")
OPERATOR = ("operator", "setup", "--accept-tos")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable says anything."""
    for name in ("LICENSE_KEY", "OPERATOR_LICENSE_KEY", "OPERATOR_LICENSE_SERVER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def operator(shipper: Callable[..., Ran], vendor: Path) -> Callable[..., list[dict[str, Any]]]:
    """The objects that `operator setup` prints with a key, a server, and further arguments."""

    def made(*arguments: str | Path, stdin: bytes = b"") -> list[dict[str, Any]]:
        trust = vendor / "vendor.pub"
        given = ("--license-key", KEY, "--license-server", URL, "--trust-key", trust)
        done = shipper(*OPERATOR, *given, *arguments, stdin=stdin)
        assert (done.code, done.err) == (0, "")
        return objects(done.out)

    return made


def environment(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The variables of the container, with their value or where it comes from."""
    (container,) = one(found, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def secret_texts(found: Sequence[dict[str, Any]]) -> list[str]:
    """All that Secrets hold."""
    secrets = [each for each in found if each["kind"] == "Secret"]
    plain = [text for each in secrets for text in each.get("stringData", {}).values()]
    return plain + [base64.b64decode(text).decode() for each in secrets for text in each.get("data", {}).values()]


@pytest.mark.parametrize("name", ["operator", "license-server"])
def test_without_consent_the_terms_are_shown_and_nothing_is_printed(shipper: Callable[..., Ran], name: str) -> None:
    done = shipper(name, "setup", "--license-key", KEY, "-f", "missing.yaml")
    assert (done.code, done.out) == (2, "")
    assert f"shipper {name} setup prints" in done.err
    assert "license agreement" in done.err
    assert "Nothing is sent to the vendor" in done.err
    assert done.err.endswith("error: the terms above are not accepted yet (--accept-tos accepts them)\n")


def test_the_operator_is_made_from_flags(operator: Callable[..., list[dict[str, Any]]], vendor: Path) -> None:
    found = operator("--cluster-name", "east", "-n", "apps")
    assert one(found, "Namespace")["metadata"]["name"] == "apps"
    names = environment(found)
    assert names["OPERATOR_LICENSE_SERVER"] == URL
    assert names["OPERATOR_CLUSTER_NAME"] == "east"
    assert KEY in secret_texts(found)
    assert (vendor / "vendor.pub").read_text(encoding="utf-8") in str(
        one(found, "ConfigMap")["data"].values()
    ).encode().decode("unicode_escape")
    assert {each["metadata"].get("namespace", "apps") for each in found} == {"apps"}


def test_a_secret_for_apps_needs_rights_in_their_namespaces_only(
    operator: Callable[..., list[dict[str, Any]]],
) -> None:
    found = operator("--sync-secret", "license", "--namespaces", "shop, crm,", "--namespaces", "hr")
    roles = [each for each in found if each["kind"] == "Role"]
    assert sorted(each["metadata"]["namespace"] for each in roles) == ["crm", "hr", "shop"]
    assert all("license" in str(each["rules"]) for each in roles)
    assert environment(found)["OPERATOR_SYNC_NAMESPACES"] == "shop,crm,hr"


@pytest.mark.parametrize(
    "given",
    [("--license-key", KEY), (f"--license-key={KEY}",), ("--license-key", "@key.txt"), ("--set", f"license.key={KEY}")],
)
def test_a_key_can_begin_with_a_dash_and_come_from_a_file(
    shipper: Callable[..., Ran], tmp_path: Path, given: Sequence[str]
) -> None:
    (tmp_path / "key.txt").write_text(f"{KEY}\n", encoding="utf-8")
    done = shipper(*OPERATOR, *given, "--license-server", URL)
    assert done.code == 0, done.err
    assert KEY in secret_texts(objects(done.out))
    assert KEY not in done.err


def test_variables_count_where_nothing_else_says_it(
    shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_LICENSE_KEY", KEY)
    monkeypatch.setenv("OPERATOR_LICENSE_SERVER", URL)
    found = objects(shipper(*OPERATOR).out)
    assert KEY in secret_texts(found)
    assert environment(found)["OPERATOR_LICENSE_SERVER"] == URL
    found = objects(shipper(*OPERATOR, "--set", "license.key=other,license.licenseServer=https://b.example.com").out)
    assert "other" in secret_texts(found)
    assert environment(found)["OPERATOR_LICENSE_SERVER"] == "https://b.example.com"
    found = objects(shipper(*OPERATOR, "--set", "license.existingSecret=mine").out)
    assert KEY not in str(secret_texts(found))
    assert environment(found)["OPERATOR_LICENSE_KEY"]["secretKeyRef"]["name"] == "mine"
    monkeypatch.setenv("OPERATOR_LICENSE_KEY", "no key")
    done = shipper(*OPERATOR)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: OPERATOR_LICENSE_KEY: a license key is one line")


def test_the_license_server_is_made_from_flags(
    shipper: Callable[..., Ran], vendor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ("--license-path", vendor / "license.pem", "--trust-key", vendor / "vendor.pub")
    done = shipper(*SERVER, "--license-key", KEY, *files, "--set", "createNamespace=true")
    assert (done.code, done.err) == (0, "")
    texts = secret_texts(objects(done.out))
    assert KEY in texts
    assert (vendor / "license.pem").read_text(encoding="utf-8").strip() in [text.strip() for text in texts]
    monkeypatch.setenv("LICENSE_KEY", KEY)
    assert shipper(*SERVER, *files, "--set", "createNamespace=true").out == done.out
    without = shipper(*SERVER, *files)
    assert "Namespace" not in [each["kind"] for each in objects(without.out)]
    assert without.err == "the namespace shipper must exist, or be made with --set createNamespace=true\n"


def test_a_license_may_be_there_in_a_secret(shipper: Callable[..., Ran]) -> None:
    done = shipper(*SERVER, "--license-key", KEY, "--set", "createNamespace=true")
    assert done.code == 0
    (said,) = done.err.splitlines()
    assert "the Secret shipper-license-server-license must have it, as license.pem" in said
    pod = one(objects(done.out), "Deployment")["spec"]["template"]["spec"]
    mounted = [each["secret"]["secretName"] for each in pod["volumes"] if "secret" in each]
    assert mounted == ["shipper-license-server-license"]
    other = shipper(*SERVER, "--license-key", KEY, "--set", "createNamespace=true,license.file.existingSecret=other")
    assert "the Secret other must have it" in other.err


def test_the_same_bytes_come_twice(shipper: Callable[..., Ran], vendor: Path, tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("operator: {extraEnv: {B: x, A: y}}\n", encoding="utf-8")
    given = ("--license-key", KEY, "--license-server", URL, "--license-path", vendor / "license.pem", "-f", "v.yaml")
    assert shipper(*OPERATOR, *given).out == shipper(*OPERATOR, *given).out


def test_values_come_from_standard_input_and_flags_win(operator: Callable[..., list[dict[str, Any]]]) -> None:
    values = b"namespace: one\noperator: {clusterName: west, product: acme}\n"
    found = operator("-f", "-", "-n", "two", "--cluster-name", "east", stdin=values)
    assert one(found, "Deployment")["metadata"]["namespace"] == "two"
    assert (environment(found)["OPERATOR_CLUSTER_NAME"], environment(found)["OPERATOR_PRODUCT"]) == ("east", "acme")


def test_flags_give_what_values_give(
    operator: Callable[..., list[dict[str, Any]]], shipper: Callable[..., Ran], vendor: Path, tmp_path: Path
) -> None:
    import json

    license = (vendor / "license.pem").read_text(encoding="utf-8")
    trust = (vendor / "vendor.pub").read_text(encoding="utf-8")
    values = {
        "namespace": "apps",
        "license": {"key": KEY, "licenseServer": URL, "trustKey": trust, "file": {"data": {"license.pem": license}}},
        "operator": {"clusterName": "east"},
        "sync": {"secret": "license", "namespaces": ["a", "b"]},
    }
    (tmp_path / "v.yaml").write_text(json.dumps(values), encoding="utf-8")
    flags = ("-n", "apps", "--cluster-name", "east", "--sync-secret", "license", "--namespaces", "a,b")
    said = operator(*flags, "--license-path", vendor / "license.pem")
    assert by_name(said) == by_name(objects(shipper(*OPERATOR, "-f", "v.yaml").out))


def test_what_one_should_know_is_said_on_standard_error(shipper: Callable[..., Ran], vendor: Path) -> None:
    done = shipper(*OPERATOR, "--license-key", KEY, "--license-server", "http://server.shipper")
    assert done.code == 0
    assert done.err.splitlines() == [
        "warning: the license key and the reports are sent in the clear over http; use https",
        "warning: no trust key is given, with --trust-key PUB: the operator's image must hold the vendor's",
    ]
    done = shipper(*SERVER, "--license-key", KEY, "--license-path", vendor / "license.pem")
    assert done.err.splitlines()[0].endswith("warning: the license was not verified; --trust-key PUB does it")


@pytest.mark.parametrize(
    ("file", "trust", "says"),
    [
        ("expired.pem", "vendor.pub", "expired at"),
        ("expired.pem", None, "expired at"),
        ("not-yet-valid.pem", "vendor.pub", "is valid from"),
        ("altered-payload.pem", "vendor.pub", "was altered"),
        ("good.pem", "other.pub", "is signed by no trusted key"),
        ("no-json.pem", None, ""),
        ("vendor.pub", None, "this is not a license file"),
    ],
)
def test_only_a_license_that_is_valid_goes_into_a_secret(
    shipper: Callable[..., Ran], file: str, trust: str | None, says: str
) -> None:
    licenses = tools.REPOSITORY / "tests" / "fixtures" / "licenses"
    given = ("--trust-key", licenses / trust) if trust else ()
    done = shipper(*SERVER, "--license-key", KEY, "--license-path", licenses / file, *given)
    assert (done.code, done.out) == (5, "")
    assert says in done.err


def test_any_file_in_place_of_a_license_ends_with_a_line(shipper: Callable[..., Ran]) -> None:
    for file in sorted((tools.REPOSITORY / "tests" / "fixtures" / "licenses").glob("*.pem")):
        done = shipper(*SERVER, "--license-key", KEY, "--license-path", file)
        assert done.code in {0, 5, 8}, (file, done.err)
        assert (done.out == "") is (done.code != 0), file


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--license-key", ""), 2, "--license-key: a license key is one line"),
        (("--license-key", "hush hush"), 2, "--license-key: a license key is one line"),
        (("--license-key", "@missing"), 2, 'no such file: "missing"'),
        (("--license-server", "example.com/hush"), 2, "--license-server: this is no URL that can be used"),
        (("--license-server", "https://a:hush@example.com"), 2, "--license-server: this is no URL that can be used"),
        (("--license-server", f"{URL}/api/v1/license"), 2, "--license-server takes the URL of a server"),
        (("-n", "Shipper"), 2, '--namespace "Shipper" can\'t be a namespace'),
        (("-f", "missing.yaml"), 2, 'no such file: "missing.yaml"'),
        (("-f", "-", "--set-file", "a=-"), 2, "only one input can be standard input"),
        (("-f", "-", "--license-path", "-"), 2, "only one input can be standard input"),
        (("--set", "license.key"), 2, '--set: "license.key": has no value'),
        (("--set", "a=\udcff"), 2, "--set takes UTF-8 text"),
        (("--license-key", KEY, "--set", "license.keyy=hush"), 3, 'license.keyy: unknown field (did you mean "key"?)'),
        (("--license-key", KEY, "--set", "operator.replicas=two"), 3, "operator.replicas: "),
        (("--license-key", KEY, "--set", r"extraObjects[0]=\{{ .Values.hush }}"), 3, "holds a template of Helm"),
    ],
)
def test_what_is_wrong_ends_with_a_line_and_nothing_on_standard_output(
    shipper: Callable[..., Ran], arguments: Sequence[str], code: int, says: str
) -> None:
    done = shipper(*OPERATOR, *arguments)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert "hush" not in done.err
    assert KEY not in done.err


def test_all_wrong_values_are_named_at_once_with_their_place(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("license:\n  kee: hush\nservice:\n  type: hush\n", encoding="utf-8")
    done = shipper(*OPERATOR, "-f", "v.yaml")
    assert (done.code, done.out) == (3, "")
    assert "v.yaml:2:3: license.kee: unknown field" in done.err
    assert "v.yaml:4:3: service.type: " in done.err


def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it(
    shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "jsonschema_rs" else find(name))
    done = shipper(*OPERATOR, "--license-key", KEY)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        'error: operator setup needs a package that is not installed: jsonschema-rs (pip install "shipper[server]")\n'
    )


def test_a_flag_of_the_server_stands_behind_setup(shipper: Callable[..., Ran]) -> None:
    done = shipper("license-server", "--license-key", KEY, "setup", "--accept-tos")
    assert (done.code, done.out) == (2, "")
    assert "--license-key stands before setup" in done.err


@pytest.mark.parametrize("command", [(*OPERATOR, "--license-server", URL), SERVER])
def test_kubectl_reads_every_object(shipper: Callable[..., Ran], vendor: Path, command: Sequence[str]) -> None:
    done = shipper(*command, "--license-key", KEY, "--license-path", vendor / "license.pem")
    assert done.code == 0, done.err
    assert len(tools.kubectl_read(done.out)) == len(objects(done.out)) > 5
