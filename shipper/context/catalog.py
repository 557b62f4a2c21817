"""Where each function is: the core ones at once, the others by a table of names, loaded when a template asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from shipper.context.functions import FUNCTIONS
from shipper.context.registry import FURTHER, REPL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.context.registry import FunctionSpec

Templating = Literal["jinja", "repl"]

Load = Callable[[], object]


def _dates() -> object:
    from shipper.context.sprig import dates

    return dates


def _encoding() -> object:
    from shipper.context.sprig import encoding

    return encoding


def _flow() -> object:
    from shipper.context.sprig import flow

    return flow


def _go() -> object:
    from shipper.context.go import builtins

    return builtins


def _hashes() -> object:
    from shipper.context.sprig import hashes

    return hashes


def _paths() -> object:
    from shipper.context.sprig import paths

    return paths


def _regex() -> object:
    from shipper.context.sprig import regex

    return regex


def _semver() -> object:
    from shipper.context.sprig import semver

    return semver


def _urls() -> object:
    from shipper.context.sprig import urls

    return urls


def _certificates() -> object:
    from shipper.context.sprig import certificates

    return certificates


def _ciphers() -> object:
    from shipper.context.sprig import ciphers

    return ciphers


def _randoms() -> object:
    from shipper.context.sprig import randoms

    return randoms


def _ship_certificates() -> object:
    from shipper.context.ship import certificates

    return certificates


def _ship_clusters() -> object:
    from shipper.context.ship import clusters

    return clusters


def _ship_configuration() -> object:
    from shipper.context.ship import configuration

    return configuration


def _ship_numbers() -> object:
    from shipper.context.ship import numbers

    return numbers


def _ship_randoms() -> object:
    from shipper.context.ship import randoms

    return randoms


def _ship_release() -> object:
    from shipper.context.ship import release

    return release


def _ship_target() -> object:
    from shipper.context.ship import target

    return target


def _ship_text() -> object:
    from shipper.context.ship import text

    return text


def _cases() -> object:
    from shipper.context.sprig import cases

    return cases


def _defaults() -> object:
    from shipper.context.sprig import defaults

    return defaults


def _dicts() -> object:
    from shipper.context.sprig import dicts

    return dicts


def _floats() -> object:
    from shipper.context.sprig import floats

    return floats


def _jsontext() -> object:
    from shipper.context.sprig import jsontext

    return jsontext


def _lists() -> object:
    from shipper.context.sprig import lists

    return lists


def _numbers() -> object:
    from shipper.context.sprig import numbers

    return numbers


def _repl() -> object:
    from shipper.context.sprig import repl

    return repl


def _strings() -> object:
    from shipper.context.sprig import strings

    return strings


def _types() -> object:
    from shipper.context.sprig import types

    return types


FURTHER_IN: dict[Load, str] = {
    _cases: "camelcase initials kebabcase lower nospace snakecase swapcase title untitle upper",
    _defaults: "all any coalesce empty ternary",
    _dicts: (
        "deepCopy dict dig get hasKey keys merge mergeOverwrite mustDeepCopy mustMerge mustMergeOverwrite omit "
        "pick pluck values"
    ),
    _floats: "add1f addf divf maxf minf mulf subf",
    _jsontext: "fromJson mustFromJson mustToJson mustToPrettyJson mustToRawJson toPrettyJson toRawJson",
    _lists: (
        "append chunk compact concat first has initial last list mustAppend mustChunk mustCompact mustFirst "
        "mustHas mustInitial mustLast mustPrepend mustPush mustRest mustReverse mustSlice mustUniq mustWithout "
        "prepend push rest reverse slice sortAlpha tuple uniq without"
    ),
    _numbers: (
        "add add1 atoi biggest ceil div float64 floor int int64 max min mod mul round seq sub toDecimal until untilStep"
    ),
    _strings: (
        "abbrev abbrevboth cat contains hasPrefix hasSuffix join plural repeat replace split splitList splitn "
        "substr toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc wrap wrapWith"
    ),
    _types: "deepEqual kindIs kindOf typeIs typeIsLike typeOf",
    _ship_configuration: "ConfigOptionFilename ConfigOptionIndex ConfigOptionName",
    _ship_numbers: "ParseUint",
    _ship_release: "AnalyzeSpec CollectSpec ConfigSpec ShipCustomerRelease ShipCustomerReleaseFull",
    _ship_target: (
        "ChannelName Cursor Distribution HTTPProxy HTTPSProxy HasLocalRegistry ImagePullSecretName IsAirgap IsKurl "
        "IsRequired KotsVersion KubernetesMajorVersion KubernetesMinorVersion KubernetesVersion LocalImageName "
        "LocalRegistryAddress LocalRegistryHost LocalRegistryImagePullSecret LocalRegistryNamespace Namespace NoProxy "
        "NodeCount ReleaseNotes ReplicatedProxyDomain ReplicatedRegistryDomain Sequence VersionLabel"
    ),
    _ship_text: "NowFmt TrimSpace UrlPathEscape YamlEscape",
    _ship_certificates: "GetCaCert GetCaKey GetCert GetKey TLSCACert TLSCert TLSCertFromCA TLSKey TLSKeyFromCA",
    _ship_randoms: "RandomBytes RandomString",
    _certificates: (
        "buildCustomCert genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert "
        "genSignedCertWithKey"
    ),
    _ciphers: "KubeSeal decryptAES derivePassword encryptAES",
    _randoms: "randAlpha randAlphaNum randAscii randBytes randInt randNumeric shuffle uuidv4",
    _dates: (
        "ago date dateInZone dateModify date_in_zone date_modify duration durationRound htmlDate htmlDateInZone "
        "mustDateModify mustToDate must_date_modify now toDate unixEpoch"
    ),
    _encoding: "b32dec b32enc b64dec b64enc",
    _flow: "fail hello",
    _hashes: "adler32sum sha1sum sha512sum",
    _paths: "base clean dir ext isAbs osBase osClean osDir osExt osIsAbs",
    _regex: (
        "mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit "
        "regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit"
    ),
    _semver: "semver semverCompare",
    _urls: "urlJoin urlParse",
}
"""What imports a module, and the names of the functions that both languages get from it."""

REPL_IN: dict[Load, str] = {
    _defaults: "default",
    _dicts: "set unset",
    _repl: "fromJson indent mustFromJson nindent quote squote toJson toYaml",
    _ship_clusters: "AmazonEKS AzureAKS GoogleGKE",
    _ship_configuration: "ConfigOptionEquals ConfigOptionNotEquals",
    _ship_numbers: "Add Div HumanSize Mult ParseBool ParseFloat ParseInt Sub",
    _go: "call eq ge gt html index js le len lt ne print printf println urlquery",
}
"""The same for what only repl has, or has with another meaning."""

JINJA_NAMES = frozenset({
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dict", "dictsort", "e", "escape",
    "filesizeformat", "first", "float", "forceescape", "format", "groupby", "indent", "int", "items", "join",
    "last", "length", "list", "lower", "map", "max", "min", "namespace", "pprint", "random", "range", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort", "string",
    "striptags", "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "urlize",
    "wordcount", "wordwrap", "xmlattr",
})  # fmt: skip
"""Filters and globals of jinja2: in Jinja these names mean what they mean there."""


def _by_name(table: dict[Load, str]) -> dict[str, Load]:
    return {name: load for load, names in table.items() for name in names.split()}


_FURTHER = _by_name(FURTHER_IN)
_REPL = _by_name(REPL_IN)


class Catalog(Mapping[str, "FunctionSpec"]):
    """The functions of one template language by name. Asking for one loads its module, asking for the names nothing."""

    def __init__(self, templating: Templating) -> None:
        self.templating = templating
        if templating == "repl":
            self._names = frozenset({*FUNCTIONS, *_FURTHER, *_REPL})
        else:
            self._names = frozenset({*FUNCTIONS, *(_FURTHER.keys() - JINJA_NAMES)})
        self._further = self._names - FUNCTIONS.keys()

    def __getitem__(self, name: str) -> FunctionSpec:
        if name not in self._names:
            raise KeyError(name)
        if self.templating == "repl" and name in _REPL:
            _REPL[name]()
            return REPL[name]
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        _FURTHER[name]()
        return FURTHER[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def further(self) -> frozenset[str]:
        """The names beside the core's, which cost a module when they are asked for."""
        return self._further


JINJA = Catalog("jinja")
REPL_FUNCTIONS = Catalog("repl")
