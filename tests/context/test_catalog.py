"""The tables of names say what the modules register, and nothing is loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment

from shipper.context import catalog
from shipper.context.catalog import FURTHER_IN, JINJA, JINJA_NAMES, REPL_FUNCTIONS, REPL_IN
from shipper.context.functions import FUNCTIONS
from shipper.context.registry import FURTHER, REPL
from shipper.template.repl.absent import absence
from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from shipper.context.catalog import Load

SHIP = """
    Now NowFmt ToLower ToUpper TrimSpace Trim UrlEncode UrlPathEscape Base64Encode Base64Decode Split RandomString Add Sub Mult
    Div ParseBool ParseFloat ParseInt ParseUint HumanSize KubeSeal ConfigOption ConfigOptionIndex ConfigOptionData
    ConfigOptionEquals ConfigOptionNotEquals EntitlementValue LicenseFieldValue Installation ShipCustomerRelease
    ShipCustomerReleaseFull ConfigSpec CollectSpec AnalyzeSpec GetCaKey GetCaCert GetKey GetCert Entitlements AmazonEKS GoogleGKE
    AzureAKS
"""
GO = "and or not eq ne lt le gt ge index len print printf println html js urlquery slice call"
SPRIG = """
    hello ago date date_in_zone date_modify dateInZone dateModify durationRound htmlDate htmlDateInZone must_date_modify
    mustDateModify mustToDate now toDate unixEpoch abbrev abbrevboth trunc trim upper lower title untitle substr repeat trimall
    trimAll trimSuffix trimPrefix nospace initials randAlphaNum randAlpha randAscii randNumeric swapcase shuffle snakecase
    camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent replace plural sha1sum
    sha256sum adler32sum toString atoi int64 int float64 toDecimal split splitList splitn toStrings until untilStep add1 add sub
    div mod mul biggest max min ceil floor round join sortAlpha default empty coalesce compact mustCompact toJson toPrettyJson
    toRawJson mustToJson mustToPrettyJson mustToRawJson ternary deepCopy mustDeepCopy typeOf typeIs typeIsLike kindOf kindIs
    deepEqual env expandenv getHostByName base dir clean ext isAbs b64enc b64dec b32enc b32dec tuple list dict get set unset
    hasKey pluck keys pick omit merge mergeOverwrite mustMerge mustMergeOverwrite values append mustAppend prepend mustPrepend
    first mustFirst rest mustRest last mustLast initial mustInitial reverse mustReverse uniq mustUniq without mustWithout has
    mustHas slice mustSlice concat genPrivateKey derivePassword buildCustomCert genCA genSelfSignedCert genSignedCert encryptAES
    decryptAES uuidv4 semver semverCompare fail regexMatch mustRegexMatch regexFindAll mustRegexFindAll regexFind mustRegexFind
    regexReplaceAll mustRegexReplaceAll regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit urlParse
    urlJoin fromJson dig
"""
KOTS = """
    RandomBytes Namespace TLSCert TLSKey TLSCACert TLSCertFromCA TLSKeyFromCA KotsVersion IsKurl Distribution NodeCount HTTPProxy
    HTTPSProxy NoProxy YamlEscape KubernetesVersion KubernetesMajorVersion KubernetesMinorVersion Lookup PrivateCACert
    LicenseFieldValue LicenseDockerCfg ConfigOptionName ConfigOptionFilename LocalRegistryAddress LocalRegistryHost
    LocalRegistryNamespace LocalImageName LocalRegistryImagePullSecret ImagePullSecretName HasLocalRegistry Sequence Cursor
    ChannelName VersionLabel IsRequired ReleaseNotes IsAirgap ReplicatedRegistryDomain ReplicatedProxyDomain KurlString KurlInt
    KurlBool KurlOption KurlAll
"""


def names(table: dict[Load, str]) -> list[str]:
    return [name for listed in table.values() for name in listed.split()]


@pytest.mark.parametrize("table", [FURTHER_IN, REPL_IN], ids=["further", "repl"])
def test_a_module_registers_what_its_row_says(table: dict[Load, str]) -> None:
    for load, listed in table.items():
        load()
        registered = FURTHER if table is FURTHER_IN else REPL
        assert not set(listed.split()) - registered.keys(), load.__name__
    assert len(names(table)) == len(set(names(table))), "a name stands in two rows"


def test_every_registered_function_has_a_row() -> None:
    for load in (*FURTHER_IN, *REPL_IN):
        load()
    assert set(names(FURTHER_IN)) == FURTHER.keys()
    assert set(names(REPL_IN)) == REPL.keys()
    assert not FURTHER.keys() & FUNCTIONS.keys()


def test_the_names_that_are_jinjas_own() -> None:
    environment = Environment(autoescape=True)
    builtins = {*environment.filters, *environment.globals} - {"lipsum", "cycler", "joiner"}
    assert builtins == JINJA_NAMES | {"tojson"}
    assert not JINJA_NAMES & JINJA.keys() - FUNCTIONS.keys()


@pytest.mark.parametrize("name", sorted({*f"{SHIP} {GO} {SPRIG} {KOTS}".split()}))
def test_every_function_of_ship_kots_and_sprig_exists_or_is_refused_with_a_reason(name: str) -> None:
    syntax = {"and", "or", "not"}
    if name in REPL_FUNCTIONS or name in syntax:
        assert absence(name) is None
    else:
        said = absence(name)
        assert said is not None
        assert all(said)


def test_what_reads_the_machine_is_refused() -> None:
    for name in ("env", "expandenv", "getHostByName"):
        assert name not in REPL_FUNCTIONS
        assert name not in JINJA
        message, reason = absence(name) or ("", "")
        assert message == f'the function "{name}" is refused'
        assert "machine" in reason


PLAIN = """
import sys
from tests.context.sample import render
text = "kind: Namespace\\nname: hello\\ndir: {{ ConfigOption('hostname') | upper }}{{ config.replicas }}{% if entitlements.ha %}trunc{% endif %}"
assert "APP.EXAMPLE.COM3trunc" in render(text)
loaded = [name for name in sys.modules if name.startswith(("shipper.context.sprig.", "shipper.context.ship.", "shipper.context.go."))]
assert not loaded, loaded
assert render('{{ TrimSpace(" a ") }}{{ " b " | TrimSpace }}{{ [" c "] | map("TrimSpace") | join }}') == "abc"
assert "shipper.context.ship.text" in sys.modules
assert "shipper.context.ship.target" not in sys.modules
"""


def test_a_plain_template_loads_nothing_further() -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_catalogs_are_mappings() -> None:
    assert list(JINJA) == sorted(JINJA)
    assert len(REPL_FUNCTIONS) == len(set(REPL_FUNCTIONS))
    assert "ParseInt" in REPL_FUNCTIONS
    assert REPL_FUNCTIONS["ParseInt"] is not JINJA["ParseInt"]
    assert REPL_FUNCTIONS["Split"] is JINJA["Split"]
    with pytest.raises(KeyError):
        JINJA["nosuch"]
    with pytest.raises(KeyError):
        catalog.Catalog("jinja")["trim"]
