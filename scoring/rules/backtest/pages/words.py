"""Backtests in words and figures, as their pages show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.admin_kit.formatting import NO_VALUE, count_text, money_text, percent_text
from scoring.catalog.event_type import EventType
from scoring.rules.backtest.models import BacktestJob
from scoring.rules.backtest.results import BacktestResult
from scoring.rules.quality.measures import Share


@dataclass(frozen=True, slots=True)
class Figure:
    """A stat of the page."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class EventList:
    """Events of the result, with a heading and what they mean; `count` may be more than are shown."""

    name: str
    title: str
    meaning: str
    count: int
    events: Sequence[Mapping[str, Any]]

    @property
    def is_short(self) -> bool:
        """Whether it is shown without being asked for."""
        return 0 < self.count <= MAX_OPEN


MAX_OPEN = 10
LISTS = (
    ("newly_blocked", "Newly blocked", "Blocked with the change and not without it."),
    ("newly_allowed", "Newly let through", "Allowed with the change and not without it."),
    ("fraud_caught", "Fraud caught", "Labeled {positive}, and treated more severely."),
    ("good_hit", "Good events hit", "Labeled good, or mature without a label, and treated more severely."),
    ("fraud_let_through", "Fraud let through", "Labeled {positive}, and treated more mildly."),
)


def subject_in_words(job: BacktestJob) -> str:
    """ "rule velocity, version 2", "list stolen_cards", "policy of payment, version 3"."""
    change = job.change
    if change["kind"] == "rule":
        return f"rule {change['name']}, version {change['number']}"
    if change["kind"] == "policy":
        return f"policy of {job.event_type}, version {change['number']}"
    return f"list {change['name']}"


def change_in_words(job: BacktestJob) -> str:
    """What is tried, in a sentence."""
    change = job.change
    if change["kind"] == "rule":
        return f"Version {change['number']} of the rule {change['name']} as if it were active."
    if change["kind"] == "policy":
        return f"Version {change['number']} of the policy as if it were active."
    parts = list(_list_parts(change))
    return f"The list {change['name']} with {' and '.join(parts)}."


def _list_parts(change: Mapping[str, Any]) -> Iterator[str]:
    for name, words in (("added", "added"), ("removed", "removed")):
        if values := change[name]:
            shown = ", ".join(text for _, text in values[:3] if text)
            more = "" if len(values) <= 3 or not shown else ", \N{HORIZONTAL ELLIPSIS}"
            listed = f" ({shown}{more})" if shown else ""
            yield f"{count_text(len(values))} value{'s' if len(values) != 1 else ''} {words}{listed}"
    if change["action"] == "none":
        yield "every value taken out: it is archived"
    elif change["action"]:
        yield f"the action {change['action']}"


def share_text(share: Share) -> str:
    """ "62.5 %"; a dash without rows."""
    return NO_VALUE if share.value is None else percent_text(share.value)


def interval_text(share: Share) -> str:
    """ "51.0 % to 72.3 %"; empty without rows."""
    return f"{percent_text(share.low)} to {percent_text(share.high)}" if share.rows else ""


def figures(result: BacktestResult, kind: type[EventType], subject: str) -> list[Figure]:
    """The figures at the head of a result."""
    currency, history = kind.base_currency, result.without_decision
    caught = result.newly_caught + history.newly_caught
    missed = result.newly_missed + history.newly_missed
    precision = result.hit_classes.positive_share
    good = result.lists["good_hit"]["count"]
    return [
        Figure("Events", count_text(result.events), _kinds_of_events(result)),
        Figure(_hit_label(subject), count_text(result.hit_events), _of(result.hit_events, result.events)),
        Figure("Other outcome", count_text(result.changed), _of(result.changed, result.events)),
        Figure(
            "Precision",
            share_text(precision),
            f"{kind.labels.positive} among hits; {interval_text(precision)}"
            if precision.rows
            else "no hit is mature",
        ),
        *_recalls(result, kind.labels.positive),
        Figure(
            "Money caught",
            money_text(caught.positive_stake, currency),
            f"{money_text(missed.positive_stake, currency)} let go"
            if missed.positive_stake
            else "none let go",
            tone="bad" if missed.positive_stake > caught.positive_stake else "",
        ),
        Figure(
            "Good events hit",
            count_text(good),
            f"of {count_text(result.good_units)} {result.unit.replace('_', ' ')}s" if good else "",
            tone="warn" if good else "good",
        ),
    ]


def _kinds_of_events(result: BacktestResult) -> str:
    """How many are young, and how many have no decision."""
    young = f"{count_text(result.immature)} not mature yet"
    if not result.undecided_events:
        return young
    return f"{count_text(result.undecided_events)} without a decision; {young}"


def _recalls(result: BacktestResult, positive: str) -> Iterator[Figure]:
    """The recall of decided events, and that of events without a decision, where there are some."""
    if result.decided_events or not result.undecided_events:
        yield _recall(f"{positive.capitalize()} not allowed", result, positive)
    if result.undecided_events:
        yield _recall(f"{positive.capitalize()} found in history", result.without_decision, positive)


def _recall(label: str, result: BacktestResult, positive: str) -> Figure:
    before, after = result.recall(changed=False), result.recall(changed=True)
    if not after.rows:
        return Figure(label, NO_VALUE, f"no {positive} is mature")
    shares = f"{share_text(before)} \N{RIGHTWARDS ARROW} {share_text(after)}"
    return Figure(label, shares, f"recall; {interval_text(after)}")


def _hit_label(subject: str) -> str:
    kind = subject.partition("/")[0]
    return {"rule": "Matched by the rule", "list": "Listed differently"}.get(kind, "Score judged differently")


def _of(part: int, whole: int) -> str:
    return f"{percent_text(part / whole)} of events" if whole else ""


def event_lists(result: BacktestResult, kind: type[EventType]) -> list[EventList]:
    """The lists of events, those without any too; of an older result, those that it has."""
    return [
        EventList(
            name,
            title,
            meaning.format(positive=kind.labels.positive),
            result.lists[name]["count"],
            [{**event, "id": event["event"].split("/", 2)[2]} for event in result.lists[name]["events"]],
        )
        for name, title, meaning in LISTS
        if name in result.lists
    ]


def cautions(result: BacktestResult, job: BacktestJob, kind: type[EventType]) -> Iterator[str]:
    """What limits the result, in sentences."""
    if result.undecided_events:
        yield (
            f"{count_text(result.undecided_events)} events have no decision, mostly because they were loaded"
            " as history. No model scored them: of these, rules and lists alone speak, and lists as they are"
            " today."
        )
    if result.unsequenced:
        yield (
            f"{count_text(result.unsequenced)} events of the period are left out, because their lane has not"
            " sequenced them: history waits for a load to end or for manage.py rebuild --online, live events"
            " for their decision."
        )
    if result.lacking:
        yield (
            f"{count_text(result.lacking)} decisions did not log all features that it reads, so it could not"
            " match their events."
        )
    if result.unknown:
        yield (
            f"For {count_text(result.unknown)} events the condition depends on a missing value, so it does"
            " not match."
        )
    for error, events in result.failed.items():
        yield f"The condition failed on {count_text(events)} events: {error}."
    for name, error in result.skipped.items():
        yield f"The active rule {name} cannot be evaluated, so it was left out: {error}."
    if result.events and result.immature == result.events:
        days = kind.matures_after.days
        yield f"No event is mature: labels count {days} days after an event. Choose an earlier period."
    if result.differing:
        yield (
            f"Without the change, today's configuration gives {count_text(result.differing)} events another"
            " outcome than they had: rules, lists or policy have changed since, or a breaker or exploration"
            " decided."
        )
