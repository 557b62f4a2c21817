"""`shipper license …` from its arguments to its output and exit code."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import stat
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from shipper.cli.main import main
from tests.fixtures.licenses import build
from tests.license.sample import OTHER, VENDOR, license_file, payload_bytes

if TYPE_CHECKING:
    from pathlib import Path

YAML = """\
product: acme
customer: {id: c-0042, name: ACME Corp}
expires_at: 2030-01-01T00:00:00Z
grace_days: 14
entitlements: {num_seats: 50}
"""
AT = "2026-06-01T00:00:00Z"


class Shell:
    """Runs the program in a folder of its own."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.capture = capture
        self.patch = patch
        self.out = self.err = ""
        patch.chdir(folder)
        self.input(b"")

    def input(self, data: bytes) -> None:
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    def run(self, *arguments: str, stdin: bytes | None = None) -> int:
        if stdin is not None:
            self.input(stdin)
        code = main(["license", *arguments])
        self.out, self.err = self.capture.readouterr()
        return code

    def write(self, name: str, data: bytes | str, mode: int = 0o600) -> str:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(mode)
        return name


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell(tmp_path, capsys, monkeypatch)
    made.write("vendor.key", VENDOR.to_pem(None))
    made.write("vendor.pub", VENDOR.public.to_pem())
    made.write("other.pub", OTHER.public.to_pem())
    made.write("license.yaml", YAML)
    made.write("license.pem", license_file())
    return made


class TestKeygen:
    def test_a_pair_without_a_passphrase(self, shell: Shell) -> None:
        assert shell.run("keygen", "new", "--no-passphrase") == 0
        assert shell.out.startswith("private key new.key\npublic key  new.pub\nkey id      ")
        assert stat.S_IMODE(os.stat("new.key").st_mode) == 0o600
        assert shell.run("issue", "--key", "new.key", "--from", "license.yaml", "--output-file", "l.pem") == 0
        assert shell.run("verify", "l.pem", "--trust-key", "new.pub") == 0

    @pytest.mark.parametrize("content", ["correct horse", "correct horse\n", "correct horse\r\nmore\n"])
    def test_a_passphrase_from_a_file(self, shell: Shell, content: str) -> None:
        shell.write("pass", content)
        assert shell.run("keygen", "new", "--passphrase-file", "pass") == 0
        assert "ENCRYPTED" in (shell.folder / "new.key").read_text()
        shell.write("pass", "correct horse")
        assert shell.run("issue", "--key", "new.key", "--from", "license.yaml", "--passphrase-file", "pass") == 0
        assert "horse" not in shell.out + shell.err

    def test_no_terminal_and_no_passphrase(self, shell: Shell) -> None:
        assert shell.run("keygen", "new") == 2
        assert "--no-passphrase" in shell.err
        assert not os.path.exists("new.key")

    def test_an_existing_key_is_kept(self, shell: Shell) -> None:
        before = (shell.folder / "vendor.key").read_bytes()
        assert shell.run("keygen", "vendor", "--no-passphrase") == 7
        assert shell.err.endswith('"vendor.key" exists already: a private key is never overwritten\n')
        assert (shell.folder / "vendor.key").read_bytes() == before

    def test_contradictions_and_empty_passphrases(self, shell: Shell) -> None:
        shell.write("empty", "\nsecond line\n")
        assert shell.run("keygen", "new", "--no-passphrase", "--passphrase-file", "empty") == 2
        assert shell.run("keygen", "new", "--passphrase-file", "empty") == 2
        assert shell.run("keygen", "new", "--passphrase-file", "absent") == 2
        assert not os.path.exists("new.key")

    @pytest.mark.parametrize("name", ["", "/", ".", "..", "sub/", "x.key", "sub/x.pub", ".key"])
    def test_no_name(self, shell: Shell, name: str) -> None:
        (shell.folder / "sub").mkdir()
        before = sorted(os.listdir()), os.path.exists("/.key")
        assert shell.run("keygen", name, "--no-passphrase") == 2
        assert f'"{name}"' in shell.err
        assert (sorted(os.listdir()), os.path.exists("/.key")) == before
        assert os.listdir("sub") == []

    def test_with_nowhere_to_print_it_says_where_the_keys_are(self, shell: Shell) -> None:
        with shell.patch.context() as patch:
            patch.setattr(sys, "stdout", None)
            code = main(["license", "keygen", "new", "--no-passphrase"])
        assert code == 7
        assert "the keys are in new.key and new.pub" in shell.capture.readouterr().err
        assert os.path.exists("new.key")
        assert os.path.exists("new.pub")


class TestOnATerminal:
    """The prompts, on a real pseudo-terminal in a process of its own."""

    def talk(self, folder: Path, arguments: list[str], answers: list[bytes]) -> tuple[int, str]:
        pid, terminal = pty.fork()
        if pid == 0:  # pragma: no cover - runs in the child
            os.chdir(folder)
            os.environ["PYTHONPATH"] = str(build.HERE.parents[2])
            os.execv(sys.executable, [sys.executable, "-m", "shipper", "license", *arguments])
        shown = b""
        waiting = list(answers)
        while select.select([terminal], [], [], 30)[0]:
            try:
                part = os.read(terminal, 1024)
            except OSError:
                break
            shown += part
            if waiting and part.rstrip().endswith(b":"):
                os.write(terminal, waiting.pop(0) + b"\n")
        else:
            os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_a_passphrase_is_asked_for_twice_and_then_once(self, shell: Shell) -> None:
        code, shown = self.talk(shell.folder, ["keygen", "new"], [b"correct horse", b"correct horse"])
        assert code == 0
        assert "Passphrase for the new key: " in shown
        assert "horse" not in shown
        issue = ["issue", "--key", "new.key", "--from", "license.yaml", "--output-file", "new.pem"]
        code, shown = self.talk(shell.folder, issue, [b"correct horse"])
        assert code == 0
        assert "horse" not in shown
        assert shell.run("verify", "new.pem", "--trust-key", "new.pub") == 0
        code, shown = self.talk(shell.folder, issue, [b"wrong horse"])
        assert code == 2
        assert "the passphrase is wrong" in shown
        assert "horse" not in shown

    @pytest.mark.parametrize(
        ("answers", "message"),
        [([b"one", b"two"], "the two passphrases differ"), ([b""], "an empty passphrase protects nothing")],
    )
    def test_a_slip_makes_no_key(self, shell: Shell, answers: list[bytes], message: str) -> None:
        code, shown = self.talk(shell.folder, ["keygen", "new"], answers)
        assert code == 2
        assert message in shown
        assert not os.path.exists("new.key")


class TestIssue:
    def test_to_standard_output_and_from_standard_input(self, shell: Shell) -> None:
        assert shell.run("issue", "--key", "vendor.key", "--from", "-", stdin=YAML.encode()) == 0
        assert shell.err == ""
        issued = shell.out.encode()
        assert shell.run("verify", "-", "--trust-key", "vendor.pub", "--at", "2029-01-01T00:00:00Z", stdin=issued) == 0

    @pytest.mark.parametrize(
        "passphrases",
        [["--passphrase-file", "first"], ["--passphrase-file", "first", "--passphrase-file", "second"], []],
        ids=["one for all", "one for each", "none"],
    )
    def test_by_two_keys_while_one_is_changed(self, shell: Shell, passphrases: list[str]) -> None:
        secrets = {"first": b"one", "second": b"one" if len(passphrases) == 2 else b"two"}
        for name, secret in secrets.items():
            shell.write(name, secret + b"\n")
        for name, signer in (("first", VENDOR), ("second", OTHER)):
            shell.write(f"{name}.key", signer.to_pem(secrets[name] if passphrases else None))
        keys = ["--key", "first.key", "--key", "second.key"]
        assert shell.run("issue", *keys, "--from", "license.yaml", "--output-file", "both.pem", *passphrases) == 0
        for trusted in ("vendor.pub", "other.pub"):
            assert shell.run("verify", "both.pem", "--trust-key", trusted, "--at", "2029-01-01T00:00:00Z") == 0

    def test_by_keys_and_passphrases_that_do_not_go_together(self, shell: Shell) -> None:
        shell.write("pass", "one\n")
        twice = ["--key", "vendor.key", "--key", "vendor.key", "--from", "license.yaml"]
        assert shell.run("issue", *twice) == 2
        assert shell.err == "error: the same key is given twice with --key\n"
        assert shell.run("issue", *twice, *["--passphrase-file", "pass"] * 3) == 2
        assert shell.err == "error: --passphrase-file is given once for all keys, or once for each --key\n"

    def test_a_file_is_replaced_only_by_a_whole_license(self, shell: Shell) -> None:
        before = license_file().decode()
        shell.write("out.pem", before)
        issue = ["issue", "--key", "vendor.key", "--from", "license.yaml", "--output-file", "out.pem"]
        shell.write("license.yaml", "product: acme")
        assert shell.run(*issue) == 5
        assert (shell.folder / "out.pem").read_text() == before
        shell.write("license.yaml", YAML)
        assert shell.run(*issue) == 0
        assert shell.out == ""
        after = (shell.folder / "out.pem").read_text()
        assert after != before
        assert after.startswith("-----BEGIN SHIPPER LICENSE-----\n")

    @pytest.mark.parametrize("name", ["vendor.key", "vendor.pub", "license.yaml", "link", "dangling"])
    def test_nothing_but_a_license_is_overwritten(self, shell: Shell, name: str) -> None:
        (shell.folder / "link").symlink_to("license.pem")
        (shell.folder / "dangling").symlink_to("nowhere")
        before = {path.name: path.read_bytes() for path in shell.folder.iterdir() if path.exists()}
        code = shell.run("issue", "--key", "vendor.key", "--from", "license.yaml", "--output-file", name)
        assert code == (2 if name == "vendor.key" else 7)
        assert f'"{name}"' in shell.err
        assert {path.name: path.read_bytes() for path in shell.folder.iterdir() if path.exists()} == before

    def test_the_key_is_not_overwritten_under_another_name(self, shell: Shell) -> None:
        os.link("vendor.key", "other-name")
        issue = ["issue", "--key", "vendor.key", "--from", "license.yaml", "--output-file"]
        assert shell.run(*issue, "./vendor.key") == 2
        assert shell.run(*issue, "other-name") == 2
        assert (shell.folder / "vendor.key").read_bytes() == VENDOR.to_pem(None)

    def test_an_empty_file_is_filled(self, shell: Shell) -> None:
        shell.write("empty", "")
        assert shell.run("issue", "--key", "vendor.key", "--from", "license.yaml", "--output-file", "empty") == 0
        assert shell.run("verify", "empty", "--trust-key", "vendor.pub") == 0

    def test_an_error_stands_in_the_input(self, shell: Shell) -> None:
        shell.write("license.yaml", YAML + "expire: 5\n")
        assert shell.run("issue", "--key", "vendor.key", "--from", "license.yaml") == 5
        assert shell.err == (
            'license.yaml:6:1: a license has no field "expire" (did you mean "expires_at"?)\n  expire: 5\n  ^\n'
        )
        assert shell.out == ""

    def test_a_key_that_others_may_read_is_refused(self, shell: Shell) -> None:
        os.chmod("vendor.key", 0o640)
        assert shell.run("issue", "--key", "vendor.key", "--from", "license.yaml") == 2
        assert 'others than its owner may use the private key "vendor.key" (mode 0640)' in shell.err

    def test_an_encrypted_key_without_a_terminal(self, shell: Shell) -> None:
        shell.write("vendor.key", VENDOR.to_pem(b"secret"))
        assert shell.run("issue", "--key", "vendor.key", "--from", "license.yaml") == 2
        assert "--passphrase-file" in shell.err

    def test_missing_files(self, shell: Shell) -> None:
        assert shell.run("issue", "--key", "absent", "--from", "license.yaml") == 2
        assert shell.run("issue", "--key", "vendor.key", "--from", "absent") == 2
        assert shell.run("issue", "--key", "vendor.key", "--from", "license.yaml", "--output-file", "no/x.pem") == 7
        assert shell.out == ""


class TestVerify:
    def test_a_good_license(self, shell: Shell) -> None:
        arguments = ["verify", "license.pem", "--trust-key", "vendor.pub", "--product", "acme", "--at", AT]
        assert shell.run(*arguments) == 0
        assert shell.out == (
            "verified lic_00000000000000000000000001 (serial 1) for acme, ACME Corp (c-0042): "
            f"valid until 2030-01-01T00:00:00Z, signed by {VENDOR.public.keyid}\n"
        )
        assert shell.run(*arguments, "-o", "json") == 0
        found = json.loads(shell.out)
        assert (found["verified"], found["state"], found["keyid"]) == (True, "valid", VENDOR.public.keyid)
        assert found["license"] == json.loads(payload_bytes())

    def test_trust_keys_add_up_and_come_from_the_environment(self, shell: Shell) -> None:
        verify = ["verify", "license.pem", "--at", AT]
        assert shell.run(*verify, "--trust-key", "other.pub") == 5
        assert shell.run(*verify, "--trust-key", "other.pub", "--trust-key", "vendor.pub") == 0
        for variable in ("vendor.pub", "other.pub:vendor.pub"):
            shell.patch.setenv("SHIPPER_TRUST_KEY", variable)
            assert shell.run(*verify) == 0

    def test_grace_is_a_warning(self, shell: Shell) -> None:
        assert shell.run("verify", "license.pem", "--trust-key", "vendor.pub", "--at", "2030-01-02T00:00:00Z") == 0
        assert shell.out.startswith("verified ")
        assert "\nlicense.pem: warning: license lic_00000000000000000000000001 expired at 2030-01-01" in shell.err

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--trust-key", "other.pub"],
            ["--trust-key", "vendor.pub", "--product", "umbrella"],
            ["--trust-key", "vendor.pub", "--at", "2025-12-31T23:59:59Z"],
            ["--trust-key", "vendor.pub", "--at", "2030-01-15T00:00:00Z"],
        ],
    )
    def test_anything_else_is_refused(self, shell: Shell, arguments: list[str]) -> None:
        assert shell.run("verify", "license.pem", *arguments) == 5
        assert shell.out == ""
        assert shell.err.splitlines()[-1].startswith("license.pem: ")

    def test_wrong_arguments(self, shell: Shell) -> None:
        assert shell.run("verify", "absent.pem", "--trust-key", "vendor.pub") == 2
        assert shell.run("verify", "license.pem", "--trust-key", "absent.pub") == 2
        assert shell.run("verify", "license.pem", "--trust-key", "vendor.key") == 2
        assert shell.run("verify", "license.pem", "--trust-key", "vendor.pub", "--at", "tomorrow") == 2
        assert '"tomorrow"' in shell.err
        assert shell.out == ""

    def test_no_defect_prints_a_line_that_begins_with_verified(self, shell: Shell) -> None:
        for name, (content, defect) in build.files().items():
            shell.write("x.pem", content)
            for output in ("text", "json"):
                code = shell.run(
                    "verify", "x.pem", "--trust-key", "vendor.pub", "--trust-key", "other.pub", "--product", "acme",
                    "--at", build.AT, "-o", output,
                )  # fmt: skip
                assert code == (8 if defect == "too-large" else 5 if defect else 0), name
                lines = (shell.out + shell.err).splitlines()
                assert any(line.startswith("verified") for line in lines) == (not defect and output == "text"), name

    @pytest.mark.parametrize("command", ["verify", "inspect"])
    def test_one_limit_for_the_size(self, shell: Shell, command: str) -> None:
        shell.write("x.pem", b"x" * (64 * 1024 + 1))
        assert shell.run(command, "x.pem", "--trust-key", "vendor.pub") == 8
        assert shell.err == "x.pem: larger than the limit of 65,536 bytes\n"

    def test_another_time_is_said(self, shell: Shell) -> None:
        for command in ("verify", "inspect"):
            assert shell.run(command, "license.pem", "--trust-key", "vendor.pub", "--at", AT) == 0
            assert shell.err == f"warning: --at pretends that it is {AT}, for the license as well\n"

    def test_a_name_can_not_fake_a_line(self, shell: Shell) -> None:
        customer = {"id": "c", "name": "x\nverified by me\x1b[2J\u202e"}
        shell.write("x.pem", license_file(payload_bytes(customer=customer)))
        for command in ("verify", "inspect"):
            assert shell.run(command, "x.pem", "--trust-key", "vendor.pub", "--at", AT) == 0
            assert "\nverified" not in shell.out
            assert shell.out.replace("\n", "").isprintable()
            assert r"x\nverified by me\u001b[2J\u202e" in shell.out


class TestInspect:
    def test_without_a_trust_key_it_says_so_first(self, shell: Shell) -> None:
        assert shell.run("inspect", "license.pem", "--at", AT) == 0
        assert shell.out.startswith("NOT VERIFIED: ")
        assert "  num_seats = 50 (integer, Seats)\n" in shell.out
        assert "State:         valid until 2030-01-01T00:00:00Z\n" in shell.out

    def test_with_one_it_verifies(self, shell: Shell) -> None:
        assert shell.run("inspect", "license.pem", "--trust-key", "vendor.pub") == 0
        assert shell.out.startswith(f"Signature holds, by the trusted key {VENDOR.public.keyid}\n")
        assert shell.run("inspect", "license.pem", "--trust-key", "other.pub") == 5
        assert shell.out == ""

    @pytest.mark.parametrize("trust", [[], ["--trust-key", "vendor.pub"]])
    def test_json_and_yaml_say_the_same(self, shell: Shell, trust: list[str]) -> None:
        arguments = ["inspect", "license.pem", *trust, "--at", AT]
        assert shell.run(*arguments, "-o", "json") == 0
        found = json.loads(shell.out)
        assert found == {
            "signature": {
                "status": "verified" if trust else "not verified",
                "keyids": [VENDOR.public.keyid],
            },
            "state": "valid",
            "license": json.loads(payload_bytes()),
        }
        assert shell.run(*arguments, "-o", "yaml") == 0
        assert yaml.safe_load(shell.out) == found

    @pytest.mark.parametrize(
        ("changes", "at", "row"),
        [
            ({}, "2025-01-01T00:00:00Z", "State:         not valid before 2026-01-01T00:00:00Z"),
            ({}, "2030-01-01T00:00:00Z", "State:         in grace until 2030-01-15T00:00:00Z"),
            ({}, "2031-01-01T00:00:00Z", "State:         expired"),
            ({"expires_at": None}, AT, "State:         valid without an end"),
            ({"expires_at": None}, AT, "Expires:       never"),
            ({"seats": None}, AT, "Seats:         not counted"),
            ({"entitlements": {}}, AT, "Entitlements:  none"),
        ],
    )
    def test_rows(self, shell: Shell, changes: dict[str, object], at: str, row: str) -> None:
        shell.write("x.pem", license_file(payload_bytes(**changes)))
        assert shell.run("inspect", "x.pem", "--at", at) == 0
        assert row in shell.out.splitlines()

    def test_an_altered_license_is_not_shown(self, shell: Shell) -> None:
        assert shell.run("inspect", "-", stdin=license_file()[:-5]) == 5
        assert shell.out == ""
        assert shell.err.startswith("standard input: the license is cut off")


def test_keys_and_passphrases_are_never_printed(shell: Shell) -> None:
    secret = VENDOR.to_pem(None).decode().splitlines()[1]
    shell.write("pass", "correct horse")
    for arguments in (
        ["keygen", "new", "--passphrase-file", "pass"],
        ["issue", "--key", "vendor.key", "--from", "vendor.key"],
        ["issue", "--key", "new.key", "--from", "license.yaml", "--passphrase-file", "license.yaml"],
        ["verify", "license.pem", "--trust-key", "vendor.key"],
        ["inspect", "vendor.key"],
    ):
        shell.run(*arguments)
        assert secret not in shell.out + shell.err
        assert "horse" not in shell.out + shell.err
