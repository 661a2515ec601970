"""The queue: how much waits, what comes next, and one button to take it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.console.event_details import effective_labels
from reviews.errors import NothingToClaim
from reviews.models import Case, CaseQuerySet
from reviews.pages.undo_offer import last_verdict
from reviews.queue.ranking import DOUBLING, SAMPLE_WORTH
from reviews.work.claims import claim_next, queue_summary
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type, event_types
from scoring.decisions.models import Decision
from scoring.features.plan import lane_plan
from scoring.log.read import read_positions

MOST_ROWS = 50
MOST_REASONS, MOST_SUBJECTS = 2, 3


class Line(NamedTuple):
    """A waiting case, whom its event concerns, why its score is what it is, and who holds it ("" for nobody).

    `label` is what sources have said of the event so far, None for nothing.
    """

    case: Case
    subjects: list[str]
    reasons: list[str]
    label: str | None
    held_by: str
    mine: bool

    @property
    def id(self) -> str:
        """The event's own id, as its sender gave it."""
        return self.case.event_stream.split("/", 2)[-1]


class Choice(NamedTuple):
    words: str
    link: str
    chosen: bool


@register_page
class QueuePage(AdminPage):
    """What waits for a person, the most urgent first. POST takes the next case."""

    path, name, title = "queue/", "queue", "Review queue"
    permission = "reviews.view_case"
    template_name = "reviews/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, reviewer = timezone.now(), self.request.user.get_username()
        chosen = {name: self.request.GET.get(name, "") for name in ("type", "why")}
        cases = list(waiting_cases(event_type=chosen["type"], why=chosen["why"])[: MOST_ROWS + 1])
        held = Case.objects.held_by(reviewer, now).order_by("-rank").first()
        return super().get_context_data(
            summary=queue_summary(reviewer=reviewer, now=now),
            lines=lines_of(cases[:MOST_ROWS], reviewer=reviewer, now=now),
            more=len(cases) > MOST_ROWS,
            filtered=any(chosen.values()),
            held=held,
            held_for=held.lease_until - now if held and held.lease_until else None,
            works=self.request.user.has_perm("reviews.work_case"),
            undoable=last_verdict(self.request, now=now),
            filters=[
                _choices(chosen, "why", {str(value): str(label) for value, label in Case.Why.choices}),
                _choices(chosen, "type", {name: name for name in _scored_types()}),
            ],
            doubling=DOUBLING,
            sample_worth=SAMPLE_WORTH,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require("reviews.work_case")
        return take_next(request, now=timezone.now())


def take_next(request: HttpRequest, *, now: datetime) -> HttpResponse:
    """To the page of the next case, which is claimed; to the queue when nothing waits."""
    try:
        case = claim_next(reviewer=request.user.get_username(), now=now)
    except NothingToClaim:
        messages.info(request, "Nothing is left to take: every case is decided, closed or held by somebody.")
        return redirect("admin:queue")
    return redirect("admin:case", position=case.event_position)


def waiting_cases(*, event_type: str = "", why: str = "") -> CaseQuerySet:
    """Waiting cases of a type and a cause ("" for any), the most urgent first."""
    wanted = {"event_type": event_type, "why": why}
    cases = Case.objects.waiting().filter(**{name: value for name, value in wanted.items() if value})
    return cases.order_by("-rank")


def lines_of(cases: Sequence[Case], *, reviewer: str, now: datetime) -> list[Line]:
    """Cases as the table shows them, in four queries."""
    positions = [case.event_position for case in cases]
    reasons, subjects = leading_reasons(positions), subjects_of(positions)
    labels = effective_labels([case.event_stream for case in cases])
    return [
        Line(
            case=case,
            subjects=subjects[case.event_position],
            reasons=reasons.get(case.event_position, []),
            label=labels.get(case.event_stream),
            held_by=case.claimed_by if case.is_held(now) else "",
            mine=case.is_held_by(reviewer, now),
        )
        for case in cases
    ]


def subjects_of(events: Sequence[int]) -> dict[int, list[str]]:
    """The entities of each event (by position) that are not personal, in the order of their declaration."""
    receipts = read_positions(events)
    return {
        receipt.position: [
            str(receipt.data["fields"][name])
            for name, field in event_type(receipt.data["type"]).fields.items()
            if isinstance(field, Entity) and not field.personal and name in receipt.data["fields"]
        ][:MOST_SUBJECTS]
        for receipt in receipts
    }


def leading_reasons(events: Sequence[int]) -> dict[int, list[str]]:
    """What tells most of each event (by position), as its latest decision told it."""
    latest = dict(
        Decision.objects.filter(event_position__in=events)
        .order_by("revision")
        .values_list("event_position", "position")
    )
    entries = read_positions(list(latest.values()))
    return {event: telling_reasons(entry.data) for event, entry in zip(latest, entries, strict=True)}


def telling_reasons(decision: Mapping[str, Any]) -> list[str]:
    """At most MOST_REASONS texts: what raises the score first, the hour and the day of the week last."""
    calendar = calendar_features(decision["event_type"])

    def place(reason: Mapping[str, Any]) -> tuple[bool, bool, float]:
        contribution = reason["contribution"]
        return reason["feature"] in calendar, contribution <= 0, -abs(contribution)

    return [reason["text"] for reason in sorted(decision["reasons"], key=place)[:MOST_REASONS]]


def calendar_features(name: str) -> frozenset[str]:
    """The features of a type that say only when an event occurred; none for a type that is not scored now."""
    kind = event_types().get(name)
    sets = lane_plan(kind.lane).feature_sets(name) if kind and kind.scored else ()
    return frozenset(spec.name for each in sets for spec in each.features if spec.is_calendar)


def _scored_types() -> list[str]:
    return [name for name, kind in event_types().items() if kind.scored]


def _choices(chosen: dict[str, str], parameter: str, options: dict[str, str]) -> list[Choice]:
    """ "All" and each option, as links that keep the other filters; none where there is nothing to choose."""
    if len(options) < 2:
        return []
    every = {"": "all", **options}
    return [
        Choice(words, _query({**chosen, parameter: value}), chosen[parameter] == value)
        for value, words in every.items()
    ]


def _query(parameters: dict[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
