"""The page of a case: everything known about its event, and the verdict."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.console.event_details import EventDetail
from reviews.duplicates.deciding import MAX_GROUP, decide_group, undo_group
from reviews.errors import InvalidVerdict, ReviewError
from reviews.models import Case
from reviews.pages.actions.case_panel import actions_panel
from reviews.pages.case_timeline import last_note, timeline_of
from reviews.pages.content.appealed import appealed_panel
from reviews.pages.content.media import media_panel
from reviews.pages.content.panel import content_panel, is_restricted
from reviews.pages.event import detail_or_404
from reviews.pages.event_panels import event_panels
from reviews.pages.history_table import history_of, number_in
from reviews.pages.linked_panel import linked_panel
from reviews.pages.list_panel import event_lists_panel
from reviews.pages.quality.case_panel import ADJUDICATE, CHOOSE, missed_golden, quality_panel
from reviews.pages.queues.case_bar import case_bar
from reviews.pages.queues.next_case import take_next
from reviews.pages.related.places import place_map
from reviews.pages.related.similar import similar_panel
from reviews.pages.risks.panel import risk_panel
from reviews.pages.undo_offer import decided_together, last_verdict, remember_verdict
from reviews.pages.verdict_form import DraftVerdict, verdict_options
from reviews.quality.blinding import is_blind, seen_case, seen_detail
from reviews.refresh.reading import refreshed_score
from reviews.wellness.progress import progress_of
from reviews.work.checks import choose_golden
from reviews.work.claims import claim_case, release_case, renew_lease
from reviews.work.comments import comment_on_case
from reviews.work.escalation import escalate_case
from reviews.work.notes import MAX_NOTE_LENGTH
from reviews.work.reason_codes import NEEDS_NOTE, action_title, broken_policies, verdict_words, words_of
from reviews.work.verdict_rules import CONFIDENCES, labels_from_others
from reviews.work.verdicts import UNDOABLE_DURING, undo_verdict
from reviews.work.viewing import open_case
from scoring.admin_kit.formatting import shortened
from scoring.admin_kit.pages import register_page
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.admin_kit.row_rules.limits import Limits
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.catalog.registry import event_type

ESCALATIONS, CONFIRMATIONS = "reviews.decide_escalation", "reviews.confirm_verdict"
MAX_NAMED = 3


@register_page
class CasePage(PersonalPage):
    """A case to read and, with the permission, to decide.

    POST takes `action` (a key of ACTIONS). A refusal becomes a message; a refused verdict keeps what was
    typed.
    """

    path, name, title = "cases/<int:position>/", "case", "Case"
    permission = "reviews.view_case"
    template_name = "reviews/case.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not Case.objects.filter(pk=kwargs["position"]).exists():
            return redirect("admin:event", position=kwargs["position"])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        position, draft = kwargs["position"], kwargs.pop("draft", None)
        user, now = self.request.user, timezone.now()
        personal = self.personal
        stored = Case.objects.select_related("refreshed").get(pk=position)
        case = seen_case(stored, self.reviewer)
        detail = seen_detail(detail_or_404(position), stored, self.reviewer)
        self.title = f"Case {shortened(detail.external_id)}"
        steps, undone = timeline_of(stored, viewer=self.reviewer, personal=personal)
        panels = event_panels(detail, personal=personal)
        appealed = appealed_panel(case, detail, personal=personal)
        shown = (appealed.about if appealed else None) or detail
        withheld = open_case(case, reviewer=self.reviewer, now=now)
        return super().get_context_data(
            case=case,
            refreshed=refreshed_score(case, detail),
            now=now,
            withheld=withheld,
            content=(
                content := None if withheld else content_panel(detail, personal=personal, user=user, now=now)
            ),
            author=content.author if content else None,
            max_group=MAX_GROUP,
            media=None if withheld else media_panel(shown, user=user),
            stated=is_restricted(detail, case),
            appealed=appealed,
            steps=steps,
            last_note=last_note(steps),
            max_comment_length=MAX_NOTE_LENGTH,
            history=history_of(
                detail,
                chosen=number_in(self.request.GET.get("entity")) or 0,
                before=number_in(self.request.GET.get("before")),
                position=position,
                personal=personal,
                viewer=user,
            ),
            similar=None if withheld else similar_panel(case, panels["reasons"], viewer=self.reviewer),
            places=None if withheld else place_map(detail),
            list_reason=f"Case {shortened(detail.external_id)}",
            **self._claim_of(case, user, now=now),
            **case_bar(case, user=user, mine=case.is_held_by(self.reviewer, now), now=now),
            **quality_panel(stored, user=user),
            **actions_panel(case, user=user, blind=is_blind(stored, self.reviewer)),
            may_undo=may_undo(user, stored),
            **_verdict_of(case, detail, draft=draft, undone=undone, limits=limits_of(user)),
            linked=linked_panel(case, detail, chosen=positions_in(self.request.POST.getlist("also"))),
            **event_lists_panel(detail, panels["reasons"], user=user, personal=personal, now=now),
            **risk_panel(detail.entities, user=user, personal=personal, now=now),
            **panels,
            **kwargs,
        )

    def _claim_of(self, case: Case, user: Any, *, now: datetime) -> dict[str, Any]:
        """Who works on the case, and what the user may do with it, for the template."""
        undoable = last_verdict(self.request, now=now)
        mine = case.is_held_by(user.get_username(), now)
        return {
            "mine": mine,
            "free": case.is_free(now),
            "held_for": case.lease_until - now if case.lease_until else None,
            "may_work": user.has_perm("reviews.work_case"),
            "may_decide_escalation": user.has_perm(ESCALATIONS),
            "undoable": undoable,
            "undoable_together": decided_together(undoable) if undoable else 0,
            "own_appeal": case.not_for == user.get_username(),
            "proposed_by_me": case.proposed_at is not None and case.proposed_by == user.get_username(),
            "progress": progress_of(user.get_username(), now=now) if mine else None,
            "may_confirm": user.has_perm(CONFIRMATIONS),
            "also": positions_in(self.request.POST.getlist("also")),
        }

    def post(self, request: HttpRequest, position: int) -> HttpResponse:
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        if act is CasePage.golden:  # before the answer reveals whether the case exists
            self.require(CHOOSE)
        elif not request.user.has_perm("reviews.undo_verdict"):
            self.require("reviews.work_case")
        if not Case.objects.filter(pk=position).exists():
            raise Http404(f"There is no case for the event at position {position}.")
        return act(self, position, timezone.now())

    def claim(self, position: int, now: datetime) -> HttpResponse:
        self.require("reviews.work_case")
        escalations = self.request.user.has_perm(ESCALATIONS)
        claim = partial(
            claim_case,
            escalations=escalations,
            adjudications=self.request.user.has_perm(ADJUDICATE),
            confirmations=self.request.user.has_perm(CONFIRMATIONS),
        )
        return self._change(position, claim, now=now)

    def comment(self, position: int, now: datetime) -> HttpResponse:
        self.require("reviews.work_case")
        comment = partial(comment_on_case, text=self.request.POST.get("comment", ""))
        return self._change(position, comment, now=now)

    def escalate(self, position: int, now: datetime) -> HttpResponse:
        self.require("reviews.work_case")
        given = DraftVerdict.sent(self.request.POST)
        try:
            escalate_case(position, reviewer=self.reviewer, note=given.note, now=now)
        except ReviewError as error:
            return self._render_refused(position, given, error)
        messages.info(self.request, "The case is escalated. People who decide escalated cases see it first.")
        return take_next(self.request, now=now)

    def release(self, position: int, now: datetime) -> HttpResponse:
        self.require("reviews.work_case")
        try:
            release_case(position, reviewer=self.reviewer, now=now)
        except ReviewError as error:
            return self._refuse(position, error)
        if self.request.POST.get("then") == "next":
            return take_next(self.request, now=now)
        messages.info(self.request, "The case is back in the queue.")
        return redirect("admin:queue")

    def undo(self, position: int, now: datetime) -> HttpResponse:
        may_undo_any = self.request.user.has_perm("reviews.undo_verdict")
        if not may_undo_any:
            self.require("reviews.work_case")
        was_proposed = Case.objects.proposed().filter(pk=position).exists()
        try:
            undo_verdict(position, reviewer=self.reviewer, now=now, may_undo_any=may_undo_any)
        except ReviewError as error:
            return self._refuse(position, error)
        undone = "Proposed verdict taken back." if was_proposed else "Verdict undone and its label retracted."
        messages.success(self.request, f"{undone} You have claimed the case.")
        return redirect("admin:case", position=position)

    def keep(self, position: int, now: datetime) -> HttpResponse:
        """Renews the lease; called by the page's script while the reviewer is active."""
        self.require("reviews.work_case")
        try:
            case = renew_lease(position, reviewer=self.reviewer, now=now)
        except ReviewError as error:
            return JsonResponse({"held": False, "why": _sentence(error)})
        return JsonResponse({"held": True, "until": case.lease_until})

    def decide(self, position: int, now: datetime) -> HttpResponse:
        self.require("reviews.work_case")
        given = DraftVerdict.sent(self.request.POST)
        others = positions_in(self.request.POST.getlist("also"))
        if others:
            self.require("reviews.decide_group")
        try:
            done = decide_group(
                position,
                given.verdict,
                others=others,
                reviewer=self.reviewer,
                now=now,
                escalations=self.request.user.has_perm(ESCALATIONS),
                adjudications=self.request.user.has_perm(ADJUDICATE),
                confirmations=self.request.user.has_perm(CONFIRMATIONS),
                limits=limits_of(self.request.user),
            )
        except ReviewError as error:
            return self._render_refused(position, given, error)
        remember_verdict(self.request, done.case)
        if done.case.proposed_at is not None:
            messages.info(
                self.request, "Proposed. The verdict takes effect once a second person confirms it."
            )
        if missed := missed_golden(position, reviewer=self.reviewer, at=now):
            messages.warning(self.request, missed)
        if done.skipped:
            left_out = "; ".join(done.skipped[:MAX_NAMED])
            messages.warning(
                self.request, f"{len(done.skipped)} of the other events were left out: {left_out}."
            )
        return take_next(self.request, now=now)

    def undo_all(self, position: int, now: datetime) -> HttpResponse:
        """Undoes the verdicts that were given together with that of this case."""
        may_undo_any = self.request.user.has_perm("reviews.undo_verdict")
        if not may_undo_any:
            self.require("reviews.work_case")
        group = Case.objects.get(pk=position).verdict_group
        try:
            undone = undo_group(group, reviewer=self.reviewer, now=now, may_undo_any=may_undo_any)
        except ReviewError as error:
            return self._refuse(position, error)
        messages.success(self.request, f"{len(undone)} verdicts undone. {_what_returned(undone)}")
        return redirect("admin:case", position=position)

    def golden(self, position: int, now: datetime) -> HttpResponse:
        """Makes the case a golden item with `golden` set, or no longer one."""
        choose = partial(choose_golden, golden=bool(self.request.POST.get("golden")))
        return self._change(position, choose, now=now)

    @property
    def reviewer(self) -> str:
        return self.request.user.get_username()

    def _change(self, position: int, service: Callable[..., Case], *, now: datetime) -> HttpResponse:
        try:
            service(position, reviewer=self.reviewer, now=now)
        except ReviewError as error:
            return self._refuse(position, error)
        return redirect("admin:case", position=position)

    def _refuse(self, position: int, error: ReviewError) -> HttpResponse:
        messages.error(self.request, _sentence(error))
        return redirect("admin:case", position=position)

    def _render_refused(self, position: int, given: DraftVerdict, error: ReviewError) -> HttpResponse:
        """The page again with what was typed, so that a note need not be written twice."""
        invalid = isinstance(error, InvalidVerdict)
        if not invalid:
            messages.error(self.request, f"Not decided: {error}.")
        context = self.get_context_data(position=position, draft=given, problem=error if invalid else None)
        return self.render_to_response(context, status=422 if invalid else 409)


ACTIONS: dict[str, Callable[[CasePage, int, datetime], HttpResponse]] = {
    "claim": CasePage.claim,
    "keep": CasePage.keep,
    "release": CasePage.release,
    "decide": CasePage.decide,
    "comment": CasePage.comment,
    "escalate": CasePage.escalate,
    "undo": CasePage.undo,
    "undo_all": CasePage.undo_all,
    "golden": CasePage.golden,
}


def _verdict_of(
    case: Case, detail: EventDetail, *, draft: Any, undone: Any, limits: Limits
) -> dict[str, Any]:
    """The verdict on the case, and what a new one can say, for the template.

    `draft`: what was typed and refused; `undone`: the verdict that was taken back, to change it. `limits`:
    those of the reviewer's groups.
    """
    kind = event_type(case.event_type)
    proposed = DraftVerdict.proposed(case)
    filled = draft or (undone if undone.value else proposed)
    heads = (detail.decision.data.get("policies") if detail.decision else None) or {}
    return {
        "verdict_options": verdict_options(
            case,
            filled,
            others=labels_from_others(detail.standing),
            heads=heads,
            allowed=limits.labels_of(case.event_type),
        ),
        "policed": bool(kind.policies),
        "broken": broken_policies(kind, case.policies),
        "action": action_title(kind, case.action) if case.action else "",
        "draft": filled,
        "confidences": CONFIDENCES,
        "proposed": proposed,
        "proposed_title": verdict_words(kind, proposed.value).title if proposed.value else "",
        "proposed_reasons": broken_policies(kind, proposed.policies),
        "proposed_why": words_of(proposed.reason_code),
        "typed": draft,
        "max_note_length": MAX_NOTE_LENGTH,
        "needs_note": NEEDS_NOTE,
        "verdict_words": words_of(case.reason_code),
        "decided_together": decided_together(case),
    }


def positions_in(texts: Sequence[str]) -> set[int]:
    """The positions among these texts; anything else is left out."""
    return {number for text in texts if (number := number_in(text)) is not None}


def _what_returned(undone: Sequence[Case]) -> str:
    """What undone verdicts of a group leave: cases in the queue, and what software had decided."""
    restored = sum(case.state == Case.State.CLOSED for case in undone)
    if not restored:
        return "The cases are back in the queue."
    open_ones = len(undone) - restored
    cases = "1 case is" if open_ones == 1 else f"{open_ones} cases are"
    events = "1 event" if restored == 1 else f"{restored} events"
    return f"{cases} back in the queue; for {events} what software decided holds again."


def may_undo(user: Any, case: Case) -> bool:
    """Whether `user` may undo the verdict on `case`, or take back the one that is proposed."""
    if case.proposed_at is not None:
        is_own = case.proposed_by == user.get_username() and user.has_perm("reviews.work_case")
        return is_own or user.has_perm("reviews.undo_verdict")
    if case.decided_at is None or case.quality_check not in UNDOABLE_DURING:
        return False
    if case.quality_check and case.decided_by != user.get_username():
        return False  # a page that offers this would tell that there is a verdict
    own = case.decided_by == user.get_username() and user.has_perm("reviews.work_case")
    return own or user.has_perm("reviews.undo_verdict")


def _sentence(error: ReviewError) -> str:
    text = str(error)
    return f"{text[0].upper()}{text[1:]}."
