"""KOTS' functions about the release and the cluster it is for: facts that the file of `--release` holds.

Source: the reference of KOTS' template functions (https://docs.replicated.com/reference/template-functions-about).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shipper.context.build import installation
from shipper.context.docker import docker_config
from shipper.context.functions.facts import LicenseDockerCfg
from shipper.context.functions.text import Base64Encode
from shipper.context.registry import function
from shipper.context.ship.known import fact, text_fact
from shipper.errors import TemplateError

if TYPE_CHECKING:
    from shipper.context.facts import Facts


@function(("{{repl VersionLabel }}", "1.2.3"), ("{{ VersionLabel() }}", "1.2.3"), table="further")
def VersionLabel(facts: Facts) -> str:
    """The version of the release: its `version_label`, else `semver`."""
    return str(facts.release.get("version_label") or facts.release.get("semver") or text_fact(facts, "version_label"))


@function(("{{repl ReleaseNotes }}", "Faster."), table="further")
def ReleaseNotes(facts: Facts) -> str:
    """The notes of the release."""
    return text_fact(facts, "release_notes")


@function(("{{repl ChannelName }}", "Stable"), table="further")
def ChannelName(facts: Facts) -> str:
    """The channel of the release, else that of the license."""
    return installation(facts).get("channel_name") or text_fact(facts, "channel_name")


@function(("{{repl Sequence }}", "4"), table="further")
def Sequence(facts: Facts) -> int:
    """The number of the release on its channel; in KOTS -1 where there is none."""
    return int(fact(facts, "sequence"))


@function(("{{repl Cursor }}", "17"), table="further")
def Cursor(facts: Facts) -> str:
    """The number of the release among all of its application."""
    return text_fact(facts, "cursor")


@function(("{{repl IsRequired }}", "false"), table="further")
def IsRequired(facts: Facts) -> bool:
    """Whether the release must not be skipped."""
    return bool(fact(facts, "is_required"))


@function(("{{repl IsAirgap }}", "true"), ("{% if IsAirgap() %}air gap{% endif %}", "air gap"), table="further")
def IsAirgap(facts: Facts) -> bool:
    """Whether the cluster is cut off from the Internet."""
    return bool(fact(facts, "is_airgap"))


@function(("{{repl ReplicatedRegistryDomain }}", "registry.example.com"), table="further")
def ReplicatedRegistryDomain(facts: Facts) -> str:
    """The vendor's name for the container registry of Replicated."""
    return text_fact(facts, "registry_domain")


@function(("{{repl ReplicatedProxyDomain }}", "proxy.example.com"), table="further")
def ReplicatedProxyDomain(facts: Facts) -> str:
    """The vendor's name for the proxy of Replicated before other registries."""
    return text_fact(facts, "proxy_domain")


@function(("{{repl KotsVersion }}", "1.124.0"), table="further")
def KotsVersion(facts: Facts) -> str:
    """The version of KOTS, where a template decides by it."""
    return text_fact(facts, "kots_version").removeprefix("v")


@function(("{{repl Namespace }}", "acme"), ("{{ Namespace() }}", "acme"), table="further")
def Namespace(facts: Facts) -> str:
    """The namespace that objects are put into: what the flag `--namespace` says, else the file's `namespace`."""
    return facts.namespace or text_fact(facts, "namespace")


@function(("{{repl Distribution }}", "eks"), table="further")
def Distribution(facts: Facts) -> str:
    """The kind of cluster, such as `eks`, `gke`, `aks`, `openShift`, `k3s`, `kurl` or `embedded-cluster`."""
    return text_fact(facts, "distribution")


@function(("{{repl IsKurl }}", "false"), table="further")
def IsKurl(facts: Facts) -> bool:
    """Whether the `distribution` is `kurl`."""
    return text_fact(facts, "distribution") == "kurl"


@function(("{{repl KubernetesVersion }}", "1.31.2"), ("{{ KubernetesVersion() }}", "1.31.2"), table="further")
def KubernetesVersion(facts: Facts) -> str:
    """The version of Kubernetes, without a `v`."""
    return text_fact(facts, "kubernetes_version").removeprefix("v")


@function(("{{repl KubernetesMajorVersion }}", "1"), table="further")
def KubernetesMajorVersion(facts: Facts) -> str:
    """The first part of the version of Kubernetes, as text."""
    return _part(facts, 0)


@function(("{{repl KubernetesMinorVersion | ParseInt }}", "31"), table="further")
def KubernetesMinorVersion(facts: Facts) -> str:
    """The second part of the version of Kubernetes, as text."""
    return _part(facts, 1)


def _part(facts: Facts, place: int) -> str:
    if "kubernetes_version" not in facts.release and facts.missing == "empty":
        return ""
    version = KubernetesVersion(facts)
    parts = version.split(".")
    if len(parts) < 2 or not parts[place].isdecimal():
        raise TemplateError("kubernetes_version is no version", hint="such as 1.31.2")
    return parts[place]


@function(("{{repl NodeCount }}", "3"), table="further")
def NodeCount(facts: Facts) -> int:
    """How many nodes the cluster has."""
    return int(fact(facts, "node_count"))


@function(("{{repl HTTPProxy }}", "http://proxy.example.com:3128"), table="further")
def HTTPProxy(facts: Facts) -> str:
    """The proxy for HTTP; empty for none."""
    return text_fact(facts, "http_proxy")


@function(("{{repl HTTPSProxy | quote }}", '""'), table="further")
def HTTPSProxy(facts: Facts) -> str:
    """The proxy for HTTPS; empty for none."""
    return text_fact(facts, "https_proxy")


@function(("{{repl NoProxy }}", "10.0.0.0/8,.svc"), table="further")
def NoProxy(facts: Facts) -> str:
    """What is asked without a proxy, with commas between; empty for nothing."""
    return text_fact(facts, "no_proxy")


@function(
    ('{{repl HasLocalRegistry | ternary LocalRegistryHost "images.example.com" }}', "registry.internal:5000"),
    ("{{ HasLocalRegistry() }}", "true"),
    table="further",
)
def HasLocalRegistry(facts: Facts) -> bool:
    """Whether the cluster has a container registry of its own: whether the release file names a `local_registry`."""
    return bool(fact(facts, "local_registry.host"))


@function(("{{repl LocalRegistryHost }}", "registry.internal:5000"), table="further")
def LocalRegistryHost(facts: Facts) -> str:
    """The host of the cluster's registry, with its port; empty where there is none."""
    return text_fact(facts, "local_registry.host")


@function(("{{repl LocalRegistryNamespace }}", "mirror"), table="further")
def LocalRegistryNamespace(facts: Facts) -> str:
    """The namespace in the cluster's registry; empty where there is none."""
    return text_fact(facts, "local_registry.namespace")


@function(("{{repl LocalRegistryAddress }}/web:1.0", "registry.internal:5000/mirror/web:1.0"), table="further")
def LocalRegistryAddress(facts: Facts) -> str:
    """Host and namespace of the cluster's registry with a slash between; empty where there is none."""
    return "/".join(filter(None, (LocalRegistryHost(facts), LocalRegistryNamespace(facts))))


@function(
    ('{{repl LocalImageName "quay.io/acme/web:1.0" }}', "registry.internal:5000/mirror/web:1.0"),
    ('{{ LocalImageName("web@sha256:0a1b") }}', "registry.internal:5000/mirror/web@sha256:0a1b"),
    table="further",
)
def LocalImageName(facts: Facts, image: str) -> str:
    """The name of an image in the cluster's registry; without one the name as it is.

    KOTS sent images of private registries through its proxy then, which nobody does here.
    """
    address = LocalRegistryAddress(facts)
    if not address:
        return str(image)
    name = image.rpartition("/")[2]
    if not name or name != name.strip():
        raise TemplateError("this is no name of an image", hint="such as quay.io/acme/web:1.0")
    return f"{address}/{name}" if "@" in name or ":" in name else f"{address}/{name}:latest"


@function(
    (
        "{{repl LocalRegistryImagePullSecret | Base64Decode }}",
        '{"auths":{"registry.internal:5000":{"username":"puller","password":"local","auth":"cHVsbGVyOmxvY2Fs"}}}',
    ),
    secret=True,
    table="further",
)
def LocalRegistryImagePullSecret(facts: Facts) -> str:
    """The account for the cluster's registry, for `.dockerconfigjson` of a Secret; without one `LicenseDockerCfg`."""
    local = facts.local_registry()
    if local is None:
        return LicenseDockerCfg(facts)
    if not local.username or not local.password:
        missing = "password" if local.username else "username"
        raise TemplateError(
            f"local_registry.{missing} is not known here",
            hint=f"say it in the file of --release: local_registry: {{{missing}: …}}",
        )
    return Base64Encode(docker_config(local))


@function(("{{repl ImagePullSecretName }}", "acme-registry"), table="further")
def ImagePullSecretName(facts: Facts) -> str:
    """The name of the Secret that pulls images: `local_registry.pull_secret`, else the application's and `-registry`."""
    named = text_fact(facts, "local_registry.pull_secret")
    slug = installation(facts).get("app_slug")
    return named or f"{slug or text_fact(facts, 'app_slug')}-registry"
