import numpy as np
import pytest

from scoring.features.compile.plan import lane_plan
from scoring.sentences.reasons import MAX_REASONS, reasons_for, select_columns

FEATURES = lane_plan("commerce", {"payment": {"category": ("fuel", "travel")}}).feature_set("payment")
WIDTH = len(FEATURES.names)


def place(name):
    return FEATURES.names.index(name)


def explain(values=(), contributions=(), usual=(), medians=()):
    """Reasons for a vector in which everything not given is unknown and contributes nothing."""

    def filled(given, length, rest):
        array = np.full(length, rest)
        for name, value in dict(given).items():
            array[place(name)] = value
        return array

    by_column = {place(name): value for name, value in dict(medians).items()}
    return reasons_for(
        vector=filled(values, WIDTH, np.nan),
        contributions=np.append(filled(contributions, WIDTH, 0.0), -5.0),
        context=filled(usual, WIDTH, np.nan),
        feature_set=FEATURES,
        medians=[by_column.get(column) for column in range(WIDTH)],
    )


def test_reasons_that_raise_the_score_come_before_those_that_lower_it():
    reasons = explain(
        contributions={"amount": 0.2, "hour_of_day": -3.0, "card_count_1h": 1.5, "category": -0.1}
    )
    assert [reason["feature"] for reason in reasons] == ["card_count_1h", "amount", "hour_of_day", "category"]
    assert [reason["contribution"] for reason in reasons] == [1.5, 0.2, -3.0, -0.1]


def test_there_are_at_most_five_reasons_and_increases_come_first():
    contributions = [0.06, -9.0, 0.1, -8.0, 0.2, 0.3, 0.07, -7.0]
    assert select_columns(contributions) == [5, 4, 2, 6, 0]
    assert len(select_columns(np.linspace(0.1, 1, 30).tolist())) == MAX_REASONS


def test_equal_increases_keep_their_order_and_equal_decreases_come_last_first():
    assert select_columns([0.5, 0.5, -0.5, -0.5]) == [0, 1, 3, 2]


def test_small_contributions_are_left_out_unless_there_is_nothing_else():
    assert select_columns([0.01, 0.4, -0.02]) == [1]
    assert select_columns([0.01, -0.03, 0.02]) == [1]


def test_the_entitys_own_usual_value_takes_precedence_over_the_median():
    arguments = {"values": {"card_count_1h": 7.0}, "contributions": {"card_count_1h": 2.0}}
    known = explain(**arguments, usual={"card_count_1h": 2.0}, medians={"card_count_1h": 1.0})[0]
    fresh = explain(**arguments, medians={"card_count_1h": 1.0})[0]
    neither = explain(**arguments)[0]
    assert (known["usual"], fresh["usual"], neither["usual"]) == (2.0, 1.0, None)
    assert "7 payments" in known["text"]
    assert "usual is 2" in known["text"]
    assert "the median is 1" in fresh["text"]
    assert "usual" not in neither["text"]


def test_a_reason_has_a_stable_code_and_values_as_people_read_them():
    reason = explain(values={"amount": 1234.0}, contributions={"amount": 1.0}, usual={"amount": 500.0})[0]
    assert (reason["code"], reason["value"], reason["usual"]) == ("AMOUNT", 12.34, 5.0)
    assert "12.34 USD" in reason["text"]


@pytest.mark.parametrize("name", ["category", "hour_of_day", "day_of_week"])
def test_categories_and_hours_have_no_usual_value(name):
    reason = explain(values={name: 1.0}, contributions={name: 1.0}, usual={name: 2.0}, medians={name: 2.0})[0]
    assert reason["usual"] is None
    assert "usual" not in reason["text"]


def test_a_missing_value_is_called_unknown():
    reason = explain(contributions={"customer_city_pop": 1.0})[0]
    assert reason["value"] is None
    assert reason["text"] == "The population of the customer's city is not known"


def test_every_feature_has_a_sentence_for_any_value():
    for name in FEATURES.names:
        for value in (np.nan, 0.0, 1.0, 1e9):
            assert explain(values={name: value}, contributions={name: 1.0})[0]["text"]
