"""Rules answer about the events of a micro-batch, most of which are excluded together, as CEL about each."""

import math
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rule_expressions import EXPRESSIONS
from scoring.event_types.payment import Payment
from scoring.rules.deciding import live_rules
from scoring.rules.deciding.live_rules import LiveRules, compile_rules
from scoring.rules.expressions.prefilter.event_values import EventValues
from scoring.rules.rules.book import LiveRule
from tests.factories.rules import rule_version

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OTHERS = (
    'merchant.lowerAscii().contains("shop") || amount > 900',
    "math.abs(amount - card_amount_mean_30d) > 100 && has(device)",
    'has(device) ? amount > 100 : category in ["travel", "fuel"]',
    'tagged(customer, "trusted") && size(merchant) < 8 && !(source == "web")',
    "no_such_name > 1",
)


def rules() -> LiveRules:
    """The rules of the benchmark, others whose functions are left to CEL, and a broken one."""
    texts = [text.format(n=n) for text in EXPRESSIONS for n in (1, 2, 3)] + list(OTHERS)
    return compile_rules(
        Payment,
        [
            LiveRule(rule_version(name=f"r{place:02}", expression=text), "active")
            for place, text in enumerate(texts)
        ],
    )


RULES = rules()
numbers = st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, 1.0, 5.0, 5.5, 10.0, 11.0, 300.0, 1e9])
texts = st.sampled_from([None, "", "m-1234x", "m-12345", "shop-1-a", "Shop-2-b", "travel", "fuel"])
hits = st.sets(
    st.sampled_from([("card", "stolen_cards"), ("customer", "watched_customers"), ("customer", "trusted")])
)


@st.composite
def event_values(draw: st.DrawFn) -> EventValues:
    fields: dict[str, Any] = {
        name: text for name in ("merchant", "device", "category") if (text := draw(texts)) is not None
    }
    if (minor := draw(st.sampled_from([None, 0, 10_000, 10_001, 100_001, 5_000_000]))) is not None:
        fields["amount"] = {"minor": minor, "currency": "USD"}
    features = draw(st.dictionaries(st.sampled_from(RULES.features), numbers))
    score = draw(st.sampled_from([None, 0.5, 0.911, 0.95]))
    return EventValues(fields, draw(st.sampled_from(["web", "shop"])), {}, features, score, draw(hits))


@settings(max_examples=150, deadline=None)
@given(events=st.lists(event_values(), min_size=1, max_size=8))
def test_answers_together_equal_those_alone(events: list[EventValues]) -> None:
    assert len(RULES.broken) == 1
    with patch.object(live_rules, "MIN_CALLS", 10_000):
        alone = RULES.ask(events, now=NOON)
    with patch.object(live_rules, "MIN_CALLS", 0):
        assert RULES.ask(events, now=NOON) == alone
    for event, answers in zip(events, alone, strict=True):
        activation = RULES.builder.build(
            fields=event.fields,
            source=event.source,
            features=[event.features.get(name) for name in RULES.features],
            score=event.score,
            hits=event.hits,
        )
        found = [rule.version.name for rule in RULES.rules if rule.expression.matches(activation)]
        assert [finding.name for finding in answers.findings] == found
