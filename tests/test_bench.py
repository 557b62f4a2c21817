from __future__ import annotations

from bench import budget, cases, fleets
from bench.measure import Sample, median


def test_a_promise_is_kept_up_to_its_limit() -> None:
    assert budget.Verdict("x", "s", 0.9, 0.9).kept
    assert not budget.Verdict("x", "s", 0.9, 0.901).kept


def test_promises_are_compared_with_what_was_measured() -> None:
    measured = {
        ("quickstart", "stdout"): Sample(0.2, 30),
        ("quickstart", "helm"): Sample(0.1, 50),
        ("1,000", "stdout"): Sample(0.5, 60),
        ("10,000", "stdout"): Sample(9.0, 110),
    }
    found = [(verdict.promise, verdict.measured, verdict.kept) for verdict in budget.verdicts(measured)]
    assert found == [
        ("quickstart, cold, against helm template", 2.0, True),
        ("1,000 assets to stdout", 0.5, True),
        ("1,000 assets to stdout", 60, True),
        ("10,000 assets to stdout", 9.0, False),
        ("10,000 assets to stdout, more than 1,000", 50, True),
    ]


def test_a_fleet_has_promises_of_its_own() -> None:
    measured = {
        ("fleet 1,000", "folder"): Sample(4.0, 40),
        ("fleet 1,000", "helm"): Sample(80.0, 50),
        ("fleet 10,000", "folder"): Sample(40.0, 55),
    }
    found = [(verdict.promise, verdict.measured, verdict.kept) for verdict in budget.verdicts(measured)]
    assert found == [
        ("1,000 licenses, 20 assets, 2 jobs", 4.0, True),
        ("1,000 licenses, against 1,000 runs of helm", 0.05, True),
        ("10,000 licenses, more than 1,000", 15, False),
    ]


def test_every_manifest_of_the_fleet_has_twelve_lines() -> None:
    manifests = list(fleets.manifests())
    assert {len(manifest.splitlines()) for manifest in manifests} == {12}
    assert len(set(manifests)) == len(manifests) == 20


def test_medians_are_taken_number_by_number() -> None:
    assert median([Sample(1, 30), Sample(9, 10), Sample(2, 20)]) == Sample(2, 20)


def test_both_manifests_have_twelve_lines_and_three_expressions() -> None:
    for manifest in (cases.SHIPPER_ASSET, cases.HELM_ASSET):
        written = manifest.format(number=7)
        assert len(written.splitlines()) == 12
        assert written.count("{{") == 3
