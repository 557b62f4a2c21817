"""What a file of `--release` may say: facts about the release, and about the cluster it is rendered for.

They are facts that somebody wrote down; no cluster is asked. `docs/release.md` has the same table.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from shipper.errors import did_you_mean

LOCAL_REGISTRY = "local_registry"
"""The one map in the file. Its entries are facts with a dotted name: `local_registry.host`."""


class Key(NamedTuple):
    """A name in the file: what kind of value it has, which functions tell it, and what they give without it.

    `empty` is what they gave in Ship and KOTS, and is given for `--missing empty`; `optional` is given it always.
    """

    kind: Literal["text", "integer", "boolean"] = "text"
    functions: str = "Installation"
    empty: str | int = ""
    optional: bool = False


KEYS = {
    "app_slug": Key(functions="Installation ImagePullSecretName"),
    "channel_id": Key(),
    "channel_name": Key(functions="Installation ChannelName"),
    "channel_icon": Key(),
    "customer_id": Key(),
    "installation_id": Key(),
    "license_id": Key(),
    "release_id": Key(),
    "release_notes": Key(functions="Installation ReleaseNotes"),
    "semver": Key(functions="Installation VersionLabel"),
    "state_file_path": Key(),
    "created": Key(functions="ShipCustomerRelease"),
    "config_spec": Key(functions="ConfigSpec"),
    "collect_spec": Key(functions="CollectSpec"),
    "analyze_spec": Key(functions="AnalyzeSpec"),
    "entitlement_spec": Key(functions="ShipCustomerReleaseFull"),
    "version_label": Key(functions="VersionLabel"),
    "sequence": Key("integer", "Sequence", -1),
    "cursor": Key(functions="Cursor"),
    "is_required": Key("boolean", "IsRequired", empty=False),
    "is_airgap": Key("boolean", "IsAirgap", empty=False),
    "registry_domain": Key(functions="ReplicatedRegistryDomain"),
    "proxy_domain": Key(functions="ReplicatedProxyDomain"),
    "kots_version": Key(functions="KotsVersion"),
    "namespace": Key(functions="Namespace"),
    "distribution": Key(functions="Distribution IsKurl"),
    "kubernetes_version": Key(
        functions="KubernetesVersion KubernetesMajorVersion KubernetesMinorVersion", empty="0.0.0+unknown"
    ),
    "node_count": Key("integer", "NodeCount", 0),
    "http_proxy": Key(functions="HTTPProxy", optional=True),
    "https_proxy": Key(functions="HTTPSProxy", optional=True),
    "no_proxy": Key(functions="NoProxy", optional=True),
    "local_registry.host": Key(
        functions="LocalRegistryHost LocalRegistryAddress HasLocalRegistry LocalImageName", optional=True
    ),
    "local_registry.namespace": Key(functions="LocalRegistryNamespace LocalRegistryAddress", optional=True),
    "local_registry.username": Key(functions="LocalRegistryImagePullSecret", optional=True),
    "local_registry.password": Key(functions="LocalRegistryImagePullSecret", optional=True),
    "local_registry.pull_secret": Key(functions="ImagePullSecretName", optional=True),
}
"""All names that mean something. Others may be in the file, too, for `Installation`."""

_FOLDED = {name.replace("_", ""): name for name in KEYS}
_CUTOFF = 0.9  # names as different as `customer` and `customer_id` are somebody's own


def mistaken(name: str) -> str:
    """The hint for a name that is nearly one of ours, such as `channelName`, or a secret; empty for any other."""
    if name in KEYS or name == LOCAL_REGISTRY:
        return ""
    from difflib import get_close_matches

    folded = name.replace("_", "").replace("-", "").casefold()
    if folded == "registrysecret":
        return "it is a secret of Replicated Ship: leave it out"
    close = get_close_matches(folded, [*_FOLDED, LOCAL_REGISTRY.replace("_", "")], n=1, cutoff=_CUTOFF)
    return f'did you mean "{_FOLDED.get(close[0], LOCAL_REGISTRY)}"?' if close else ""


def unknown_entry(name: str) -> str:
    """The hint for a name in `local_registry` that means nothing."""
    entries = [key.partition(".")[2] for key in KEYS if key.startswith(f"{LOCAL_REGISTRY}.")]
    return did_you_mean(name, entries) or f"it holds {', '.join(entries)}"
