"""The page of a bulk action: its progress, what it did and left out, and its undoing."""

from collections import Counter
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.investigation.bulk.actions import (
    IMMEDIATE,
    bulk_actions,
    check_undoable,
    request_undo,
    undo_until,
    undoing_of,
)
from reviews.investigation.bulk.errors import NotUndoable
from reviews.investigation.bulk.reviewer import BULK_ACT, reviewer_of
from reviews.investigation.bulk.running import run_action
from reviews.investigation.bulk.selecting import Found
from reviews.investigation.bulk.terms import LIST, UNDO
from reviews.models import BulkAction
from reviews.pages.investigations.bulk.permissions import needed_for
from reviews.pages.investigations.bulk.samples import SampleRow, sample_rows
from reviews.pages.investigations.bulk.words import UNITS, action_words, kind_of, query_link
from reviews.quality.blinding import withheld_cases
from scoring.admin_kit.pages import register_page
from scoring.errors import ScoringError
from scoring.jobs.pages import JobPage
from scoring.rules.lists.pages.rows import person

SHOWN = 50  # of what was done


@register_page
class BulkActionPage(JobPage):
    """One bulk action. POST: `action` is "cancel" or "undo"."""

    path, name, title = "bulk-actions/<int:number>/", "bulk_action", "Bulk action"
    permission, cancel = "reviews.view_bulkaction", BULK_ACT
    template_name = "reviews/investigation/bulk/action.html"
    jobs = bulk_actions
    when_cancelled = "What it has done by then stays; undo it if that is not wanted."

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        action: BulkAction = self.job
        kind = kind_of(action)
        return super().get_context_data(
            what=action_words(action),
            by=person(action.requested_by),
            unit=UNITS[kind][1],
            done=self._rows([Found(item) for item, _ in action.done[:SHOWN] if item not in self.withheld]),
            shown=SHOWN,
            causes=self._causes(),
            console=query_link(action.parameters),
            is_undo=action.kind == UNDO,
            undone_by=undoing_of(action.number),
            undo_until=undo_until(action),
            kept_because=self._kept_because(),
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        if request.POST.get("action") != "undo":
            return super().post(request, number)
        self.require(BULK_ACT)  # first: also for an action that does not exist
        for permission in needed_for(kind_of(self.job), self.job.terms):
            self.require(permission)
        try:
            undoing = request_undo(number, reviewer=reviewer_of(request.user), now=timezone.now())
        except ScoringError as error:
            messages.error(request, f"Not undone: {error}.")
            return redirect("admin:bulk_action", number=number)
        if len(self.job.done) <= IMMEDIATE:
            run_action(undoing)
        return redirect("admin:bulk_action", number=undoing)

    def _kept_because(self) -> str:
        """Why the user cannot undo the action, "" if they can."""
        needed = (BULK_ACT, *needed_for(kind_of(self.job), self.job.terms))
        if not self.request.user.has_perms(needed):
            return "it takes the permissions that the action took"
        try:
            check_undoable(self.job, reviewer=reviewer_of(self.request.user), now=timezone.now())
        except NotUndoable as error:
            return error.because
        return ""

    @cached_property
    def withheld(self) -> frozenset[int]:
        """The events of the action whose verdict is withheld from the user."""
        if kind_of(self.job) == LIST:
            return frozenset()
        cases = withheld_cases(self.request.user.get_username())
        shown = [item for item, _ in (*self.job.done[:SHOWN], *self.job.left_out)]
        return frozenset(cases.filter(pk__in=shown).values_list("pk", flat=True))

    def _causes(self) -> list[tuple[str, int, SampleRow]]:
        """Why items were left out: how many for each cause, and an example."""
        examples = {why: item for item, why in self.job.left_out if item not in self.withheld}
        counts = Counter(why for _, why in self.job.left_out if why in examples)
        rows = self._rows([Found(item) for item in examples.values()])
        by_cause = dict(zip(examples, rows, strict=True))
        return [(why, count, by_cause[why]) for why, count in counts.most_common()]

    def _rows(self, found: list[Found]) -> list[SampleRow]:
        action = self.job
        rows = sample_rows(kind_of(action), found, event_type=action.event_type, terms=action.terms)
        return [rows[each.item] for each in found]
