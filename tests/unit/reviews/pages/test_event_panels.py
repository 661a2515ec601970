"""How reasons, labels and figures are drawn on the page of a case."""

import math
from datetime import UTC, datetime

import pytest

from reviews.console.event_details import SourceLabel
from reviews.pages.event_panels import (
    field_words,
    label_rows,
    odds_text,
    score_explanation,
    signed_text,
    words_of_name,
)
from reviews.pages.history_table import number_in
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


def test_the_longest_bar_fills_its_half_and_the_others_are_proportional() -> None:
    reasons = score_explanation(explained(2.0, -1.0, 0.5))
    assert [bar.width for bar in reasons.bars] == [100.0, 50.0, 25.0]
    assert [bar.rises for bar in reasons.bars] == [True, False, True]


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
    assert score_explanation(explained(0.0)).bars[0].width == 0.0
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
