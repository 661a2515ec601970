"""The editor of a queue: its condition, checked while typed and counted on past cases, and its terms."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.models.queues import ReviewQueue
from reviews.pages.queues.forms import QueueForm
from reviews.pages.queues.list_page import LOOK, SET
from reviews.pages.queues.words import queue_title
from reviews.queues.changing import change_queue, create_queue, queue_history, retire_queue
from reviews.queues.definition import QueueDefinition
from reviews.queues.errors import QueueInvalid
from reviews.queues.preview import PERIOD, preview_queue
from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type as find_event_type
from scoring.errors import ScoringError
from scoring.rules.expressions.errors import ExpressionInvalid
from scoring.rules.rules.compiling import compile_draft
from scoring.rules.rules.pages.actions import based_on_in
from scoring.rules.rules.pages.draft_form import problems_by_field
from scoring.rules.rules.pages.expression_editor import ExpressionEditor


class QueueEditor(ExpressionEditor):
    """What a new queue and the change of one have in common."""

    template_name = "reviews/queues/editor.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.require(SET)
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        return act(self)

    def preview(self) -> HttpResponse:
        try:
            compiled = compile_draft(self.expression, self.kind.name)
        except ExpressionInvalid:
            return self.part("reviews/queues/_preview.html", {"invalid": True})
        found = preview_queue(compiled, now=timezone.now())
        queues = {queue_title(name): count for name, count in found.from_queues.items()}
        context = {"preview": found, "queues": queues, "days": PERIOD.days}
        return self.part("reviews/queues/_preview.html", context)

    def save(self) -> HttpResponse:
        form = self.sent_form()
        if not form.is_valid():
            return self.again(form)
        try:
            queue = self.define(form)
        except QueueInvalid as error:
            found = problems_by_field(error.problems)
            for name in found.keys() - {"condition"}:
                form.add_error(name if name in form.fields else None, found[name])
            return self.again(form, found.get("condition", []))
        except ScoringError as error:
            messages.error(self.request, f"Not saved: {error}.")
            return self.again(form)
        messages.success(
            self.request,
            f"The queue {queue_title(queue.name)} takes the cases that open from now on. Open cases stay"
            " where they are; the page of all queues can route them again.",
        )
        return redirect("admin:review_queue", queue_name=queue.name)

    def sent_form(self) -> QueueForm:
        return QueueForm(self.request.POST)

    def define(self, form: QueueForm) -> ReviewQueue:
        """Store the valid form. Raises ScoringError if it is refused."""
        raise NotImplementedError

    def retire(self) -> HttpResponse:
        raise Http404

    def again(self, form: QueueForm, condition_problems: Sequence[str] = ()) -> HttpResponse:
        """The page with what was typed, and what is wrong with it."""
        context = self.get_context_data(
            **self.kwargs, form=form, condition_problems=condition_problems, condition=self.expression
        )
        return self.render_to_response(context, status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_set = self.request.user.has_perm(SET)
        return super().get_context_data(days=PERIOD.days, may_set=may_set, **kwargs)


ACTIONS: dict[str, Callable[[QueueEditor], HttpResponse]] = {
    "check": lambda page: page.check(),
    "try": lambda page: page.try_out(),
    "preview": lambda page: page.preview(),
    "save": lambda page: page.save(),
    "retire": lambda page: page.retire(),
}


@register_page
class NewQueuePage(QueueEditor):
    """A new queue. `?type=` chooses the event type, `?condition=` begins with a condition."""

    path, name, title = "review-queues/new/", "review_queue_new", "New review queue"
    permission = SET

    @property
    def kind(self) -> type[EventType]:
        types = seen_scored_types(self.request.user)
        name = self.request.POST.get("event_type") or self.request.GET.get("type") or next(iter(types), "")
        if name not in types:
            raise Http404(f"There is no scored event type {name!r}.")
        return find_event_type(name)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("form", QueueForm.showing(QueueDefinition("", self.kind.name)))
        kwargs.setdefault("condition", self.request.GET.get("condition", ""))
        return super().get_context_data(types=seen_scored_types(self.request.user), is_new=True, **kwargs)

    def define(self, form: QueueForm) -> ReviewQueue:
        return create_queue(
            event_type=self.kind.name,
            condition=self.expression,
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=timezone.now(),
            **form.terms(),
        )


@register_page
class ReviewQueuePage(QueueEditor):
    """A queue, to look at, to change and to retire."""

    path, name, title = "review-queues/<str:queue_name>/", "review_queue", "Review queue"
    permission = LOOK

    def shown_types(self) -> Iterable[str]:
        return [self.queue.event_type]

    @property
    def queue(self) -> ReviewQueue:
        found = ReviewQueue.objects.filter(pk=self.kwargs["queue_name"]).first()
        if found is None:
            raise Http404(f"There is no review queue {self.kwargs['queue_name']!r}.")
        return found

    @property
    def kind(self) -> type[EventType]:
        return find_event_type(self.queue.event_type)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        queue = self.queue
        definition = QueueDefinition.of(queue.terms)
        self.title = f"Queue {queue_title(queue.name)}"
        kwargs.setdefault("form", QueueForm.showing(definition))
        kwargs.setdefault("condition", definition.condition)
        kwargs["form"].fields["name"].disabled = True
        return super().get_context_data(
            queue=queue,
            based_on=self.request.POST.get("based_on") or queue.number,
            history=queue_history(queue.name),
            **kwargs,
        )

    def sent_form(self) -> QueueForm:
        return QueueForm({**self.request.POST.dict(), **self._many(), "name": self.kwargs["queue_name"]})

    def define(self, form: QueueForm) -> ReviewQueue:
        definition = QueueDefinition(event_type=self.kind.name, condition=self.expression, **form.terms())
        return change_queue(
            definition,
            based_on=based_on_in(self.request.POST),
            reason=form.cleaned_data["reason"],
            actor=actor_of(self.request),
            now=timezone.now(),
        )

    def retire(self) -> HttpResponse:
        try:
            retire_queue(
                self.queue.name,
                reason=self.request.POST.get("reason", ""),
                actor=actor_of(self.request),
                now=timezone.now(),
            )
        except ScoringError as error:
            messages.error(self.request, f"Not retired: {error}.")
            return redirect("admin:review_queue", queue_name=self.kwargs["queue_name"])
        messages.success(
            self.request, "The queue takes no more cases. Those in it stay until they are decided."
        )
        return redirect("admin:review_queues")

    def _many(self) -> dict[str, Any]:
        return {"groups": self.request.POST.getlist("groups")}
