import numpy as np
import pytest

from scoring.learning.metrics.entities import entities_found

DAY = np.array([1, 1, 1, 1, 2, 2, 2])
CARD = np.array([10, 10, 20, 30, 10, 20, 40])
FRAUD = np.array([0, 1, 0, 1, 1, 1, 0])
SCORE = np.array([0.1, 0.9, 0.8, 0.2, 0.9, 0.7, 0.6])


def test_a_card_counts_once_a_day_by_its_highest_score_and_no_more_once_it_was_found():
    """Day 1: cards 10 (fraudulent) and 20 are looked at. Day 2: 20 (fraudulent) and 40, as 10 is known."""
    found = entities_found(FRAUD, SCORE, day=DAY, entity=CARD, capacity=2)
    assert found.precision == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert found.caught == pytest.approx(2 / 3)


def test_cards_known_before_are_left_out_with_all_their_events():
    found = entities_found(FRAUD, SCORE, day=DAY, entity=CARD, capacity=1, known_before=CARD == 10)
    assert found.precision == pytest.approx((0 + 1) / 2)  # 20 on day 1 is no fraud yet, on day 2 it is
    assert found.caught == pytest.approx(1 / 2)  # 30 was never looked at


def test_a_day_with_fewer_cards_than_the_capacity_is_looked_at_whole():
    found = entities_found(np.array([1, 0]), np.zeros(2), day=np.ones(2), entity=np.arange(2), capacity=100)
    assert found == (0.5, 1.0)


def test_without_events_or_fraud_nothing_is_defined():
    none = np.empty(0)
    assert np.isnan(entities_found(none, none, day=none, entity=none)).all()
    found = entities_found(np.zeros(3), np.zeros(3), day=np.ones(3), entity=np.arange(3), capacity=2)
    assert (found.precision, np.isnan(found.caught)) == (0.0, True)


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(1)
    n = 2_000
    y, score, day = (rng.random(n) < 0.1).astype(int), rng.random(n), rng.integers(0, 9, n)
    entity = rng.integers(0, 300, n)
    order = rng.permutation(n)
    expected = entities_found(y, score, day=day, entity=entity, capacity=20)
    found = entities_found(y[order], score[order], day=day[order], entity=entity[order], capacity=20)
    assert found == expected
    assert expected == _slow(y, score, day, entity, 20)


def _slow(y, score, day, entity, capacity):
    """The definition, written down card by card."""
    detected, shares = set(), []
    for today in sorted(set(day.tolist())):
        cards = {}
        for row in np.flatnonzero(day == today):
            card = int(entity[row])
            highest, fraud = cards.get(card, (-1.0, False))
            cards[card] = (max(highest, score[row]), fraud or y[row] == 1)
        left = sorted((card for card in cards if card not in detected), key=lambda card: -cards[card][0])
        top = left[:capacity]
        hits = [card for card in top if cards[card][1]]
        shares.append(len(hits) / len(top))
        detected.update(hits)
    return (pytest.approx(np.mean(shares)), pytest.approx(len(detected) / len(set(entity[y == 1].tolist()))))
