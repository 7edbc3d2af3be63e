"""What stands behind docs/confidence: labels by the org, honest measures, weights that can be rebuilt."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.salesforce.emulated_org import EmulatedOrg, emulator
from training.confidence import fitting, measuring
from training.confidence.calls import FIT_MANNERS, REPORT_MANNERS, SimulatedCall, calls
from training.confidence.playing import Played, Row, play_all
from voice_agent import calibration
from voice_agent.call.confidence import Act, Kind, Signs, Weights, features
from voice_agent.errors import ConfigurationError


@pytest.fixture(scope="module")
def org() -> Iterator[EmulatedOrg]:
    with emulator() as emulated:
        yield emulated


def played(org: EmulatedOrg, chosen: list[SimulatedCall]) -> list[Played]:
    async def play() -> list[Played]:
        return [one async for one in play_all(org, chosen, None)]

    return asyncio.run(play())


def clean(title: str) -> SimulatedCall:
    """A call on a clear line, with a model that makes no mistakes."""
    return next(
        one
        for which in ("fit", "report")
        for one in calls(which)
        if one.cell.conversation.title.startswith(title) and one.cell.noise == 0 and one.mistakes == 0
    )


@pytest.mark.process
def test_a_read_back_is_right_when_the_org_would_have_changed_as_wanted(org: EmulatedOrg) -> None:
    call = clean("customer/move/en")
    right = [row for row in played(org, [call])[0].rows if row.kind == "change"]
    assert right and all(row.right for row in right)
    mistaken = [replace(call, mistakes=1.0, cell=replace(call.cell, seed=seed)) for seed in range(3)]
    wrong = [row for one in played(org, mistaken) for row in one.rows if row.kind == "change"]
    assert any(not row.right for row in wrong), "another time than the one chosen is found out by the ledger"


@pytest.mark.process
def test_a_wish_no_tool_serves_is_never_labelled_as_served(org: EmulatedOrg) -> None:
    found = played(org, [clean("customer/refund/en")])[0]
    assert found.call.must and found.rows and not any(row.right for row in found.rows if row.head == "call")


def test_fit_and_report_share_no_manner_no_seed_and_no_opening() -> None:
    fit, report = calls("fit"), calls("report")
    assert not set(FIT_MANNERS) & set(REPORT_MANNERS)
    assert not {one.cell.seed for one in fit} & {one.cell.seed for one in report}
    assert not {one.cell.conversation.opening for one in fit} & {one.cell.conversation.opening for one in report}
    assert min(len(fit), len(report)) > 1_000


def test_a_judge_that_says_what_happens_has_no_calibration_error_and_one_that_boasts_has_it_all() -> None:
    right = [n % 5 != 0 for n in range(500)]
    assert measuring.calibration_error([0.8] * 500, right) == pytest.approx(0.0, abs=1e-9)
    assert measuring.calibration_error([1.0] * 500, right) == pytest.approx(0.2)
    assert measuring.rank_quality([float(each) for each in right], right) == 1.0
    coverage, risk = measuring.risk_coverage([float(each) for each in right], right)
    assert risk[int(0.8 * 500) - 1] == 0.0 and risk[-1] == pytest.approx(0.2) and coverage[-1] == 1.0


def rows(n: int) -> list[Row]:
    """Acts that are wrong when the rules disagree, mostly."""
    rng, found = random.Random(1), []
    for place in range(n):
        values = features(Signs(sure=rng.random()))
        values["rules_disagree"] = float(rng.random() < 0.3)
        right = rng.random() < (0.35 if values["rules_disagree"] else 0.95)
        found.append(Row("act", "change", values, None, place % 5, right=right, key=f"call {place // 5}"))
    return found


def test_weights_are_the_same_whenever_they_are_built_and_know_what_counts() -> None:
    first, second = fitting.fit(rows(600), "act"), fitting.fit(list(reversed(rows(600))), "act")
    assert first == second
    assert first.of["rules_disagree"] < -1.0
    assert all(first.of[name] <= 0 for name in fitting.ONLY_BAD & first.of.keys())
    fresh = rows(900)[600:]
    said = [fitting.predicted(first, row.values) for row in fresh]
    assert measuring.calibration_error(said, [row.right for row in fresh]) < 0.1
    assert calibration.weights(json.loads(json.dumps(fitting.as_json(first)))) == first


def test_the_shipped_weights_name_features_that_exist() -> None:
    for weights in calibration.shipped():
        assert isinstance(weights, Weights) and weights.of.keys() <= set(features(Signs()))
        assert weights.knots[0][0] == 0.0 and weights.knots[-1][0] == 1.0


def test_a_message_of_a_stranger_is_surer_than_that_of_somebody_who_may_want_more() -> None:
    act, _ = calibration.shipped()
    said = Act.of(Kind.CHANGE, {"message": "unsaid"}, free=0.0)
    known, stranger = Signs(act=said), Signs(act=replace(said, stranger=True))
    assert act.probability(features(stranger), stranger) > act.probability(features(known), known) + 0.1


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("re_asc = 0.2", "re_asc is no cost"),
        ("re_ask = -1", "re_ask must be a number"),
        ('re_ask = "a lot"', "re_ask must be a number"),
        ("slip = 2", "slip must be a share"),
        ("needless_transfer = 0", "must be above 0"),
    ],
)
def test_a_mistake_in_the_costs_stops_the_start_and_is_named(tmp_path: Path, line: str, names: str) -> None:
    (tmp_path / "costs.toml").write_text(line)
    with pytest.raises(ConfigurationError, match=names):
        calibration.load(tmp_path)


def test_a_folder_without_costs_uses_the_shipped_ones_and_its_own_where_it_has_them(tmp_path: Path) -> None:
    shipped = calibration.load(tmp_path)
    (tmp_path / "costs.toml").write_text("needless_transfer = 4.0")
    assert calibration.load(tmp_path).costs.hand_over_below < shipped.costs.hand_over_below
