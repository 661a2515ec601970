"""The page of data quality: senders by field, and one sender with its hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404
from django.utils import timezone

from monitoring.event_addresses import may_investigate
from monitoring.quality import plots
from monitoring.quality.event_links import missing_address, values_address
from monitoring.quality.judging import SEVERITY, Kind, Reading, State
from monitoring.quality.observing import FieldReadings, SenderReadings, read_fields, read_senders
from monitoring.quality.words import (
    PROBLEMS,
    TONES,
    field_sentence,
    sender_sentence,
    since_text,
    usual_text,
    value_text,
)
from scoring.admin_kit.formatting import count_text
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.visible import seen_types

TITLES = {
    Kind.MISSING: "missing",
    Kind.UNUSUAL: "unusual",
    Kind.VOLUME: "Events in an hour",
    Kind.DELAY: "Delay, median",
    Kind.REFUSED: "Refused events",
    Kind.REPEATED: "Received before",
    Kind.TOO_LATE: "More than a day late",
}
MAX_PROBLEMS = 12


@dataclass(frozen=True)
class ReadingText:
    """A reading as texts. `about`: value and usual value, shown on hover where there is little room."""

    title: str
    state: State
    tone: str
    value: str
    usual: str
    since: str

    @property
    def about(self) -> str:
        return f"{self.title}: {self.value}, usually {self.usual}"


@dataclass(frozen=True)
class FieldRow:
    """A field with its cell for each sender; None for senders that do not send it."""

    name: str
    cells: list["FieldCell | None"]


@dataclass(frozen=True)
class FieldCell:
    """A field of a sender. `address` and `missing_address`: of the events behind it, "" if none."""

    source: str
    missing: ReadingText
    unusual: ReadingText | None
    worst: ReadingText
    address: str
    missing_address: str

    @property
    def about(self) -> str:
        return "; ".join(each.about for each in (self.missing, self.unusual) if each)


@register_page
class DataQualityPage(AdminPage):
    """`?type=payment&source=shop` choose an event type and a sender."""

    path, name, title = "data-quality/", "data_quality", "Data quality"
    subtitle = "What senders send, compared with what each of them usually sends"
    permission = "monitoring.view_hourlywindow"
    template_name = "monitoring/quality/quality.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, types = timezone.now(), seen_types(self.request.user)
        chosen = self.request.GET.get("type") or types[0]
        if chosen not in types:
            raise Http404(f"Unknown event type {chosen!r}; known are {', '.join(types)}.")
        fields, senders = read_fields(now=now, event_type=chosen), read_senders(now=now, event_type=chosen)
        sources = sorted({each.field.source for each in fields} | {each.sender.source for each in senders})
        source = self.request.GET.get("source") or (sources[0] if len(sources) == 1 else "")
        shown = [source] if source else sources
        fields = [each for each in fields if each.field.source in shown]
        senders = [each for each in senders if each.sender.source in shown]
        return super().get_context_data(
            types=types,
            event_type=chosen,
            sources=sources,
            source=source,
            sentences=_sentences(fields, senders),
            too_early=_too_early(fields),
            senders=[(each, [_text(reading) for reading in each.readings]) for each in senders],
            fields=_rows(fields, shown, now=now),
            shown=shown,
            plots=_plots(fields, senders) if source else [],
            problems=_problems(senders),
            may_investigate=may_investigate(self.request),
            may_see_events=self.request.user.has_perm("scoring.view_event"),
            **kwargs,
        )


def _sentences(fields: Iterable[FieldReadings], senders: Iterable[SenderReadings]) -> list[tuple[str, str]]:
    """(tone, sentence) for all that has changed, the worst first."""
    found = [(each, sender_sentence(sender, each)) for sender in senders for each in sender.readings]
    found += [(each, field_sentence(field, each)) for field in fields for each in field.readings]
    changed = [(each, sentence) for each, sentence in found if sentence]
    changed.sort(key=lambda pair: -SEVERITY.index(pair[0].state))
    return [(TONES[each.state], sentence) for each, sentence in changed]


def _too_early(fields: Sequence[FieldReadings]) -> bool:
    return bool(fields) and all(each.missing.state is State.UNKNOWN for each in fields)


def _text(reading: Reading) -> ReadingText:
    return ReadingText(
        title=TITLES[reading.kind],
        state=reading.state,
        tone=TONES[reading.state],
        value=value_text(reading),
        usual=usual_text(reading),
        since=since_text(reading),
    )


def _rows(fields: Sequence[FieldReadings], sources: Sequence[str], *, now: datetime) -> list[FieldRow]:
    """A row for each field, by name."""
    cells = {(each.field.field, each.field.source): _cell(each, now=now) for each in fields}
    names = dict.fromkeys(each.field.field for each in fields)
    return [FieldRow(name, [cells.get((name, source)) for source in sources]) for name in names]


def _cell(found: FieldReadings, *, now: datetime) -> FieldCell:
    worst = max(found.readings, key=lambda each: SEVERITY.index(each.state))
    return FieldCell(
        source=found.field.source,
        missing=_text(found.missing),
        unusual=_text(found.unusual) if found.unusual else None,
        worst=_text(worst),
        address=values_address(found, now=now),
        missing_address=missing_address(found, now=now) if found.missing.value else "",
    )


def _plots(fields: Sequence[FieldReadings], senders: Sequence[SenderReadings]) -> list[Any]:
    missing = [each for each in fields if each.missing.has_left_fine]
    unusual = [each for each in fields if each.unusual and each.unusual.has_left_fine]
    changed = [
        plots.shares_plot(each, missing=of_missing)
        for each, of_missing in ((missing, True), (unusual, False))
        if each
    ]
    return [*(plots.volume_plot(each) for each in senders), *changed]


def _problems(senders: Iterable[SenderReadings]) -> list[tuple[str, str, str, str]]:
    """(sender, field, problem, count) of refused and repeated events, the most frequent first."""
    found = [
        (count, each.sender.source, field, PROBLEMS.get(kind, kind))
        for each in senders
        for field, kind, count in each.problems
    ]
    found.sort(key=lambda row: (-row[0], row[1:]))
    return [
        (source, field or "a field", problem, count_text(count))
        for count, source, field, problem in found[:MAX_PROBLEMS]
    ]
