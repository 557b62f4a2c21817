"""Where a setting comes from, and what is said of one that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shipper.errors import ShipperError, UsageError
from shipper.serving.settings import Given, Setting, choice, gather, listed, missing, secret_text, whole_number

if TYPE_CHECKING:
    from pathlib import Path

NAME = Setting("cluster_name", ("CLUSTER_NAME", "CLUSTER"))
KEY = Setting("license_key", ("LICENSE_KEY",), secret=True)
KNOWN = (NAME, KEY)


def filed(folder: Path, text: str) -> str:
    path = folder / "settings.yaml"
    path.write_text(text)
    return str(path)


class TestGather:
    def test_flags_before_variables_before_the_file(self, tmp_path: Path) -> None:
        config = filed(tmp_path, "cluster_name: c\nlicense_key: c\n")
        given = gather(KNOWN, {"cluster_name": "a", "license_key": None}, {"CLUSTER_NAME": "b"}, config)
        assert given["cluster_name"] == Given("a", "--cluster-name")
        given = gather(KNOWN, {}, {"CLUSTER_NAME": "b"}, config)
        assert given["cluster_name"] == Given("b", "CLUSTER_NAME")
        given = gather(KNOWN, {}, {}, config)
        assert given["cluster_name"] == Given("c", f"{config}:1: cluster_name")

    def test_nothing(self) -> None:
        assert gather(KNOWN, {"cluster_name": None, "license_key": []}, {"CLUSTER": ""}) == {}

    def test_two_names_of_one_setting(self) -> None:
        assert gather(KNOWN, {}, {"CLUSTER": "b"})["cluster_name"].source == "CLUSTER"
        assert gather(KNOWN, {}, {"CLUSTER": "b", "CLUSTER_NAME": "b"})["cluster_name"].text == "b"
        with pytest.raises(UsageError, match="CLUSTER_NAME and CLUSTER are set to different values"):
            gather(KNOWN, {}, {"CLUSTER": "b", "CLUSTER_NAME": "c"})

    @pytest.mark.parametrize("key", ["cluster_name", "cluster-name", "CLUSTER_NAME", "CLUSTER"])
    def test_names_in_the_file(self, key: str, tmp_path: Path) -> None:
        assert gather(KNOWN, {}, {}, filed(tmp_path, f"{key}: c"))["cluster_name"].text == "c"

    @pytest.mark.parametrize("text", ["", "# nothing", "cluster_name:", "cluster_name: []", 'cluster_name: ""'])
    def test_a_file_that_says_nothing(self, text: str, tmp_path: Path) -> None:
        assert gather(KNOWN, {}, {}, filed(tmp_path, text)) == {}

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("[a]", "map of names to values"),
            ("a", "map of names to values"),
            ("clustername: a", r'no setting is called "clustername" \(did you mean "cluster_name"'),
            ("cluster_name: {a: b}", "takes a text or a list of texts"),
            ("cluster_name: [[a]]", "takes a text or a list of texts"),
            ("cluster_name: [a, null]", "takes a text or a list of texts"),
            ("cluster_name: a\nCLUSTER: b", "stands there twice"),
            ("cluster_name: a\ncluster_name: b", "cluster_name"),
            ("cluster_name: |\n  a\n  b\n", "can't be printed"),
            ("{", "settings.yaml"),
            ("cluster_name: &a [*a]", "settings.yaml"),
            ("a" * 70_000, "larger than the limit"),
        ],
    )
    def test_a_file_that_is_wrong(self, text: str, match: str, tmp_path: Path) -> None:
        with pytest.raises(ShipperError, match=match):
            gather(KNOWN, {}, {}, filed(tmp_path, text))

    def test_a_file_that_is_missing(self) -> None:
        with pytest.raises(UsageError, match="no such file"):
            gather(KNOWN, {}, {}, "/no/such/file")

    @pytest.mark.parametrize("text", ["a\nb", "a\x1b[31m", "\udcff", "a\0b"])
    def test_what_no_setting_holds(self, text: str) -> None:
        with pytest.raises(UsageError, match="can't be printed"):
            gather(KNOWN, {"cluster_name": text}, {})


class TestKinds:
    @pytest.mark.parametrize("text", ["5", " 60 ", "86400"])
    def test_a_whole_number(self, text: str) -> None:
        assert whole_number(Given(text, "X"), 5, 86_400) == int(text)

    @pytest.mark.parametrize("text", ["", "4", "86401", "-5", "5.0", "1e3", "٥", "9" * 5000])
    def test_none(self, text: str) -> None:
        with pytest.raises(UsageError, match="X takes a whole number from 5 to 86,400, not"):
            whole_number(Given(text, "X"), 5, 86_400)

    def test_a_choice(self) -> None:
        assert choice(Given(" JSON ", "X"), ("text", "json")) == "json"
        with pytest.raises(UsageError, match=r'X takes text or json, not "jsn" \(did you mean "json"'):
            choice(Given("jsn", "X"), ("text", "json"))

    @pytest.mark.parametrize("text", ["a,b", " a , b ,", "a b", "a, b"])
    def test_a_list(self, text: str) -> None:
        assert listed(Given(text, "X"), ", ") == ("a", "b")

    def test_a_list_as_it_stood(self) -> None:
        assert listed(Given("a, b:c", "X", items=("a, b", "c")), ":") == ("a, b", "c")


class TestSecrets:
    def test_none_is_shown(self) -> None:
        given = gather(KNOWN, {}, {"LICENSE_KEY": "sekret"})["license_key"]
        assert "sekret" not in str(given.refused("takes something else"))

    def test_nor_a_line_of_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as caught:
            gather(KNOWN, {}, {}, filed(tmp_path, "license_key: {sekret: 1}"))
        assert "sekret" not in str(caught.value)
        assert caught.value.position is not None
        assert caught.value.position.text == ""

    def test_one_in_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("\ufeffsekret\r\n")
        assert secret_text(Given(f"@{tmp_path}/key", "X")) == "sekret"
        assert secret_text(Given("sekret", "X")) == "sekret"
        with pytest.raises(UsageError, match="X: no such file"):
            secret_text(Given(f"@{tmp_path}/none", "X"))

    def test_what_is_missing(self) -> None:
        assert str(missing(NAME, "the cluster's name")) == (
            "CLUSTER_NAME is not set: the cluster's name (set CLUSTER_NAME or CLUSTER, or give --cluster-name)"
        )
        assert missing(KEY, "the key").hint.endswith("--license-key @FILE")
