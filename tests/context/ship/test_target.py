"""KOTS' functions about the release and the cluster."""

from __future__ import annotations

import json

import pytest

from shipper.context.catalog import REPL_FUNCTIONS
from shipper.context.facts import Option
from shipper.context.release import KEYS
from shipper.context.values import kind_of
from shipper.errors import LicenseError, TemplateError
from tests.context.sample import FACTS, facts, render

NOTHING = facts(release={}, license=None)
LENIENT = NOTHING._replace(missing="empty")

EMPTY = [
    ("VersionLabel", ""), ("ReleaseNotes", ""), ("ChannelName", ""), ("Sequence", "-1"), ("Cursor", ""), ("IsRequired", "false"), ("IsAirgap", "false"),
    ("ReplicatedRegistryDomain", ""), ("ReplicatedProxyDomain", ""), ("KotsVersion", ""), ("Namespace", ""), ("Distribution", ""),
    ("IsKurl", "false"), ("KubernetesVersion", "0.0.0+unknown"), ("KubernetesMajorVersion", ""), ("KubernetesMinorVersion", ""), ("NodeCount", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "empty"), EMPTY)
def test_a_fact_that_nobody_gave(name: str, empty: str) -> None:
    assert render(f"{{{{repl {name} }}}}", LENIENT) == empty
    assert render(f"{{{{ {name}() }}}}", LENIENT) == empty
    with pytest.raises(TemplateError) as caught:
        render(f"{{{{repl {name} }}}}", NOTHING)
    assert caught.value.message.startswith(f"{name}: ")
    assert caught.value.message.endswith(" is not known here")
    assert caught.value.hint.startswith("say it in the file of --release: ")


@pytest.mark.parametrize("given", [NOTHING, LENIENT], ids=["strict", "lenient"])
def test_no_registry_and_no_proxy_are_facts(given: object) -> None:
    """Arguments are evaluated whether they are used or not: a spec that asks for a registry works without one."""
    template = '{{repl HasLocalRegistry | ternary LocalRegistryHost "quay.io" }}/{{repl HasLocalRegistry | ternary LocalRegistryNamespace "acme" }}'
    assert render(template, given) == "quay.io/acme"  # type: ignore[arg-type]  # facts
    for name in (
        "LocalRegistryAddress",
        "LocalRegistryHost",
        "LocalRegistryNamespace",
        "HTTPProxy",
        "HTTPSProxy",
        "NoProxy",
    ):
        assert render(f"{{{{repl {name} }}}}", given) == ""  # type: ignore[arg-type]  # facts
    assert render('{{repl LocalImageName "quay.io/acme/web:1" }}', given) == "quay.io/acme/web:1"  # type: ignore[arg-type]  # facts


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("quay.io/acme/web:1.0", "web:1.0"), ("web", "web:latest"), ("localhost:5000/web", "web:latest"), ("library/nginx:1", "nginx:1"),
        ("quay.io/a/b/c:2", "c:2"), ("web@sha256:0a1b", "web@sha256:0a1b"), ("web:1@sha256:0a1b", "web:1@sha256:0a1b"),
    ],
)  # fmt: skip
def test_images_in_the_local_registry(image: str, name: str) -> None:
    assert render(f'{{{{repl LocalImageName "{image}" }}}}') == f"registry.internal:5000/mirror/{name}"
    bare = facts(release={"local_registry.host": "r"})
    assert render(f'{{{{ LocalImageName("{image}") }}}}', bare) == f"r/{name}"


@pytest.mark.parametrize("image", ["", "quay.io/", " "])
def test_no_image(image: str) -> None:
    with pytest.raises(TemplateError, match="LocalImageName: this is no name of an image"):
        render(f'{{{{repl LocalImageName "{image}" }}}}')


def test_versions() -> None:
    given = facts(
        release={
            "semver": "1.2.3",
            "version_label": "spring",
            "kubernetes_version": "v1.29.0+k3s1",
            "kots_version": "v1.2.0",
        }
    )
    template = "{{repl VersionLabel }} {{repl KubernetesVersion }} {{repl KubernetesMajorVersion }} {{repl KubernetesMinorVersion }} {{repl KotsVersion }}"
    assert render(template, given) == "spring 1.29.0+k3s1 1 29 1.2.0"
    assert render("{{repl VersionLabel }}", facts(release={"semver": "1.2.3"})) == "1.2.3"
    assert render("{{repl eq (KubernetesMinorVersion | ParseInt) 29 }}", given) == "true"
    for version in ("latest", "1", "1.x"):
        with pytest.raises(TemplateError, match="kubernetes_version is no version"):
            render("{{repl KubernetesMinorVersion }}", facts(release={"kubernetes_version": version}))


def test_the_namespace_of_the_command_line_wins() -> None:
    assert render("{{repl Namespace }}", facts(namespace="prod")) == "prod"
    assert render("{{repl Namespace }}", facts(release={}, namespace="prod")) == "prod"


def test_the_distribution_says_whether_it_is_kurl() -> None:
    assert render("{{repl IsKurl }}", facts(release={"distribution": "kurl"})) == "true"
    assert render("{{repl IsKurl }}", facts(release={"distribution": "eks"})) == "false"


def test_the_channel_is_that_of_the_release_else_of_the_license() -> None:
    assert render("{{repl ChannelName }}") == "Stable"
    assert render("{{repl ChannelName }}", facts(release={})) == "stable"


def test_types() -> None:
    for name, kind in (
        ("Sequence", "an integer"),
        ("NodeCount", "an integer"),
        ("IsAirgap", "a boolean"),
        ("KubernetesMinorVersion", "text"),
    ):
        assert kind_of(REPL_FUNCTIONS[name].call(FACTS)) == kind
    assert render("{{repl if IsRequired }}y{{repl else }}n{{repl end }}{{repl Add Sequence 1 }}") == "n5"


def test_the_name_of_the_pull_secret() -> None:
    assert render("{{repl ImagePullSecretName }}", facts(release={"local_registry.pull_secret": "mine"})) == "mine"
    assert render("{{repl ImagePullSecretName }}", facts(license=None, release={"app_slug": "web"})) == "web-registry"
    with pytest.raises(TemplateError, match="app_slug is not known here"):
        render("{{repl ImagePullSecretName }}", NOTHING)


def test_the_account_for_the_local_registry() -> None:
    template = "{{repl LocalRegistryImagePullSecret | Base64Decode }}"
    assert json.loads(render(template))["auths"]["registry.internal:5000"]["username"] == "puller"
    without = facts(release={})
    assert json.loads(render(template, without))["auths"]["registry.example.com"]["username"] == "acme"
    with pytest.raises(LicenseError):
        render(template, NOTHING)
    for known, missing in (({}, "username"), ({"local_registry.username": "u"}, "password")):
        with pytest.raises(TemplateError) as caught:
            render(template, facts(release={"local_registry.host": "r", **known}))
        assert f"local_registry.{missing} is not known here" in caught.value.message


def test_passwords_of_registries_are_secret() -> None:
    secrets = FACTS.secret_texts()
    assert {"s3cret", "local", "puller:local"} <= set(secrets)
    assert NOTHING.secret_texts() == ()
    assert facts(license=None, release={"local_registry.host": "r"}).secret_texts() == ()
    assert REPL_FUNCTIONS["LocalRegistryImagePullSecret"].secret


def test_every_key_names_functions_that_exist() -> None:
    for key in KEYS.values():
        for name in key.functions.split():
            assert name in REPL_FUNCTIONS, name


def test_options_of_kots() -> None:
    given = facts(
        options={"o": Option("o", "x"), "empty": Option("empty", ""), "f": Option("f", "x", filename="a.txt")}
    )
    assert render('{{repl ConfigOptionName "o" }}{{ ConfigOptionName("o") }}', given).startswith("o")
    assert render('{{repl ConfigOptionFilename "f" }}{{repl ConfigOptionFilename "empty" }}', given) == "a.txt"
    with pytest.raises(TemplateError, match='option "o" was not read from a file'):
        render('{{repl ConfigOptionFilename "o" }}', given)
    assert render('{{repl ConfigOptionFilename "o" }}', given._replace(missing="empty")) == ""
