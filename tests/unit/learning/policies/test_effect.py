"""What a policy makes of judged events, in counts, money and costs a day."""

import numpy as np
import pytest

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.learning.policies.comparing import Comparison, move_in_words
from scoring.learning.policies.effect import Effect, measure_effect, outcomes_under, terms_outcomes
from scoring.learning.policies.judged import JudgedEvents
from scoring.rules.policies.costs import Action, Costs
from scoring.rules.policies.policy import COST, FIXED, MODEL, Policy, Segment, Terms
from scoring.rules.policies.thresholds import terms_thresholds
from tests.factories.judged import EVENTS, judged
from tests.factories.policies import costs, policy
from tests.factories.transfers import Transfer

OUTCOMES = ("allow", "review", "block")
FIXED_TERMS = Terms(FIXED, {"review": 0.3, "block": 0.9})


def effect_of(version: Policy, events: JudgedEvents | None = None, **changes: object) -> Effect:
    events = events or judged()
    given = outcomes_under(version, events, of_model={"review": 0.05, "block": 0.5}, outcomes=OUTCOMES)
    return measure_effect(events, given, outcomes=OUTCOMES, **changes)  # type: ignore[arg-type]


def test_events_fraud_and_money_are_counted_by_outcome_a_day() -> None:
    effect = effect_of(policy(terms=FIXED_TERMS))
    block, review, allow = (effect.by_outcome[name] for name in ("block", "review", "allow"))
    assert (block.events, block.fraud, block.good, block.precision) == (2, 1, 1, 0.5)
    assert (block.fraud_money, block.good_money) == (50_000, 20_000)
    assert (review.events, allow.events, effect.reviews) == (2, 3, 2)
    assert (effect.fraud, effect.recall, effect.stopped) == (3, pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (effect.caught, effect.lost, effect.cost) == (60_000, 1_000, None)


def test_weights_and_days_scale_everything() -> None:
    events = judged(weight=np.full(len(EVENTS), 4.0), days=2.0)
    assert effect_of(policy(terms=FIXED_TERMS), events).block.events == 4


def test_the_models_own_thresholds_are_used_where_the_policy_says_so() -> None:
    assert effect_of(policy(terms=Terms(MODEL))).block.events == 3


def test_outcomes_by_cost_are_those_of_the_live_thresholds_of_each_event() -> None:
    terms = Terms(COST, costs=costs())
    events = judged()
    given = terms_outcomes(terms, score=events.score, stake=events.stake, of_model={}, outcomes=OUTCOMES)
    for row, (score, _, stake) in enumerate(EVENTS):
        thresholds = terms_thresholds(terms, stake=stake, of_model={})
        reached = [place for place, name in enumerate(OUTCOMES) if place and score >= thresholds[name]]
        assert given[row] == max(reached, default=0)


def test_segments_have_their_own_outcomes() -> None:
    segment = Segment("large", "amount > 100.0", Terms(FIXED, {"block": 0.0}))
    segmented = policy(terms=FIXED_TERMS, segments=(segment,))
    inside = np.where(judged().stake > 10_000, 0, -1)
    given = outcomes_under(segmented, judged(), of_model={}, outcomes=OUTCOMES, segments=inside)
    assert [OUTCOMES[place] for place in given] == [
        *("block", "block", "review", "review", "allow", "allow", "allow"),
    ]


def test_costs_a_day_are_those_of_the_known_classes() -> None:
    known = Costs(0.1, insult=100, chargeback_fee=1_000, actions=(Action("review", 400, 0.5, 0.0),))
    effect = effect_of(policy(terms=FIXED_TERMS), costs=known)
    blocked_good = 0.1 * 20_000 + 100
    reviews = 2 * 400 + 0.5 * (10_000 + 1_000)
    allowed_fraud = 1_000 + 1_000
    assert effect.cost == pytest.approx(blocked_good + reviews + allowed_fraud)


def test_the_policy_by_cost_costs_no_more_than_any_single_thresholds_if_scores_are_right() -> None:
    generator = np.random.default_rng(3)
    score = generator.beta(0.3, 3, 20_000)
    positive = generator.random(20_000) < score
    stake = generator.lognormal(8.5, 1.2, 20_000).astype(int)
    events = judged(list(zip(score.tolist(), positive.tolist(), stake.tolist(), strict=True)))
    by_cost = effect_of(policy(terms=Terms(COST, costs=costs())), events, costs=costs()).cost
    fixed = [
        effect_of(policy(terms=Terms(FIXED, {"review": low, "block": high})), events, costs=costs()).cost
        for low in (0.02, 0.05, 0.1, 0.3)
        for high in (0.4, 0.6, 0.8)
    ]
    assert by_cost is not None
    assert by_cost < min(cost for cost in fixed if cost is not None)


def comparison(kind: type[EventType] | None = None) -> Comparison:
    return Comparison(kind or event_type("payment"), judged(), {"review": 0.3, "block": 0.9}, None)


def test_a_move_is_told_in_events_and_money() -> None:
    tighter = policy(terms=Terms(FIXED, {"review": 0.1, "block": 0.95}))
    [now, draft] = comparison().compare(policy(terms=Terms(MODEL)), [("Draft", tighter)])
    assert (now.name, now.move) == ("Now", "")
    assert draft.move.replace("\N{NO-BREAK SPACE}", " ") == (
        "\N{MINUS SIGN}1.0 good customer blocked, +10.00 USD fraud caught, +2.0 cases to review a day"
    )


def test_no_move_is_said_so() -> None:
    [_, same] = comparison().compare(policy(terms=Terms(MODEL)), [("Same", policy(terms=FIXED_TERMS))])
    assert same.move == "no difference on these events"


def test_moves_of_further_outcomes_are_told_by_name() -> None:
    compared = comparison(Transfer)
    before, after = (
        compared.effect_of(Policy("transfer", 1, Terms(FIXED, thresholds)))
        for thresholds in ({"block": 0.9}, {"challenge": 0.05, "block": 0.9})
    )
    assert "+4.0 events with the outcome challenge" in move_in_words(before, after, Transfer)
