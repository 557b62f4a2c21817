"""Print the bill of materials of the image as CycloneDX JSON: what is installed, where it is from, its checksum.

python image/sbom.py ROOT REPORT < URIS

ROOT is the tree, REPORT what `pip install --report` wrote of the locked wheels, URIS what
`apt-get download --print-uris` said of Debian's packages. No time and no random number: the same image, the same bytes.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import Distribution, distributions
from typing import Any
from urllib.parse import quote

SPEC_VERSION = "1.6"
DISTRIBUTION = "debian-12"


def python_components(root: str, checksums: dict[str, str]) -> list[dict[str, Any]]:
    """The Python packages below `root`; each but shipper itself has the SHA-256 of the wheel that the lock allowed."""
    components = []
    for package in distributions(path=[os.path.join(root, "opt/shipper")]):
        name = canonical(package.name)
        component = {
            "type": "library",
            "name": name,
            "version": package.version,
            "purl": f"pkg:pypi/{name}@{quote(package.version, safe='')}",
            "licenses": licenses(package),
        }
        if name != "shipper":
            component["hashes"] = [{"alg": "SHA-256", "content": checksums[name]}]
        components.append({key: value for key, value in component.items() if value})
    return components


def canonical(name: str) -> str:
    """A package's name as the Python index writes it."""
    return name.lower().replace("_", "-").replace(".", "-")


def licenses(package: Distribution) -> list[dict[str, Any]]:
    """The license of a Python package, if it says so in a line."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return [{"expression": metadata["License-Expression"]}]
    named = metadata["License"] if "License" in metadata else ""  # noqa: SIM401 - the type of metadata has no get
    if not named or "\n" in named:
        prefix = "License :: OSI Approved :: "
        classifiers = metadata.get_all("Classifier") or []
        named = " AND ".join(each.removeprefix(prefix) for each in classifiers if each.startswith(prefix))
    return [{"license": {"name": named}}] if named else []


def debian_components(uris: list[str]) -> list[dict[str, Any]]:
    """Debian's packages; a line of `uris` is a URL, a file's name, its size and its checksum."""
    components = []
    for line in uris:
        _, file, _, checksum = line.split()
        name, version, architecture = file.removesuffix(".deb").split("_")
        version = version.replace("%3a", ":")
        purl = f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch={architecture}&distro={DISTRIBUTION}"
        components.append(
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": purl,
                "hashes": [{"alg": "SHA-256", "content": checksum.removeprefix("SHA256:")}],
            }
        )
    return components


def main(root: str, report: str) -> None:
    with open(report, encoding="utf-8") as opened:
        installed = json.load(opened)["install"]
    checksums = {
        canonical(each["metadata"]["name"]): each["download_info"]["archive_info"]["hashes"]["sha256"]
        for each in installed
    }
    components = [*python_components(root, checksums), *debian_components(sys.stdin.read().splitlines())]
    for component in components:
        component["bom-ref"] = component["purl"]
    components.sort(key=lambda component: component["purl"])
    own = next(component for component in components if component["name"] == "shipper")
    components.remove(own)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "version": 1,
        "metadata": {"component": {**own, "type": "application"}},
        "components": components,
    }
    print(json.dumps(bill, indent=1, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
