"""How reasons, labels and figures are drawn on the page of a case."""

import math
from datetime import UTC, datetime

import pytest

from reviews.console.event_details import SourceLabel
from reviews.pages.event_panels import field_words, label_rows, words_of_name
from reviews.pages.history_table import number_in
from reviews.pages.reasons.waterfall import Bar, odds_text, score_explanation, signed_text, waterfall
from scoring.decisions.explanation import Contribution, Explanation
from scoring.event_types.payment import Payment

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def explained(*contributions: float) -> Explanation:
    parts = [
        Contribution(f"f{n}", "code", "text", "", "", part, math.exp(part))
        for n, part in enumerate(contributions)
    ]
    margin = -3.0 + math.fsum(contributions)
    return Explanation(parts, -3.0, margin, 0.5, 0.05, 1.0, 0.0, complete=True)


def said(source: str, value: str | None, actor: str = "") -> SourceLabel:
    return SourceLabel(value, source, NOW, actor)


def test_each_bar_of_the_waterfall_begins_where_the_one_before_ends() -> None:
    reasons = score_explanation(explained(3.0, -2.0, -1.5))  # from -3 to 0, -2 and -3.5
    assert [bar.bar for bar in reasons.bars] == [Bar(14.3, 85.7), Bar(42.9, 57.1), Bar(0.0, 42.9)]
    assert [bar.rises for bar in reasons.bars] == [True, False, False]


def test_a_bar_has_its_place_on_an_axis_that_spans_all_levels() -> None:
    assert waterfall([0.0, 4.0, 3.0], [(3.0, 4.0), (4.0, 0.0)]) == [Bar(75.0, 25.0), Bar(0.0, 100.0)]


def test_the_other_features_are_one_step_from_the_main_ones_to_the_margin() -> None:
    reasons = score_explanation(explained(*[1.0] * 9, -0.5))
    assert reasons.rest is not None
    assert reasons.rest_text == "+0.50"
    last = reasons.bars[7].bar
    assert reasons.rest.left == pytest.approx(last.left + last.width, abs=0.2)
    assert score_explanation(explained(*[1.0] * 8)).rest is None


def test_a_reason_to_act_on_comes_before_one_of_context_that_is_not_twice_as_strong() -> None:
    hour = Contribution("hour", "code", "text", "", "", 1.9, 1.0, is_context=True)
    device = Contribution("device", "code", "text", "", "", 1.0, 1.0)
    age = Contribution("age", "code", "text", "", "", -2.1, 1.0, is_context=True)
    told = explained()._replace(contributions=[age, hour, device])
    ordered = [bar.contribution.feature for bar in score_explanation(told).bars]
    assert ordered == ["age", "device", "hour"]


def test_bias_and_contributions_add_up_to_the_margin() -> None:
    assert score_explanation(explained(2.0, -1.0, 0.5)).path == {
        "bias": "\N{MINUS SIGN}3.00",
        "raised": "+2.50",
        "lowered": "\N{MINUS SIGN}1.00",
        "margin": "\N{MINUS SIGN}1.50",
    }


def test_the_main_reasons_come_first_and_the_others_are_kept() -> None:
    reasons = score_explanation(explained(*[1.0 / n for n in range(1, 13)]))
    assert (len(reasons.first), len(reasons.others)) == (8, 4)
    assert [*reasons.first, *reasons.others] == reasons.bars


def test_without_contributions_no_bars_are_drawn() -> None:
    assert score_explanation(explained(0.0)).bars[0].bar == Bar(0.0, 0.0)
    assert score_explanation(explained()).bars == []


@pytest.mark.parametrize(
    ("factor", "text"),
    [(3.724, "3.72"), (0.25, "0.25"), (0.0004, "0.0004"), (1234.5, "1,234"), (math.nan, "")],
)
def test_odds_factors_keep_two_digits(factor: float, text: str) -> None:
    assert odds_text(factor).removeprefix("\N{MULTIPLICATION SIGN} ") == text


def test_a_sign_is_always_written() -> None:
    assert (signed_text(1.234), signed_text(-0.5)) == ("+1.23", "\N{MINUS SIGN}0.50")


def test_the_effective_label_counts_and_a_retracted_one_does_not() -> None:
    chargeback, verdict = said("chargeback", "fraud"), said("review", "legitimate", "user/ana")
    latest, first = label_rows([chargeback, verdict], effective="legitimate")
    assert (latest.statement, latest.is_current, latest.is_effective, latest.who) == (
        verdict,
        True,
        True,
        "ana",
    )
    assert (first.statement, first.is_current, first.is_effective) == (chargeback, True, False)

    taken_back = said("review", None, "user/ana")
    assert [
        (each.is_current, each.is_effective)
        for each in label_rows([chargeback, verdict, taken_back], effective="fraud")
    ] == [
        (False, False),
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("name", "words"), [("customer_city_pop", "Customer city pop"), ("ip", "IP"), ("card", "Card")]
)
def test_names_of_fields_become_words(name: str, words: str) -> None:
    assert words_of_name(name) == words


def test_a_field_is_named_as_the_catalog_says_or_else_by_its_name() -> None:
    fields = Payment.fields
    assert field_words("customer_lat", fields["customer_lat"]) == "Customer latitude"
    assert field_words("merchant", fields["merchant"]) == "Merchant"
    assert field_words("former_field", None) == "Former field"


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("", None), (None, None), ("-1", None), ("1e3", None), ("9" * 19, None)]
)
def test_only_a_whole_number_is_read_from_an_address(text: str | None, number: int | None) -> None:
    assert number_in(text) == number
