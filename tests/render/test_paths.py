"""Which dests are taken, what they are normalized to, and which of them can't be in one tree."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipper.errors import SpecError
from shipper.render.paths import Destinations, check_dest
from tests.corpora import corpus


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("k8s/a.yaml", "k8s/a.yaml"),
        ("./k8s/a.yaml", "k8s/a.yaml"),
        ("k8s//./a.yaml", "k8s/a.yaml"),
        ("é.yaml", "é.yaml"),
        ("cafe\u0301.yaml", "cafe\u0301.yaml"),
        ("日本語/файл.yaml", "日本語/файл.yaml"),
        ("two words/a b.yaml", "two words/a b.yaml"),
        ("x" * 255, "x" * 255),
        ("é" * 127, "é" * 127),
        (".hidden", ".hidden"),
        (".gitignore", ".gitignore"),
        (".github/workflows/a.yaml", ".github/workflows/a.yaml"),
        ("a..b.yaml", "a..b.yaml"),
        ("nullable.yaml", "nullable.yaml"),
        ("com.example.yaml", "com.example.yaml"),
        ("100%.txt", "100%.txt"),
        ("a~.txt", "a~.txt"),
        ("[a]+(b),@{c}=!#&;'.yaml", "[a]+(b),@{c}=!#&;'.yaml"),
        ("a/shipper/b", "a/shipper/b"),
        ("😀.yaml", "😀.yaml"),
    ],
)
def test_a_file_below_the_root_is_taken(text: str, normal: str) -> None:
    assert check_dest(text) == normal


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        (".", "names a folder"),
        ("./", "names a folder"),
        ("a/", "names a folder"),
        ("a/.", "names a folder"),
        ("././/.", "names a folder"),
        ("/etc/passwd", "absolute"),
        ("//host/x", "absolute"),
        ("C:x", "absolute"),
        ("file:///etc/passwd", "absolute"),
        ("..", "starts with .."),
        ("a/..", "starts with .."),
        ("a/../b", "starts with .."),
        ("..;/x", "starts with .."),
        ("a/.../b", "starts with .."),
        ("a\\..\\x", "backslash"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x85b", "control"),
        ("a\u2028b", "control"),
        ("\ufeffa", "invisible"),
        ("a\u202eb", "invisible"),
        (".g\u200cit/config", "invisible"),
        ("a\ud800b", "surrogate"),
        ("\uff0e\uff0e/x", "normalized"),
        ("a\uff0fb", "normalized"),
        ("%2e%2e/x", "percent-encoded"),
        ("a%252Fb", "percent-encoded"),
        ("%c0%ae/x", "percent-encoded"),
        ("~/x", "not expanded"),
        ("~root", "not expanded"),
        ("$HOME/x", "not expanded"),
        ("a/${x}", "not expanded"),
        ("a/`id`", "not expanded"),
        ("{{ x }}", "not expanded"),
        (" a", "blank"),
        ("a ", "blank"),
        ("a /b", "blank"),
        ("a\u00a0", "blank"),
        ("a./b", "dot"),
        ("-rf", "flag"),
        ("a/-b", "flag"),
        ("x" * 256, "longer than 255"),
        ("é" * 128, "longer than 255"),
        ("a/" * 600 + "x", "too long"),
        ("é/" * 400 + "x", "longer than 1024"),
        (".git/config", ".git"),
        ("a/.GIT/hooks/x", ".git"),
        ("git~1/config", "Windows"),
        ("NUL.txt", "Windows"),
        ("a/lpt1", "Windows"),
        ("system:b", "Windows"),
        ("a*", "Windows"),
        (".shipper/manifest", "manifest"),
        ("./.Shipper", "manifest"),
    ],
)
def test_what_is_not_clearly_a_file_inside_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_dest(text)
    assert caught.value.exit_code == 3
    assert reason in caught.value.message
    assert caught.value.message.isprintable()


def test_every_known_attack_is_refused_or_stays_a_name() -> None:
    taken = []
    for attack in corpus("path-attacks.json"):
        try:
            taken.append(check_dest(attack["dest"]))
        except SpecError:
            continue
    for dest in taken:
        assert not dest.startswith(("/", "~"))
        assert ".." not in dest.split("/")
    # The only ones that are plain names by themselves.
    assert set(taken) <= {"OUT/A.yaml", "[a]", "x" * 255}


ODD = st.text(alphabet=st.sampled_from("ab./\\~-:%2eEfF$ \t\n\0é\u0301\u202e．／℀C"), max_size=30)


@given(st.one_of(ODD, st.text(max_size=60)))
def test_what_is_accepted_stays_inside(text: str) -> None:
    try:
        dest = check_dest(text)
    except SpecError:
        return
    root = "/nowhere/out"
    joined = os.path.join(root, dest)
    assert os.path.normpath(joined) == joined
    assert joined.startswith(root + "/")
    assert check_dest(dest) == dest
    assert dest.encode().decode() == dest
    assert ".." not in unicodedata.normalize("NFKC", dest).split("/")


def add_all(dests: list[str]) -> None:
    taken = Destinations()
    for dest in dests:
        taken.add(dest)


@pytest.mark.parametrize(
    ("dests", "told"),
    [
        (["a.yaml", "b", "a.yaml"], ["a.yaml"]),
        (["a", "a/b"], ['"a"', '"a/b"']),
        (["a/b/c", "a/b"], ['"a/b"', '"a/b/c"']),
        (["A.yaml", "a.yaml"], ['"A.yaml"', '"a.yaml"']),
        (["out/a.yaml", "OUT/A.yaml"], ['"out/a.yaml"', '"OUT/A.yaml"']),
        (["é.yaml", "e\u0301.yaml"], ['"é.yaml"', '"e\u0301.yaml"']),
        (["É", "e\u0301/b"], ['"É"', '"e\u0301/b"']),
        (["straße", "STRASSE"], ['"straße"', '"STRASSE"']),
    ],
)
def test_colliding_dests_are_both_named(dests: list[str], told: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        add_all(dests)
    for name in told:
        assert name in caught.value.message


def test_distinct_dests_are_fine() -> None:
    add_all(["a/b", "a/c", "ab", "a.b/c", "OTHER/x", "other/y", "e.yaml", "é.yaml"])
