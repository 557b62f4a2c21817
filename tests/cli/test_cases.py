"""`shipper test`: cases that pass, cases that fail, and case files that are wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest
import yaml

from tests.corpora import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.program import Ran

SPEC = """\
license.v1: {product: acme}
assets.v1:
- inline:
    dest: k8s/web.yaml
    contents: |
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web, labels: {app: web}}
      spec:
        replicas: {{ config.replicas }}
        template:
          spec:
            containers:
            - {name: init, image: a}
            - {name: app, image: b, args: [x, y, z], env: [{name: SEATS, value: "{{ EntitlementValue("num_seats") }}"}]}
- inline:
    dest: k8s/scaler.yaml
    when: entitlements.tier == "enterprise"
    contents: "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: scaler}\\n"
- inline: {dest: README.md, contents: "For {{ license.customer.name }}, {{ Now() }}\\npassword {{ config.password }}\\n"}
config.v1:
- name: app
  items:
  - {name: replicas, type: integer, default: 2}
  - {name: password, type: password, default: hunter22}
"""
LICENSE = """\
product: acme
customer: {id: c-1, name: ACME}
entitlements: {num_seats: 50, tier: enterprise}
"""


@pytest.fixture
def case(shipper: Callable[..., Ran], tmp_path: Path) -> Callable[..., Ran]:
    """Write the text of a case, with a license unless it has one, and run it."""

    def run_it(text: str, *arguments: str, license: str = "license: ../license.yaml\n", spec: str = SPEC) -> Ran:
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "spec.yaml").write_text(spec)
        (tmp_path / "license.yaml").write_text(LICENSE)
        (tmp_path / "tests" / "a.yaml").write_text(license + text)
        return shipper("test", *arguments)

    return run_it


def failures(ran: Ran) -> list[str]:
    """The lines that say what is wrong, without their places."""
    assert ran.code == 10, ran.err
    return [line.strip().split(": ", 1)[1] for line in ran.out.splitlines() if line.startswith("        tests/")]


PASSING = {
    "nothing is expected but that it renders": "",
    "all files": "expect: {files: [k8s/web.yaml, README.md, ./k8s/scaler.yaml]}",
    "some files": "expect: {rendered: k8s/web.yaml}",
    "a skipped file": "license: {product: acme, customer: {id: c, name: n}, entitlements: {num_seats: 1, tier: x}}\n"
    "expect: {skipped: [k8s/scaler.yaml]}",
    "a text": "expect: {contains: {README.md: [For ACME, password], k8s/web.yaml: 'name: app'}}",
    "no such text": "expect: {lacks: {README.md: [For OTHERS]}}",
    "a document": "expect: {documents: [{kind: Deployment}, {apiVersion: apps/v1, metadata: {name: web}}]}",
    "part of a document": "expect: {documents: [{kind: Deployment, metadata: {labels: {app: web}, annotations: null}, "
    "spec: {replicas: 2, template: {spec: {containers: [{name: app, args: [x, z]}]}}}}]}",
    "values": "values: {replicas: 7}\nexpect: {documents: [{kind: Deployment, spec: {replicas: 7}}]}",
    "a text that looks like a number": "expect: {documents: [{spec: {template: {spec: {containers: "
    "[{env: [{name: SEATS, value: '50'}]}]}}}}]}",
    "a time": "at: 2031-02-03\nexpect: {contains: {README.md: 2031-02-03T00:00:00Z}}",
    "an error": "values: {replicas: many}\nexpect: {error: no integer}",
    "an error with its code": "values: {nosuch: 1}\nexpect: {error: {exit_code: 3, message: there is no option}}",
    "another product": "license: {product: other, customer: {id: c, name: n}}\nexpect: {error: {exit_code: 5}}",
    "no license": "license:\nexpect: {error: {exit_code: 5, message: the spec needs a license}}",
    "missing entitlements": "missing: empty\nlicense: {product: acme, customer: {id: c, name: n}, "
    "entitlements: {tier: x}}\nexpect: {contains: {k8s/web.yaml: 'value: \"\"'}}",
}


@pytest.mark.parametrize("name", PASSING)
def test_cases_that_pass(name: str, case: Callable[..., Ran]) -> None:
    text = PASSING[name]
    ran = case(text, license="" if "license:" in text else "license: ../license.yaml\n")
    assert (ran.code, ran.out, ran.err) == (0, "ok      a (tests/a.yaml)\n", "spec.yaml: 1 case, 0 failed\n")


SMALL = "license: {product: acme, customer: {id: c, name: n}, entitlements: {num_seats: 1, tier: x}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "expect: {files: [k8s/web.yaml, README.txt]}",
            [
                '"README.txt" is not rendered (did you mean "README.md"?)',
                '"k8s/scaler.yaml" is rendered, and not among the files',
                '"README.md" is rendered, and not among the files',
            ],
        ),
        (
            "expect: {files: []}",
            [
                f'"{dest}" is rendered, and not among the files'
                for dest in ("k8s/web.yaml", "k8s/scaler.yaml", "README.md")
            ],
        ),
        ("expect: {rendered: [zzz]}", ['"zzz" is not rendered']),
        ("expect: {skipped: [k8s/scaler.yaml]}", ['"k8s/scaler.yaml" is rendered']),
        ("expect: {skipped: [k8s]}", ['"k8s" is rendered']),
        ("expect: {skipped: [k8s/scalr.yaml]}", ['no asset with the dest "k8s/scalr.yaml" is skipped']),
        ("expect: {contains: {README.md: [For ACME, nope]}}", ['"README.md" doesn\'t contain "nope"']),
        ("expect: {contains: {zzz: [a]}}", ['"zzz" is not rendered']),
        ("expect: {lacks: {README.md: password}}", ['"README.md" contains "password" in line 2']),
        (
            "expect: {documents: [{kind: Service}]}",
            ["there is no document Service (there are: Deployment/web, ConfigMap/scaler)"],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {replicas: '2'}}]}",
            ['k8s/web.yaml: Deployment/web: spec.replicas is 2, not "2"'],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {replicas: true}}]}",
            ["k8s/web.yaml: Deployment/web: spec.replicas is 2, not true"],
        ),
        (
            "expect: {documents: [{kind: Deployment, metadata: {labels: null}}]}",
            ['k8s/web.yaml: Deployment/web: metadata.labels is {"app": "web"}, not null'],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {strategy: {type: Recreate}}}]}",
            ["k8s/web.yaml: Deployment/web: spec.strategy is missing"],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {template: {spec: {containers: [{name: app, image: c}]}}}}]}",
            ['k8s/web.yaml: Deployment/web: spec.template.spec.containers[1].image is "b", not "c"'],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {template: {spec: {containers: [{name: b}]}}}}]}",
            ['k8s/web.yaml: Deployment/web: spec.template.spec.containers has no item {"name": "b"} there'],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {template: {spec: {containers: [{name: app}, {name: init}]}}}}]}",
            ['k8s/web.yaml: Deployment/web: spec.template.spec.containers has no item {"name": "init"} there'],
        ),
        (
            "expect: {documents: [{kind: Deployment, spec: {replicas: [2]}}]}",
            ["k8s/web.yaml: Deployment/web: spec.replicas is 2, not a list"],
        ),
        ("expect: {error: no}", ["this renders, and an error is expected"]),
        (
            "values: {replicas: many}",
            ['rendering fails with the exit code 3: tests/a.yaml:2:20: option replicas: "many" is no integer'],
        ),
        (
            "values: {replicas: many}\nexpect: {error: {exit_code: 4, message: other}}",
            [
                'the exit code is 3, not 4: tests/a.yaml:2:20: option replicas: "many" is no integer',
                'the message doesn\'t have "other" in it: tests/a.yaml:2:20: option replicas: "many" is no integer',
            ],
        ),
    ],
)
def test_cases_that_fail(text: str, expected: list[str], case: Callable[..., Ran]) -> None:
    assert failures(case(text)) == expected


def test_why_a_file_is_not_rendered(case: Callable[..., Ran]) -> None:
    ran = case("expect: {rendered: [k8s/scaler.yaml]}", license=SMALL)
    assert failures(ran) == [
        '"k8s/scaler.yaml" is not rendered (its condition is false: entitlements.tier == "enterprise")'
    ]


def test_places_and_the_summary(case: Callable[..., Ran]) -> None:
    ran = case("name: two\n  words\nexpect:\n  rendered:\n  - zzz\n")
    assert ran.out == 'FAILED  two words (tests/a.yaml)\n        tests/a.yaml:6:5: "zzz" is not rendered\n'
    assert ran.err == "spec.yaml: 1 case, 1 failed\n"


def test_secrets_are_masked_in_what_is_said(case: Callable[..., Ran]) -> None:
    ran = case("values: {password: geheimnis}\nexpect: {lacks: {README.md: geheimnis}, golden: golden/g.yaml}")
    assert ran.code == 10
    assert "geheimnis" not in ran.out
    ran = case("expect: {golden: golden}", "--update-golden")
    assert ran.code == 0
    ran = case("values: {password: geheimnis}\nexpect: {golden: golden}")
    assert "+password ********" in ran.out
    assert "geheimnis" not in ran.out


WRONG = [
    ("", "tests/a.yaml:1:1: there is no case in this file"),
    ("[]", "tests/a.yaml:1:1: there is no case in this file"),
    ("a", "tests/a.yaml:1:1: a case must be a map, not a text"),
    ("- {nme: a}", 'tests/a.yaml:1:4: a case: unknown key "nme" (did you mean "name"?)'),
    ("expect: {fils: []}", 'tests/a.yaml:1:10: case "a": "expect": unknown key "fils" (did you mean "files"?)'),
    ("expect: {error: {code: 3}}", 'tests/a.yaml:1:18: case "a": "expect": "error": unknown key "code"'),
    ("expect: {error: {exit_code: three}}", 'tests/a.yaml:1:29: case "a": "expect": "error": "exit_code" is a number'),
    ("expect: {error: {exit_code: 0}}", 'tests/a.yaml:1:29: case "a": "expect": "error": "exit_code" is a number'),
    ("expect: {error: {}}", 'tests/a.yaml:1:17: case "a": "expect": "error" says which one (a text of its message'),
    ("expect: {error: {message: }}", 'tests/a.yaml:1:17: case "a": "expect": "error" says which one'),
    ("expect: {error: ''}", 'tests/a.yaml:1:17: case "a": "expect": "error": an empty text is everywhere'),
    ("expect: {error: {message: ''}}", 'tests/a.yaml:1:27: case "a": "expect": "error": an empty text is everywhere'),
    (
        "expect: {contains: {a: [b, '']}}",
        'tests/a.yaml:1:28: case "a": "expect": "contains": an empty text is everywhere',
    ),
    ("expect: {lacks: {a: ''}}", 'tests/a.yaml:1:21: case "a": "expect": "lacks": an empty text is everywhere'),
    ("expect: {golden: a.yaml}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a file among the cases'),
    ("expect: {golden: ./x/../b.yml}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a path below the folder'),
    ("expect: {golden: ./b.yml}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a file among the cases'),
    ("expect: {error: x, files: []}", 'tests/a.yaml:1:20: case "a": "expect": nothing is rendered where an error'),
    (
        "expect: {contains: [a]}",
        'tests/a.yaml:1:20: case "a": "expect": "contains" is a map of a file\'s dest to texts',
    ),
    ("expect: {documents: [a]}", 'tests/a.yaml:1:22: case "a": "expect": a document is a map, with at least one field'),
    (
        "expect: {documents: [{}]}",
        'tests/a.yaml:1:22: case "a": "expect": a document is a map, with at least one field',
    ),
    ("expect: {golden: ../x}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a path below the folder of the'),
    ("expect: {golden: /tmp/x}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a path below the folder of the'),
    ("expect: {golden: .}", 'tests/a.yaml:1:18: case "a": "expect": "golden" is a path below the folder of the'),
    ("license: nope.yaml", 'tests/a.yaml:1:10: no such file: "tests/nope.yaml"'),
    ("license: {prodct: a}", 'tests/a.yaml:1:11: license: a license has no field "prodct" (did you mean "product"?)'),
    ("license: {product: a}\ntrust_key: a", 'tests/a.yaml:2:12: "trust_key" is for a signed license'),
    ("trust_key: a", 'tests/a.yaml:1:12: "trust_key" is for a license'),
    ("values_files: [nope.yaml]", 'tests/a.yaml:1:16: no such file: "tests/nope.yaml"'),
    ("values: [a]", "tests/a.yaml:1:9: values are a map"),
    ("values: {a: [b]}", 'tests/a.yaml:1:13: the value of option "a" is a list, not a text'),
    ("release: nope", 'tests/a.yaml:1:10: no such file: "tests/nope"'),
    ("at: soon", 'tests/a.yaml:1:5: case "a": "at" is no time (such as 2030-01-01T00:00:00Z)'),
    ("missing: maybe", 'tests/a.yaml:1:10: case "a": "missing" is "maybe" (one of error, empty)'),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_case_file_stops_everything(text: str, message: str, case: Callable[..., Ran]) -> None:
    ran = case(text, license="")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(message), ran.err


def test_a_signed_license_and_the_keys_that_count(case: Callable[..., Ran], vendor: Path) -> None:
    signed = f"license: {vendor}/license.pem\n"
    assert case(f"trust_key: {vendor}/vendor.pub", license=signed).code == 0
    assert case(f"trust_key: [{vendor}/other.pub, {vendor}/vendor.pub]", license=signed).code == 0
    assert "signed by no trusted key" in case(f"trust_key: {vendor}/other.pub", license=signed).out
    pem = "\n      ".join((vendor / "vendor.pub").read_text().splitlines())
    pinned = SPEC.replace("{product: acme}", f"\n  product: acme\n  trust:\n  - |\n      {pem}")
    assert case("", license=signed, spec=pinned).code == 0
    assert "no trusted key is known" in case("", license=signed).out


def test_a_license_that_is_signed_here_replaces_the_pinned_keys(case: Callable[..., Ran], vendor: Path) -> None:
    pem = "\n      ".join((vendor / "other.pub").read_text().splitlines())
    assert case("", spec=SPEC.replace("{product: acme}", f"\n  product: acme\n  trust:\n  - |\n      {pem}")).code == 0


def test_the_time_of_a_case_is_when_its_license_is_issued_and_judged(case: Callable[..., Ran]) -> None:
    license = f"license: {{{', '.join(LICENSE.splitlines())}, expires_at: 2030-01-01T00:00:00Z}}\n"
    assert case("at: 2020-01-01T00:00:00+02:00", license=license).code == 0
    issued = license.replace("{product", "{issued_at: 2020-01-01T00:00:00Z, product")
    assert "expired" in case("at: 2031-01-01", license=issued).out


def test_release_and_installation(case: Callable[..., Ran], tmp_path: Path) -> None:
    spec = 'assets.v1: [{inline: {dest: a.txt, contents: \'{{ Installation("semver") }} {{ Installation("installation_id") }}\'}}]\n'
    text = "installation_id: abc\nexpect: {contains: {a.txt: 1.2.3 abc}}\n"
    assert case(f"release: {{semver: 1.2.3}}\n{text}", license="", spec=spec).code == 0
    (tmp_path / "release.yaml").write_text("semver: 1.2.3\n")
    assert case(f"release: ../release.yaml\n{text}", license="", spec=spec).code == 0


def test_the_case_s_own_values_win_over_files(case: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text("replicas: 5\n")
    (tmp_path / "w.yaml").write_text("replicas: 6\n")
    expect = "expect: {documents: [{kind: Deployment, spec: {replicas: %d}}]}\n"
    assert case("values_files: [../v.yaml, ../w.yaml]\n" + expect % 6).code == 0
    assert case("values_files: ../v.yaml\nvalues: {replicas: 7}\n" + expect % 7).code == 0


# --- golden output


def test_a_golden_file_holds_the_documents(case: Callable[..., Ran], tmp_path: Path) -> None:
    text = "expect: {golden: golden/out.yaml}\n"
    golden = tmp_path / "tests/golden/out.yaml"
    assert failures(case(text, "spec.yaml", "tests/a.yaml")) == [
        'there is no "tests/golden/out.yaml" (--update-golden writes it)'
    ]
    ran = case(text, "spec.yaml", "tests/a.yaml", "--update-golden")
    assert (ran.code, ran.out) == (0, "ok      a (tests/a.yaml)\n        wrote tests/golden/out.yaml\n")
    assert [document["kind"] for document in yaml.safe_load_all(golden.read_text())] == ["ConfigMap", "Deployment"]
    assert case(text, "spec.yaml", "tests/a.yaml").code == 0
    assert case(text, "spec.yaml", "tests/a.yaml", "--update-golden").out == "ok      a (tests/a.yaml)\n"
    ran = case("values: {replicas: 3}\n" + text, "spec.yaml", "tests/a.yaml")
    assert failures(ran) == ['this is not what "tests/golden/out.yaml" holds (--update-golden writes it)']
    assert "          -  replicas: 2\n          +  replicas: 3\n" in ran.out


def test_a_golden_folder_holds_all_files(case: Callable[..., Ran], tmp_path: Path) -> None:
    text = "at: 2030-01-01\nexpect: {golden: golden/one}\n"
    assert case(text, "--update-golden").code == 0
    folder = tmp_path / "tests/golden/one"
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
    assert found == ["README.md", "k8s/scaler.yaml", "k8s/web.yaml"]
    assert case(text).code == 0
    ran = case(text, license=SMALL)
    assert failures(ran)[0].startswith('this is not what "tests/golden/one/README.md" holds')
    assert '"tests/golden/one/k8s/scaler.yaml" is golden, and no "k8s/scaler.yaml" is rendered' in ran.out
    ran = case(text, "--update-golden", license=SMALL)
    assert ran.code == 0
    assert ran.out.endswith("        removed tests/golden/one/k8s/scaler.yaml\n")
    assert "        wrote tests/golden/one/README.md\n" in ran.out
    assert not (folder / "k8s/scaler.yaml").exists()
    assert '"k8s/scaler.yaml" is rendered, and there is no "tests/golden/one/k8s/scaler.yaml"' in case(text).out


def test_what_is_no_golden_output_is_left_alone(case: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "tests/mine").mkdir(parents=True)
    (tmp_path / "tests/mine/precious").write_text("x")
    (tmp_path / "tests/link").symlink_to("mine")
    (tmp_path / "tests/golden").mkdir()
    (tmp_path / "tests/golden/README.md").symlink_to("../mine/precious")
    for name, message in (
        ("mine", "holds nothing that is rendered"),
        ("link", "is behind a symbolic link"),
        ("link/sub", "is behind a symbolic link"),
        ("mine/precious", "is no folder"),
        ("golden", "is no regular file"),
    ):
        ran = case(f"expect: {{golden: {name}}}", "--update-golden")
        assert ran.code == 7, name
        assert message in ran.err
    assert (tmp_path / "tests/mine/precious").read_text() == "x"


def test_a_golden_file_of_what_is_no_manifest(case: Callable[..., Ran]) -> None:
    spec = "assets.v1: [{inline: {dest: a.yaml, contents: 'kind: A'}}]"
    ran = case("expect: {golden: golden/g.yaml}", "--update-golden", license="", spec=spec)
    assert ran.code == 10
    assert "a Kubernetes document with" in ran.out


def test_the_same_case_gives_the_same_bytes(case: Callable[..., Ran]) -> None:
    spec = SPEC.replace("For {{", "{{ Entitlements() }} For {{")
    text = "at: 2030-01-01\nexpect: {golden: golden}\n"
    assert case(text, "--update-golden", spec=spec).code == 0
    assert case(text, spec=spec).code == 0


# --- the command


def test_several_files_in_order_and_their_cases(
    shipper: Callable[..., Ran], case: Callable[..., Ran], tmp_path: Path
) -> None:
    assert case("").code == 0
    (tmp_path / "tests/b.yml").write_text("- license: ../license.yaml\n- name: second\n  license: ../license.yaml\n")
    (tmp_path / "tests/c.txt").write_text("no case")
    ran = shipper("test")
    assert ran.out == "ok      a (tests/a.yaml)\nok      b #1 (tests/b.yml)\nok      second (tests/b.yml)\n"
    assert shipper("test", "spec.yaml", "tests/b.yml", "tests/a.yaml", "tests").out.startswith("ok      b #1")
    assert ran.err == "spec.yaml: 3 cases, 0 failed\n"


@pytest.mark.parametrize("paths", [(), ("tests",)])
def test_no_case_is_an_error(paths: tuple[str, ...], shipper: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    if paths:
        (tmp_path / "tests").mkdir()
    ran = shipper("test", "spec.yaml", *paths)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == 'error: there is no case in "tests" (a case is a file such as tests/basic.yaml)\n'


def test_missing_inputs(shipper: Callable[..., Ran], tmp_path: Path) -> None:
    assert shipper("test").err == 'error: no such file: "spec.yaml"\n'
    (tmp_path / "spec.yaml").write_text(SPEC)
    ran = shipper("test", "spec.yaml", "nope.yaml")
    assert (ran.code, ran.err) == (2, 'error: no such file: "nope.yaml"\n')


def test_as_json(case: Callable[..., Ran]) -> None:
    ran = case("expect: {rendered: [zzz]}", "-o", "json")
    assert ran.code == 10
    [found] = json.loads(ran.out)
    assert found == {
        "name": "a",
        "file": "tests/a.yaml",
        "line": 1,
        "ok": False,
        "failures": [
            {"file": "tests/a.yaml", "line": 2, "column": 21, "message": '"zzz" is not rendered', "diff": None}
        ],
        "updated": [],
        "removed": [],
    }


def test_as_junit(case: Callable[..., Ran], tmp_path: Path) -> None:
    ran = case('name: "bell \\a <&>"\nexpect: {rendered: [zzz]}', "--junit", "report.xml")
    assert ran.code == 10
    root = fromstring((tmp_path / "report.xml").read_bytes())
    assert root.attrib == {"tests": "1", "failures": "1", "errors": "0"}
    [element] = root.iter("testcase")
    assert element.attrib == {"classname": "tests/a.yaml", "name": r"bell \x07 <&>"}
    failure = element.find("failure")
    assert failure is not None
    assert failure.attrib["message"] == '"zzz" is not rendered'
    assert failure.text == 'tests/a.yaml:3:21: "zzz" is not rendered'
    ran = case("", "--junit", "nowhere/report.xml")
    assert (ran.code, ran.out) == (7, "")


def test_the_cases_of_the_examples_pass(shipper: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    ran = shipper("test", "specs/acme.yaml", "specs/acme/tests")
    assert ran.code == 0, ran.out
    assert len(ran.out.splitlines()) > 3
