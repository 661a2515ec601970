"""Is everything all right? The areas of work, each with a verdict and three figures. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings

from monitoring.models import ModelPerformance
from monitoring.overview.facts import CASE_LATE, Facts
from monitoring.overview.pipeline_notices import CONSUMER_LAG, CONSUMERS_LATE, LANE_LATE
from monitoring.overview.tiles import Linker, Tile
from monitoring.windows.traffic import RECENT_MINUTES, RecentTraffic
from scoring.admin_kit.formatting import NO_VALUE, count_text, duration_text, percent_text
from scoring.timestamps import from_iso

REVIEW, MODELS, OPERATIONS = "review", "models", "operations"
NOTABLE_LOSS = 0.1  # of average precision, relative; as the alert on it

# By the first permission that a user has: the areas in the order of their work.
ORDERS = (
    ("auth.change_user", (OPERATIONS, MODELS, REVIEW)),
    ("scoring.add_trainingjob", (MODELS, OPERATIONS, REVIEW)),
    ("reviews.work_case", (REVIEW, MODELS, OPERATIONS)),
)


@dataclass(frozen=True)
class Area:
    """`tiles` are its figures; one with a tone of warn or bad needs attention."""

    name: str
    title: str
    tiles: Sequence[Tile]

    @property
    def tone(self) -> str:
        """The most severe tone of its figures."""
        tones = {tile.tone for tile in self.tiles}
        return next((tone for tone in ("bad", "warn") if tone in tones), "good")

    @property
    def verdict(self) -> str:
        """ "all right", or the labels of the figures that need attention."""
        wrong = [tile.label.lower() for tile in self.tiles if tile.tone in ("bad", "warn")]
        return f"look at {', '.join(wrong)}" if wrong else "all right"


def areas(facts: Facts, link: Linker, *, order: Sequence[str]) -> list[Area]:
    """The areas of which the user may see a figure, in an order of their names."""
    found = {
        REVIEW: Area(REVIEW, "Review", list(_review(facts, link))),
        MODELS: Area(MODELS, "Models", list(_models(facts, link))),
        OPERATIONS: Area(OPERATIONS, "Operations", list(_operations(facts, link))),
    }
    return [found[name] for name in order if found[name].tiles]


def _review(facts: Facts, link: Linker) -> Iterator[Tile]:
    queue, own = facts.queue, facts.own_work
    if queue is None:
        return
    oldest = facts.now - queue.oldest if queue.oldest else None
    age = f"the oldest for {duration_text(oldest)}" if oldest else "nothing to review"
    yield Tile("Queue", count_text(queue.pending), age, href=link("queue"))
    limit = duration_text(CASE_LATE)
    yield Tile(
        "Overdue",
        count_text(queue.overdue),
        f"open for more than {limit}",
        tone="warn" if queue.overdue else "good",
        href=link("queue"),
    )
    if own is not None:
        decided = "none decided today" if not own.decided else f"{count_text(own.decided)} decided today"
        yield Tile("Your cases", count_text(own.claimed), f"claimed now; {decided}", href=link("own_reviews"))


def _models(facts: Facts, link: Linker) -> Iterator[Tile]:
    if facts.champions is None:
        return
    yield _deciding(facts, link)
    if facts.drifts is not None:
        far = [report for report in facts.drifts if report.is_far]
        yield Tile(
            "Drift",
            far[0].model if len(far) == 1 else f"{len(far)} models" if far else "none that matters",
            "of features with an effect, or of scores, last day",
            tone="warn" if far else "good",
            href=link("drift", query=f"?model={far[0].model}" if far else ""),
        )
        yield _performance(facts.performance or [], link)


def _deciding(facts: Facts, link: Linker) -> Tile:
    """How many event types their models decide, of those that have one."""
    champions, off = facts.champions or [], facts.rules_only or []
    deciding = len(champions) - len(off)
    named = ", ".join(each.event_type for each in off)
    note = f"rules only: {named}" if off else "event types by their models"
    return Tile(
        "Deciding",
        f"{deciding} of {len(champions)}" if champions else NO_VALUE,
        note if champions else "no model yet",
        tone="warn" if off else "good" if champions else "",
        href=link("rules_only" if off else "scoring_modelversion_changelist"),
    )


def _performance(found: Sequence[ModelPerformance], link: Linker) -> Tile:
    """The largest loss of the champions on matured labels."""
    changed = [each for each in found if each.concept.get("worse")]
    if changed:
        first, since = changed[0], from_iso(changed[0].concept["since"])
        note = f"{first.model} fits its labels worse since {since:%Y-%m-%d}"
        return _performance_tile("concept drift", note, "bad", link, of=first)
    known = [each for each in found if each.loss]
    if not known:
        note = "no matured labels yet" if found else "measured every night"
        return _performance_tile("not known yet", note, "", link)
    worst = max(known, key=lambda each: each.loss[0])
    value, low, _ = worst.loss
    lost = value > NOTABLE_LOSS and low is not None and low > 0
    text = f"{percent_text(value, 0)} lost" if lost else "as promised"
    return _performance_tile(
        text, f"average precision of {worst.model}", "warn" if lost else "good", link, of=worst
    )


def _performance_tile(
    value: str, note: str, tone: str, link: Linker, *, of: ModelPerformance | None = None
) -> Tile:
    query = f"?type={of.event_type}&model={of.model}" if of else ""
    return Tile("Performance", value, note, tone, link("performance", query=query))


def _operations(facts: Facts, link: Linker) -> Iterator[Tile]:
    if facts.pending is not None:
        yield _consumers(facts, link)
        yield _latency(facts, link)
        yield _lanes(facts, link)
    if facts.alerts is not None:
        count = len(facts.alerts)
        severe = any(group.alert.severity == "critical" for group in facts.alerts)
        yield Tile(
            "Alerts",
            count_text(count) if count else "none",
            "not acknowledged yet",
            tone="bad" if severe else "warn" if count else "good",
            href=link("alerts"),
        )


def _consumers(facts: Facts, link: Linker) -> Tile:
    running = [each for each in facts.consumers if not each.error]
    last = max((each.ran_at for each in running if each.ran_at), default=None)
    if running and (last is None or facts.now - last > CONSUMERS_LATE):
        note = f"none has read the log for {duration_text(facts.now - last)}" if last else "none has run yet"
        return Tile("Consumers", "not running", note, "bad", link("operations"))
    stopped = [each for each in facts.consumers if each.error]
    behind = [each for each in running if each.lag > CONSUMER_LAG]
    value = f"{len(stopped)} stopped" if stopped else f"{len(behind)} behind" if behind else "up to date"
    named = [each.name for each in stopped or behind]
    note = ", ".join(named) if named else f"all {len(facts.consumers)} that read the log"
    return Tile(
        "Consumers", value, note, "bad" if stopped else "warn" if behind else "good", link("operations")
    )


def _latency(facts: Facts, link: Linker) -> Tile:
    latency = RecentTraffic(facts.minutes, now=facts.now).latency_ms(0.99, RECENT_MINUTES)
    budget = 1_000 * settings.API_DEFAULT_WAIT
    value = NO_VALUE if latency is None else f"{latency:,.0f} ms"
    tone = "" if latency is None else "warn" if latency > budget else "good"
    note = f"99th percentile, last {RECENT_MINUTES} min; clients wait {budget:,.0f} ms"
    return Tile("Latency", value, note, tone, link("operations"))


def _lanes(facts: Facts, link: Linker) -> Tile:
    pending = facts.pending
    ready, oldest, parked = (pending.ready, pending.oldest, pending.parked) if pending else (0, None, 0)
    late = oldest is not None and facts.now - oldest > LANE_LATE
    note = f"the oldest for {duration_text(facts.now - oldest)}" if oldest else "every event is decided"
    if parked:
        note = f"{count_text(parked)} parked; {note}"
    tone = "bad" if late else "warn" if parked else "good"
    return Tile("Pending entries", count_text(ready), note, tone, link("scoring_pending_changelist"))
