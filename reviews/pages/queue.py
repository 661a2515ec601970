"""The queue page: pending cases, most urgent first, and a button that takes the next one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from reviews.console.event_details import effective_labels
from reviews.duplicates.finding import is_fingerprint
from reviews.models import Case, CaseQuerySet
from reviews.models.queues import ReviewQueue
from reviews.pages.quality.case_panel import ADJUDICATE
from reviews.pages.queues.next_case import CHOSEN_QUEUE, take_next
from reviews.pages.queues.words import SlaLine, sla_line
from reviews.pages.undo_offer import decided_together, last_verdict
from reviews.quality.blinding import withheld_streams
from reviews.queue.ranking import DOUBLING, SAMPLE_LOSS
from reviews.queue.sources.stored import review_sources
from reviews.queue.summary import summarize_queue
from reviews.queues.names import choosable_queues, policy_queues
from reviews.wellness.limits import pace_at
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.row_rules.limits import Limits
from scoring.admin_kit.row_rules.visible import limits_of, visible_to
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type, event_types
from scoring.decisions.models import Decision
from scoring.declare.spelling import words_of
from scoring.features.compile.plan import lane_plan
from scoring.intake.answers import reasons_from
from scoring.log.entries import Entry
from scoring.log.read import read_positions

MAX_ROWS = 50
MAX_REASONS, MAX_SUBJECTS = 2, 3
ESCALATED, ADJUDICATION = "escalated", Case.Check.ADJUDICATION.value
# A near-duplicate of a decided case is decided with it, and other sources are off until they are set.
RARE = (Case.Why.DUPLICATE, Case.Why.UNCERTAIN, Case.Why.EXPLORED, Case.Why.CANDIDATE)
WHYS = {
    **{str(value): str(label) for value, label in Case.Why.choices if value not in RARE},
    ESCALATED: "escalated",
}
SEES_ALL = "reviews.assign_case"  # the cases of every queue
DISAGREEMENTS = {ADJUDICATION: "disagreement"}
# How the page orders cases: by the score at the decision, or by the present champion's.
ORDERS = {"": "score at the decision", "now": "score now", "sla": "end of the SLA"}


class QueueRow(NamedTuple):
    """A pending case: what its event is called, its entities (`subjects`), main reasons and claimant.

    `held_by`: "" if free. `label` is the event's effective label so far, None without one. `sla`: how much of
    it is left, None without one.
    """

    case: Case
    noun: str
    subjects: list[str]
    reasons: list[str]
    label: str | None
    held_by: str
    mine: bool
    sla: SlaLine | None = None

    @property
    def now(self) -> float | None:
        """The score by a later champion, None if there is none."""
        refreshed = getattr(self.case, "refreshed", None)
        return refreshed.score if refreshed else None

    @property
    def id(self) -> str:
        """The event's external id."""
        return self.case.event_stream.split("/", 2)[-1]


class FilterLink(NamedTuple):
    words: str
    link: str
    chosen: bool


@register_page
class QueuePage(AdminPage):
    """Pending cases, most urgent first. POST claims the next one."""

    path, name, title = "queue/", "queue", "Review queue"
    permission = "reviews.view_case"
    template_name = "reviews/queue.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, reviewer = timezone.now(), self.request.user.get_username()
        chosen = {name: self.request.GET.get(name, "") for name in ("type", "queue", "why", "order")}
        adjudicates = self.request.user.has_perm(ADJUDICATE)
        barred = () if self.request.user.has_perm(SEES_ALL) else ReviewQueue.objects.barred_to(reviewer)
        pending = pending_cases(chosen, reviewer=reviewer, adjudications=adjudicates, barred=barred)
        visible = limits_of(self.request.user)
        cases = list(visible_to(pending, self.request.user)[: MAX_ROWS + 1])
        limits, pace = pace_at(reviewer, now=now)
        held = visible_to(Case.objects.held_by(reviewer, now), self.request.user).order_by("-rank").first()
        return super().get_context_data(
            summary=summarize_queue(reviewer=reviewer, now=now, event_types=visible.event_types),
            lines=lines_of(cases[:MAX_ROWS], reviewer=reviewer, now=now),
            more=len(cases) > MAX_ROWS,
            filtered=any(value for name, value in chosen.items() if name != "order"),
            held=held,
            held_for=held.lease_until - now if held and held.lease_until else None,
            may_work=self.request.user.has_perm("reviews.work_case"),
            undoable=(undoable := last_verdict(self.request, now=now)),
            undoable_together=decided_together(undoable) if undoable else 0,
            limits=limits,
            pace=pace,
            queue=chosen["queue"],
            filters=[
                _orders(chosen),
                _choices(chosen, "why", WHYS | _sources() | (DISAGREEMENTS if adjudicates else {})),
                _choices(chosen, "type", {name: name for name in _reviewed_types() if visible.sees(name)}),
                _choices(chosen, "queue", {name: words_of(name) for name in queues_of(reviewer, visible)}),
            ],
            now=now,
            doubling=DOUBLING,
            sample_loss=SAMPLE_LOSS,
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        self.require("reviews.work_case")
        if "queue" in request.POST:  # elsewhere than here, the queue that was chosen last goes on
            queue = request.POST["queue"]
            choosable = queues_of(request.user.get_username(), limits_of(request.user))
            request.session[CHOSEN_QUEUE] = queue if queue in choosable else ""
        return take_next(request, now=timezone.now())


def queues_of(reviewer: str, limits: Limits) -> list[str]:
    """The queues that a reviewer whose groups have these limits can choose."""
    in_use = [queue for queue in ReviewQueue.objects.in_use() if limits.sees(queue.event_type)]
    return choosable_queues(reviewer, in_use, policy_queues(seen=limits.event_types))


def pending_cases(
    chosen: Mapping[str, str],
    *,
    reviewer: str,
    adjudications: bool = False,
    barred: Collection[str] = (),
) -> CaseQuerySet:
    """Pending cases of a `type`, of a policy's `queue` and for a cause, `why` ("" for any), by urgency.

    Those whose verdict the reviewer knows are left out, those of `barred` queues unless they are assigned to
    the reviewer, and disagreements without `adjudications`. With the
    `order` "now" the score of the last refresh counts; cases without one keep their rank.
    """
    wanted = {"event_type": chosen.get("type"), "queue": chosen.get("queue"), "why": chosen.get("why")}
    if wanted["why"] in (ESCALATED, ADJUDICATION):
        del wanted["why"]
    cases = Case.objects.queued().filter(**{name: value for name, value in wanted.items() if value})
    cases = cases.without_own_checks(reviewer)
    if barred:
        cases = cases.exclude(~Q(assigned_to=reviewer), queue__in=barred)
    if not adjudications:
        cases = cases.exclude(quality_check=Case.Check.ADJUDICATION)
    elif chosen.get("why") == ADJUDICATION:
        cases = cases.filter(quality_check=Case.Check.ADJUDICATION)
    if chosen.get("why") == ESCALATED:
        cases = cases.filter(escalated_at__isnull=False)
    cases = cases.select_related("refreshed")
    if chosen.get("order") == "sla":
        return cases.order_by(F("due_at").asc(nulls_last=True), "-rank")
    if chosen.get("order") == "now":
        return cases.order_by(Coalesce("refreshed__rank", "rank").desc())
    return cases.order_by("-rank")


def lines_of(cases: Sequence[Case], *, reviewer: str, now: datetime) -> list[QueueRow]:
    """Cases as rows of the table, in five queries."""
    positions = [case.event_position for case in cases]
    receipts = read_positions(positions)
    reasons, subjects = read_main_reasons(positions), subjects_of(receipts)
    nouns = {each.position: event_type(each.data["type"]).noun_of(each.data["fields"]) for each in receipts}
    streams = [case.event_stream for case in cases]
    labels, hidden = effective_labels(streams), withheld_streams(reviewer, among=streams)
    return [
        QueueRow(
            case=case,
            noun=nouns[case.event_position],
            subjects=subjects[case.event_position],
            reasons=reasons.get(case.event_position, []),
            label=None if case.event_stream in hidden else labels.get(case.event_stream),
            held_by=case.claimed_by if case.is_held(now) else "",
            mine=case.is_held_by(reviewer, now),
            sla=sla_line(case.due_at, now=now),
        )
        for case in cases
    ]


def subjects_of(receipts: Sequence[Entry]) -> dict[int, list[str]]:
    """The non-personal entities of each event, by its position, in declaration order; no fingerprints."""
    return {
        receipt.position: [
            str(receipt.data["fields"][name])
            for name, field in event_type(receipt.data["type"]).fields.items()
            if isinstance(field, Entity)
            and not (field.personal or is_fingerprint(field.kind))
            and name in receipt.data["fields"]
        ][:MAX_SUBJECTS]
        for receipt in receipts
    }


def read_main_reasons(events: Sequence[int]) -> dict[int, list[str]]:
    """The main reasons of each event's latest decision, by the event's position."""
    latest = dict(
        Decision.objects.filter(event_position__in=events)
        .order_by("revision")
        .values_list("event_position", "position")
    )
    entries = read_positions(list(latest.values()))
    calendar = {name: calendar_features(name) for name in {entry.data["event_type"] for entry in entries}}
    return {
        event: main_reasons(entry.data, calendar=calendar[entry.data["event_type"]])
        for event, entry in zip(latest, entries, strict=True)
    }


def main_reasons(decision: Mapping[str, Any], *, calendar: Collection[str]) -> list[str]:
    """At most MAX_REASONS texts: reasons that raise the score first, those of `calendar` features last.

    Without a model's reasons those of the lists, banks and rules that asked for an outcome.
    """
    if not decision["reasons"]:
        return [reason["text"] for reason in reasons_from(decision)[:MAX_REASONS]]

    def place(reason: Mapping[str, Any]) -> tuple[bool, bool, float]:
        contribution = reason["contribution"]
        return reason["feature"] in calendar, contribution <= 0, -abs(contribution)

    return [reason["text"] for reason in sorted(decision["reasons"], key=place)[:MAX_REASONS]]


def calendar_features(name: str) -> frozenset[str]:
    """The features of a type that depend on the event's time only; none if the type is not scored."""
    kind = event_types().get(name)
    sets = lane_plan(kind.lane).feature_sets(name) if kind and kind.scored else ()
    return frozenset(spec.name for each in sets for spec in each.features if spec.is_calendar)


def _sources() -> dict[str, str]:
    """The sources that are switched on for some event type."""
    names = {each.name for found in review_sources.by_type().values() for each in found.sources if each.share}
    return {str(why): str(why.label) for why in Case.Why if why in names}


def _reviewed_types() -> list[str]:
    """The event types that have cases: scored ones, and appeals against them."""
    kinds = event_types()
    appeals = {kind.appeals for kind in kinds.values()}
    return [name for name, kind in kinds.items() if kind.scored or name in appeals]


def _choices(chosen: dict[str, str], parameter: str, options: dict[str, str]) -> list[FilterLink]:
    """Links for "all" and each option that keep the other filters; none if there is only one option."""
    if len(options) < 2:
        return []
    every = {"": "all", **options}
    return [
        FilterLink(words, _query({**chosen, parameter: value}), chosen[parameter] == value)
        for value, words in every.items()
    ]


def _orders(chosen: dict[str, str]) -> list[FilterLink]:
    """Links for each order that keep the filters."""
    return [
        FilterLink(words, _query({**chosen, "order": order}), chosen["order"] == order)
        for order, words in ORDERS.items()
    ]


def _query(parameters: dict[str, str]) -> str:
    return "?" + urlencode({name: value for name, value in parameters.items() if value})
