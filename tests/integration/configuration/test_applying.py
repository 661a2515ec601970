"""A configuration file is applied through the services that pages use: all of it, or nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_celery_beat.models import PeriodicTask

from scoring.configuration.applying import Applied, apply_text, compare_text, export_text
from scoring.configuration.differences import report_lines
from scoring.configuration.errors import ConfigurationChangedMeanwhile, ConfigurationInvalid
from scoring.learning.gates.changing import gate_of
from scoring.learning.gates.criteria import DEFAULT_CRITERIA, LATENCY
from scoring.log.models import LogEntry
from scoring.log.read import read_stream
from scoring.rules.breaker.changing import settings_of
from scoring.rules.breaker.settings import BreakerSettings
from scoring.rules.exploration.changing import exploration_of
from scoring.rules.lists.models import ValueList
from scoring.rules.rules.models import Rule, StoredRuleVersion
from scoring.rules.rules.staging import approve_activation
from scoring.rules.ruleset.stream import STREAM, current_version, iter_changes
from tests.factories.configurations import CONFIGURATION

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ANA, LEA = "user/ana", "user/lea"
EMPTY = (
    "version: 1\nlists:\nrules:\npolicies:\nexploration:\nbreakers:\nschedules:\nalerts:\ngates:\n"
    "guardrails:\ntriggers:\nfour_eyes:\nreview_quality:\nnotifications:\n"
    "review_queues:\nreview_sources:\ngroup_limits:\ncase_actions:\n"
)


def compare(text: str, *, approver: str = LEA, **how: Any) -> Applied:
    return compare_text(text, actor=ANA, approver=approver, reason="configuration file", now=NOW, **how)


def apply(text: str, *, approver: str = LEA, state: str = "", **how: Any) -> Applied:
    """Apply a file; what it changes is what the differences said."""
    compared = compare(text, approver=approver, **how)
    applied = apply_text(
        text, actor=ANA, approver=approver, reason="configuration file", now=NOW, state=state, **how
    )
    assert list(report_lines(applied)) == list(report_lines(compared))
    assert applied == compared
    return applied


def problems(text: str, **how: Any) -> list[str]:
    """What is wrong with a file; comparing it says the same."""
    with pytest.raises(ConfigurationInvalid) as error:
        apply_text(text, actor=ANA, approver=LEA, reason="configuration file", now=NOW, **how)
    with pytest.raises(ConfigurationInvalid) as when_compared:
        compare(text, **how)
    assert list(when_compared.value.problems) == list(error.value.problems)
    return list(map(str, error.value.problems))


def changed(before: str, after: str) -> str:
    assert CONFIGURATION.count(before) == 1
    return CONFIGURATION.replace(before, after)


def without(*path: str) -> str:
    """The configuration without the part at a path."""
    data = yaml.safe_load(CONFIGURATION)
    *names, last = path
    place = data
    for name in names:
        place = place[name]
    del place[last]
    return str(yaml.safe_dump(data, sort_keys=False))


def test_what_is_applied_to_an_empty_installation_is_exported_as_it_was() -> None:
    applied = apply(CONFIGURATION)
    assert yaml.safe_load(export_text()) == yaml.safe_load(CONFIGURATION)
    assert {change.what for change in applied.changes} == {"added"}
    assert len(applied.changes) == 20
    text = export_text()
    assert apply(text).is_nothing
    assert export_text() == text


def test_an_export_applied_elsewhere_is_exported_there_as_it_was(transactional_db: None) -> None:
    """The versions' numbers and authors differ; what they say does not."""
    apply(CONFIGURATION)
    apply(changed("amount > 300.0", "amount > 200.0"))
    text, numbers = export_text(), set(StoredRuleVersion.objects.values_list("number", flat=True))
    clear_ruleset()
    assert yaml.safe_load(export_text()) == {"version": 1}
    apply(text)
    assert export_text() == text
    assert set(StoredRuleVersion.objects.values_list("number", flat=True)) != numbers


def clear_ruleset() -> None:
    """As on an installation where nothing was configured yet."""

    tables = [
        model._meta.db_table
        for model in connection.introspection.installed_models(connection.introspection.table_names())
        if model._meta.app_label in ("scoring", "monitoring", "reviews", "django_celery_beat")
        and model._meta.managed
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("SET session_replication_role = origin")


def test_entries_are_those_of_the_pages_with_their_authors() -> None:
    apply(CONFIGURATION)
    entries = list(iter_changes())
    approved = [entry for entry in entries if entry.data.get("stage") == "active"]
    assert {entry.type for entry in entries} == {
        *("list.defined", "bank.defined", "rule.drafted", "rule.activation_requested", "rule.staged"),
        *("policy.drafted", "policy.activation_requested", "policy.staged"),
        *("exploration.changed", "breaker.changed"),
    }
    assert {entry.metadata["actor"] for entry in approved} == {LEA}
    assert {entry.metadata["actor"] for entry in entries if entry not in approved} == {ANA}


def test_without_a_second_person_activations_are_requested_once() -> None:
    applied = apply(CONFIGURATION, approver="")
    rule = Rule.objects.get(name="large_amount")
    assert (rule.active, rule.requested, rule.requested_by) == (None, 1, ANA)
    assert applied.requests == 3
    assert applied.notes == (
        "rule large_amount of payment: version 1 becomes active once a second person approves it.",
        "policy of payment: version 1 becomes active once a second person approves it.",
        "gate of payment: it changes once a second person approves it.",
    )
    version = current_version()
    again = apply(CONFIGURATION, approver="")
    assert (again.is_nothing, current_version()) == (True, version)
    approve_activation(event_type="payment", name="large_amount", number=1, actor=LEA, now=NOW)
    assert len(apply(CONFIGURATION, approver="").notes) == 2


def test_a_gate_changes_once_a_second_person_approves_it() -> None:
    text = "version: 1\ngates: {payment: {latency: {limit: 5}}}\n"
    assert apply(text, approver="").requests == 1
    assert (gate_of("payment").version, yaml.safe_load(export_text())) == (0, {"version": 1})
    assert apply(text, approver="").is_nothing
    [problem] = problems(text.replace("5", "6"))
    assert "requested by user/ana; it must be judged first" in problem
    apply(text)
    assert gate_of("payment").criterion(LATENCY).limit == 5
    assert read_stream("gate/payment")[-1].metadata["actor"] == LEA
    apply("version: 1\ngates:\n", prune=True)
    assert gate_of("payment").criteria == DEFAULT_CRITERIA


def test_differences_show_what_an_activation_that_is_requested_says() -> None:
    [change] = [each for each in apply(CONFIGURATION, approver="").changes if each.path[-1] == "large_amount"]
    assert change.after is not None
    assert change.after["active once approved"]["share"] == 0.5
    assert "active" not in yaml.safe_load(export_text())["rules"]["payment"]["large_amount"]
    apply(CONFIGURATION)
    assert yaml.safe_load(export_text()) == yaml.safe_load(CONFIGURATION)


def test_differences_change_nothing() -> None:
    apply(CONFIGURATION)
    version, text = current_version(), export_text()
    found = compare(changed("amount > 300.0", "amount > 200.0"))
    assert (current_version(), export_text()) == (version, text)
    assert list(report_lines(found)) == [
        "rules.payment.large_amount: changed",
        "     share: 0.5",
        "     unit: customer",
        "   shadow:",
        "  -  expression: amount > 300.0",
        "  +  expression: amount > 200.0",
        "     outcome: review",
        "     sentence: The amount is large",
        "",
    ]


def test_a_text_that_moves_from_shadow_to_active_moves_its_version() -> None:
    apply(CONFIGURATION)
    data = yaml.safe_load(CONFIGURATION)
    rule = data["rules"]["payment"]["large_amount"]
    rule["active"] = rule.pop("shadow")
    apply(yaml.safe_dump(data))
    stages = dict(StoredRuleVersion.objects.filter(name="large_amount").values_list("number", "stage"))
    assert stages == {1: "archived", 2: "active"}
    apply(CONFIGURATION)
    stages = dict(StoredRuleVersion.objects.filter(name="large_amount").values_list("number", "stage"))
    assert (stages[1], len(stages)) == ("active", 2)


def test_what_the_file_does_not_mention_stays_unless_it_is_pruned() -> None:
    apply(CONFIGURATION)
    text = without("rules", "payment", "velocity")
    assert apply(text).is_nothing
    [removed] = apply(text, prune=True).changes
    assert (removed.path, removed.what) == (("rules", "payment", "velocity"), "removed")
    assert StoredRuleVersion.objects.get(name="velocity").stage == "archived"
    assert apply(text, prune=True).is_nothing


def test_a_rule_may_name_a_hash_bank_of_the_same_file_until_the_file_removes_it() -> None:
    rule = {"expression": 'banked("known_abuse")', "outcome": "review", "sentence": "It is known"}
    rules = {"rules": {"content": {"known": {"active": rule}}}}
    data = yaml.safe_load(CONFIGURATION)
    assert apply(yaml.safe_dump({"version": 1, "banks": data["banks"], **rules}, sort_keys=False)).changes
    changed_rule = {**rule, "expression": 'banked("known_abuse") && author_count_1h > 1.0'}
    rules["rules"]["content"]["known"]["active"] = changed_rule
    [problem] = problems(yaml.safe_dump({"version": 1, "banks": {}, **rules}), prune=True)
    assert "hash bank" in problem


def test_a_section_that_the_file_lacks_is_never_pruned() -> None:
    apply(CONFIGURATION)
    assert apply("version: 1\nlists: {}", prune=True).changes[0].path[0] == "lists"
    assert Rule.objects.get(name="large_amount").active == 1
    assert apply("version: 1", prune=True).is_nothing


def test_everything_can_be_pruned_and_comes_back() -> None:
    apply(CONFIGURATION)
    empty = EMPTY
    apply(empty, prune=True)
    assert ValueList.objects.filter(archived_at=None).count() == 0
    exploration = exploration_of("payment")
    assert exploration is not None
    assert not exploration.is_on
    assert not PeriodicTask.objects.filter(name="export every hour").exists()
    assert apply(empty, prune=True).is_nothing
    apply(CONFIGURATION)
    assert yaml.safe_load(export_text()) == yaml.safe_load(CONFIGURATION)


def test_a_shadow_that_the_file_does_not_mention_is_pruned_with_its_rule_left() -> None:
    apply(CONFIGURATION)
    apply(without("rules", "payment", "large_amount", "shadow"), prune=True)
    rule = Rule.objects.get(name="large_amount")
    assert (rule.active, rule.shadow) == (1, None)


WRONG = [
    ("rules:", "ruls:", "ruls: is not a section (allowed: lists, banks, rules"),
    ("action: block", "action: blok", "line 5, lists.stolen_cards.action: 'blok' is not an action (allowed"),
    ("kind: card", "kind: crad", "lists.stolen_cards.kind: 'crad' is not a kind of values"),
    ("    title: Stolen cards\n", "", "line 3, lists.stolen_cards.title: is missing"),
    ("amount > 300.0", "amuont > 300.0", "rules.payment.large_amount.shadow.expression: "),
    ("share: 0.5", "share: half", "rules.payment.large_amount.active.share: is half, not a number"),
    ("share: 0.5", "shair: 0.5", "large_amount.active.shair: is not known here (allowed: expression,"),
    ("      draft:", "      drafted:", "velocity.drafted: is not a stage (allowed: active, shadow, draft)"),
    ("outcome: block", "outcome: refuse", "rules.payment.velocity.draft.outcome: 'refuse' is not an outcome"),
    ("  payment:\n    large_amount:", "  paiment:\n    large_amount:", "'paiment' is not an event type"),
    ("mode: cost", "mode: price", "policies.payment.active.mode: "),
    ("margin: 0.02", "margin: 2", "active.costs.margin: is 2 (allowed: a number from 0 to 1)"),
    ("amount > 1000.0", "amount >", "policies.payment.active.segments.1.expression: line 1, column"),
    ("amount_cap: 10000", "amount_cap: 10.5", "exploration.payment.amount_cap: is float, not a whole number"),
    ("max_share: 0.3", "max_share: 3", "breakers.payment.max_share: must be more than 0 and at most 1"),
    ("every: 1 hours", "every: 1 hour", "export every hour.every: '1 hour' is not a length of time"),
    ("every: 1 hours", 'crontab: "0 25 * * *"', "every hour.crontab: '0 25 * * *' is not a crontab"),
    ("scoring.offline.tasks.export", "nothing", "export every hour.task: There is no task 'nothing'"),
    ("every: 1 hours", "every: 99999999999 days", "'99999999999 days' is not a length of time"),
    ("every: 1 hours", "every: 4000 days", "'4000 days' is not a length of time"),
    ("every: 1 hours", "every: 1 hours\n    expire_seconds: 0", "expire_seconds: is 0 (allowed: 1 to"),
    ("export every hour", "x" * 201, "has a name of 201 characters (allowed: at most 200)"),
    ("    every: 1 hours\n", "", "schedules.export every hour: needs either every or crontab"),
    ("    latency:", "    latencies:", "latencies: is not known here (allowed: held-out events,"),
    ("limit: 5", "limit: -5", "gates.payment.latency: the limit must be 0 or more, not -5"),
    ("override: lead", "override: 5", "gates.payment.latency.override: is int, not a text"),
    ("threshold: 0.25", "threshold: much", "alerts.many_fallbacks.threshold: is much, not a number"),
    ("severity: critical", "severity: bad", "alerts.lanes.parked.severity: is bad (allowed: info, warning,"),
    ("event_type: payment\n    th", "card: c\n    th", "alerts.many_fallbacks.scope: card is not part of"),
    ("watch_hours: 48", "watch_hours: 0", "guardrails.payment.watch_hours: must be 1 to 720, not 0"),
    ("slower_than_ms: 400", "times: 0.5", "guardrails.payment.slow.times: must be 1 to 100, not 0.5"),
    ("score_shift:", "shift:", "guardrails.payment.shift: is not known here (allowed: enabled, watch_hours,"),
    ("cool_down_hours: 12", "cool_down_hours: 1.5", "cool_down_hours: is float, not a whole number"),
    ("psi: 0.4", "psi: 0", "triggers.payment.drift.psi: must be 0.1 to 10, not 0"),
    ("group/lead:", "lead:", "notifications.lead: there is no owner 'lead'; an owner is user/<name> or"),
    ("time_zone: Europe/Vienna", "time_zone: Vienna", "group/lead.time_zone: is 'Vienna'; name one such as"),
    ("max_a_day: 5", "max_a_day: 900", "group/lead.max_a_day: is 900; enter a number from 1 to 200"),
    ("max_a_day: 5", "email: maybe", "notifications.group/lead.email: is maybe, not a true or false"),
    ("share: 0.02", "share: 0.5", "review_quality.payment.golden_items.share: must be 0 to 0.2, not 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "problem"), WRONG)
def test_a_wrong_part_is_named_with_its_line_and_nothing_is_changed(
    before: str, after: str, problem: str
) -> None:
    text = CONFIGURATION.replace(before, after, 1)
    found = problems(text)
    assert any(problem in each for each in found), found
    assert all(each.startswith("line ") for each in found)
    assert current_version() == 0
    assert not PeriodicTask.objects.filter(name="export every hour").exists()


def test_a_limit_of_a_breaker_without_a_value_is_the_default() -> None:
    apply("version: 1\nbreakers:\n  payment:\n    max_share:\n    min_events: null\n    max_blocks: 5\n")
    assert settings_of("payment") == BreakerSettings(max_blocks=5)


def test_a_file_with_too_many_items_is_refused_before_any_is_applied() -> None:
    rule = "{draft: {expression: amount > 1.0, outcome: review, sentence: x}}"
    rules = "".join(f"    r{number}: {rule}\n" for number in range(2_001))
    assert problems(f"version: 1\nrules:\n  payment:\n{rules}") == [
        "line 2, rules: has 2,001 items (allowed: at most 2,000)"
    ]


def test_every_problem_is_named_at_once() -> None:
    text = changed("action: block", "action: blok").replace("amount > 300.0", "amuont > 300.0")
    assert len(problems(text)) == 2


def test_what_changed_after_the_differences_were_shown_is_not_overwritten() -> None:
    shown = compare(CONFIGURATION)
    apply("version: 1\nbreakers: {payment: {max_share: 0.2}}")
    with pytest.raises(ConfigurationChangedMeanwhile):
        apply(CONFIGURATION, state=shown.state)
    assert apply(CONFIGURATION, state=compare(CONFIGURATION).state).changes


def test_a_schedule_that_assay_needs_can_change_its_times_only() -> None:
    needed = "restart lanes whose notification was lost"
    task = "scoring.runner.tasks.sweep"
    base = f"version: 1\nschedules:\n  {needed}:\n    task: {task}\n"
    apply(f"{base}    every: 2 seconds\n")
    apply(f"{base}    every: 5 seconds\n")
    assert PeriodicTask.objects.get(name=needed).interval.every == 5
    [problem] = problems(f"{base}    every: 5 seconds\n    enabled: false\n")
    assert "cannot be false, because Assay needs this schedule" in problem
    [problem] = problems(f"{base.replace(task, 'scoring.log.tasks.run_consumers')}    every: 5 seconds\n")
    assert "line 4, " in problem
    assert "cannot change, because Assay needs this schedule" in problem
    assert "comes with Assay and stays" in apply("version: 1\nschedules:", prune=True).notes[0]


def test_the_stream_of_the_ruleset_has_no_gap_after_a_refused_file() -> None:
    problems(changed("max_share: 0.3", "max_share: 3"))
    apply(CONFIGURATION)
    versions = LogEntry.objects.filter(stream=STREAM).order_by("stream_version")
    assert list(versions.values_list("stream_version", flat=True)) == list(range(1, current_version() + 1))


def test_comparing_only_reads_and_takes_no_lock() -> None:
    apply(CONFIGURATION)
    text = changed("amount > 300.0", "amount > 200.0").replace("every: 1 hours", "every: 7 hours")
    data = yaml.safe_load(text)
    data["lists"]["found_cards"] = {"title": "Found cards", "action": "watch", "kind": "card"}
    listed = {"expression": "listed(card, 'found_cards')", "outcome": "review", "sentence": "Found"}
    data["rules"]["payment"]["found"] = {"active": listed}
    with CaptureQueriesContext(connection) as queries:
        found = compare(yaml.safe_dump(data), prune=True)
    assert len(found.changes) == 4
    statements = [query["sql"] for query in queries.captured_queries]
    assert {statement.split()[0] for statement in statements} == {"SELECT"}
    assert not [each for each in statements if "advisory" in each or "FOR UPDATE" in each]


FILES = [
    CONFIGURATION.replace("amount > 300.0", "amount > 200.0"),
    CONFIGURATION.replace("share: 0.5", "share: 1"),
    CONFIGURATION.replace("max_share: 0.3", "max_share: 1"),
    CONFIGURATION.replace("share: 0.01", "share: 0"),
    CONFIGURATION.replace("every: 1 hours", "crontab: 1 2 * * *"),
    CONFIGURATION.replace("limit: 5", "limit: 6.5").replace("psi: 0.4", "psi: 0.5"),
    "version: 1\ngates: {payment: {}}\nguardrails: {payment: {}}\ntriggers: {payment: {}}\n",
    EMPTY,
    "version: 1\nlists:\n",
    "version: 1\nrules: {payment: {large_amount: {draft: {expression: 'amount > 7', outcome: block,"
    " sentence: Large}}}}\n",
]


@pytest.mark.parametrize(
    ("before", "approver", "prune"),
    [(CONFIGURATION, LEA, True), (CONFIGURATION, "", False), (None, ANA, False)],
)
@pytest.mark.parametrize("text", FILES)
def test_differences_are_what_applying_changes(
    text: str, before: str | None, approver: str, prune: bool
) -> None:
    """Also after requests, and by a person who cannot approve."""
    if before is not None:
        apply(before)
    for step in (text, CONFIGURATION):
        outcomes = []
        for act in (compare_text, apply_text):
            try:
                outcomes.append(
                    act(step, actor=ANA, approver=approver, reason="a file", now=NOW, prune=prune)
                )
            except ConfigurationInvalid as error:
                outcomes.append(error.problems)
        assert outcomes[0] == outcomes[1]


def test_a_rule_may_name_a_bank_that_the_file_defines_and_no_other() -> None:
    text = """\
version: 1
banks:
  memes:
    title: Memes
    action: tag
rules:
  content:
    meme:
      draft:
        expression: banked("memes")
        outcome: review
        sentence: It is a meme
"""
    assert len(compare(text).changes) == 2
    assert any(
        'There is no hash bank "mimes"' in each for each in problems(text.replace('"memes"', '"mimes"'))
    )
    assert len(apply(text).changes) == 2
    assert apply(export_text()).is_nothing
