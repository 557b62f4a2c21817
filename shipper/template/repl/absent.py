"""Functions that specs may name and that are not there: the reason, or what to use instead."""

from __future__ import annotations

_MACHINE = "a template must not read the machine it runs on: use a configuration option"
_CLUSTER = "nothing is asked of a cluster: use a configuration option, or a file for --release"
_NATIVE = "only the scheduler of Replicated's native (pre-Kubernetes) appliance had it: use a configuration option"
_CONSOLE = "it belongs to Replicated's admin console: use a configuration option"
_NODE = "a node's address is a matter of Replicated's native scheduler: nothing is asked of a cluster"
_KURL = "a kURL installer is asked for it, and nothing is asked of a cluster: use a configuration option"
_IDENTITY = "there is no identity service: use a configuration option"
_BCRYPT = "there is no bcrypt here: make the hash elsewhere, and take it from a configuration option"
_HELM = "it belongs to Helm: leave it between {{ and }}, which stay as they are"
_FINISH = "close it with {{repl end }}"

_BY_REASON = {
    _MACHINE: "env expandenv getHostByName",
    _CLUSTER: "Lookup IsEmbeddedCluster EmbeddedClusterVersion lookup",
    _KURL: "KurlString KurlInt KurlBool KurlOption KurlAll",
    _NATIVE: "AppID AppVersion AppVersionCurrent AppVersionFirst ContainerExposedPort ContainerExposedPortFirst "
    "ContainerExposedPortAll DockerInfo HostPrivateIpAddress HostPrivateIpAddressAll HostPublicIpAddress "
    "HostPublicIpAddressAll LdapCopyAuthFrom PremkitAPIAddress RunOffline ServiceAddress StatsdAddress "
    "SwarmIngressAddress NamespaceAddress AppSetting",
    _NODE: "NodePrivateIPAddress NodePrivateIPAddressFirst NodePrivateIPAddressAll NodePublicIPAddress "
    "NodePublicIPAddressFirst NodePublicIPAddressAll ThisHostInterfaceAddress ThisHostPrivateIpAddress "
    "ThisHostPublicIpAddress ThisNodeDockerAddress ThisNodeInterfaceAddress ThisNodePrivateIPAddress "
    "ThisNodePublicIPAddress",
    _CONSOLE: "ConsoleSetting ConsoleSettingEquals HelmValue PrivateCACert ReplicatedImageName ReplicatedImageRegistry",
    _IDENTITY: "IdentityServiceEnabled IdentityServiceClientID IdentityServiceClientSecret IdentityServiceRoles "
    "IdentityServiceName IdentityServicePort",
    _BCRYPT: "bcrypt htpasswd",
    _HELM: "include tpl required",
    _FINISH: "endif endrange endfor endwith fi done",
    "use {{repl range $item := … }} … {{repl end }}": "for foreach",
    "use {{repl else if … }}": "elif elseif elsif",
    "use {{repl $name := … }}": "let var",
    "use IsAirgap": "Airgap",
    "use LicenseFieldValue": "LicenseProperty License",
    'use Installation: {{repl Installation "semver" }}': "context",
    "write true": "True TRUE yes",
    "write false": "False FALSE no",
    "write nil": "None none null Nil NULL",
}  # fmt: skip

_REASONS = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
_REFUSED = frozenset(_BY_REASON[_MACHINE].split())


def absence(name: str) -> tuple[str, str] | None:
    """What to say of the function `name` and what to do, if it is one that others have."""
    reason = _REASONS.get(name)
    if reason is None:
        return None
    if name in _REFUSED:
        return f'the function "{name}" is refused', reason
    return f'no function "{name}"', reason
