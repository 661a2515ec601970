"""Notices of open breakers, failing rules and requested activations: what happened, and where to act."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitoring.models import GuardrailTrip
from monitoring.overview.attention import notices
from monitoring.overview.facts import Facts, FailingRule
from monitoring.overview.notices import NoticeLink
from scoring.rules.breaker.models import BreakerState
from scoring.rules.rules.models import Rule
from scoring.rules.rules_only.models import RulesOnlySwitch
from tests.factories.log import NOW
from tests.unit.monitoring.overview.test_attention import QUIET


def breaker(*, until: timedelta = timedelta(minutes=11), **tripped: Any) -> BreakerState:
    return BreakerState(
        event_type="payment",
        source="shop",
        since=NOW - timedelta(minutes=4),
        until=NOW + until,
        tripped={
            "limit": "share",
            "share": 0.425,
            "blocks": 17,
            "events": 40,
            "window_s": 600,
            "max_share": 0.4,
            "max_blocks": None,
            "rules": [{"name": name, "blocks": 15} for name in ("velocity", "country", "night")],
            "without_rule": 2,
            **tripped,
        },
    )


def facts(*breakers: BreakerState) -> Facts:
    return replace(QUIET, open_breakers=list(breakers))


def test_an_open_breaker_is_critical_and_says_what_tripped_it() -> None:
    (notice,) = notices(facts(breaker()))
    assert notice.tone == "bad"
    assert notice.what.replace("\N{NO-BREAK SPACE}", " ") == (
        "The breaker of payment from shop opened 4 min ago: 17 of the latest 40 events would be blocked"
        " (42 %; the limit is 40 %)."
    )
    assert notice.do == (
        "Rule velocity asked for 15 of these blocks, rule country asked for 15, rule night asked for 15;"
        " 2 came from the policy alone. Until it closes, at 12:41 UTC at the earliest, these blocks become"
        " reviews. Correct the cause, then reset the breaker."
    )


def test_it_leads_to_the_reset_and_to_the_rules_responsible() -> None:
    (notice,) = notices(facts(breaker()))
    assert (notice.label, notice.page) == ("Reset the breaker", "breakers")
    assert notice.also == (
        NoticeLink("Open rule velocity", "rule", ("payment", "velocity")),
        NoticeLink("Open rule country", "rule", ("payment", "country")),
    )


def test_once_the_cool_down_is_over_it_closes_with_the_next_event() -> None:
    (notice,) = notices(facts(breaker(until=timedelta(0), rules=[], without_rule=17)))
    assert notice.do.startswith(
        "The policy alone asked for these blocks. Until it closes, with its next event,"
    )
    assert notice.also == ()


def test_a_number_of_blocks_is_told_with_its_window() -> None:
    (notice,) = notices(facts(breaker(limit="blocks", blocks=501, max_blocks=500)))
    assert "501 events would be blocked within 10 min (the limit is 500)" in notice.what


def test_every_open_breaker_has_a_notice_and_none_is_seen_without_permission() -> None:
    assert len(notices(facts(breaker(), breaker()))) == 2
    assert notices(replace(QUIET, open_breakers=None)) == []


def test_a_failing_rule_says_how_often_and_leads_to_the_rule() -> None:
    (notice,) = notices(replace(QUIET, failing_rules=[FailingRule("payment", "velocity", 1_200)]))
    assert notice.tone == "warn"
    assert notice.what == "Rule velocity of payment failed on 1,200 events since yesterday."
    assert (notice.page, notice.arguments) == ("rule", ("payment", "velocity"))


def test_a_requested_activation_says_who_asked_and_when() -> None:
    rule = Rule(
        event_type="payment",
        name="velocity",
        requested=3,
        requested_by="user/ana",
        requested_at=NOW - timedelta(hours=5),
    )
    (notice,) = notices(replace(QUIET, requested_rules=[rule]))
    assert (notice.tone, notice.page, notice.arguments) == ("info", "rule", ("payment", "velocity"))
    assert notice.what == "ana requested the activation of version 3 of rule velocity (payment) 5 h ago."


def trip(**changes: Any) -> GuardrailTrip:
    figures = {
        "metric": "blocks",
        "value": 0.97,
        "count": 60,
        "events": 62,
        "allowed": 0.05,
        "slower_than_ms": None,
    }
    at = NOW - timedelta(minutes=4)
    return GuardrailTrip(model="payment-2", role="canary", figures=figures, tripped_at=at, **changes)


def test_a_model_that_was_rolled_back_is_said_with_the_figures() -> None:
    [notice] = notices(replace(QUIET, guardrail_trips=[trip()]))
    assert (notice.tone, notice.page) == ("warn", "guardrails")
    assert notice.what == (
        "The canary payment-2 was rolled back by itself 4 min ago: 60 of 62 events would be blocked"
        " (97\N{NO-BREAK SPACE}%; at most 5\N{NO-BREAK SPACE}% are allowed)."
    )
    assert notice.also == (NoticeLink("Open payment-2", "model", ("payment-2",)),)


def test_a_model_that_could_not_be_rolled_back_needs_a_person() -> None:
    [notice] = notices(replace(QUIET, guardrail_trips=[trip(why_not="its features are gone")]))
    assert (notice.tone, notice.page, notice.arguments) == ("bad", "model", ("payment-2",))
    assert "still decides" in notice.what
    assert notice.do.startswith("It was not rolled back: its features are gone. ")


def test_models_that_are_switched_off_are_shown_with_who_did_it_and_why() -> None:
    switch = RulesOnlySwitch(
        event_type="payment", on=True, reason="scores are wrong", changed_by="user/lea", changed_at=NOW
    )
    (notice,) = notices(replace(QUIET, rules_only=[switch]))
    assert (notice.tone, notice.page) == ("warn", "rules_only")
    assert notice.what == "No model decides payment: rules only, since 0 s ago."
    assert notice.do.startswith("lea switched its models off: scores are wrong.")
