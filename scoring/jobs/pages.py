"""The admin page of a job: its progress, and the button that cancels it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property

from scoring.admin_kit.pages import AdminPage, actor_of
from scoring.errors import ScoringError
from scoring.jobs.errors import UnknownJob
from scoring.jobs.queue import JobQueue


class JobPage(AdminPage):
    """One job of the queue `jobs`, whose kind is the page's name. `cancel`: the permission to cancel it.

    `when_cancelled`: a further sentence of the message that it was cancelled.
    """

    jobs: ClassVar[JobQueue[Any]]
    cancel: ClassVar[str]
    when_cancelled: ClassVar[str] = ""

    @cached_property
    def job(self) -> Any:
        """The job's row. Raises Http404."""
        try:
            return self.jobs.find(self.kwargs["number"])
        except UnknownJob as error:
            raise Http404 from error

    def shown_types(self) -> Iterable[str]:
        return [self.job.event_type]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.title = f"{self._noun.capitalize()} {self.job.number}"
        progress = self.jobs.progress._default_manager.filter(job=self.job.number).first()
        return super().get_context_data(
            job=self.job,
            progress=progress,
            percent=progress.percent if progress else 0,
            may_cancel=self.request.user.has_perm(self.cancel),
            **kwargs,
        )

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        self.require(self.cancel)
        name = f"{self._noun} {number}"
        try:
            entry = self.jobs.cancel(number, actor=actor_of(request), now=timezone.now())
            is_over = entry.type == f"{self.jobs.kind}.cancelled"
            done = "was cancelled" if is_over else "will stop within seconds"
            messages.success(request, f"{name.capitalize()} {done}. {self.when_cancelled}".rstrip())
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect(f"admin:{self.name}", number=number)

    @property
    def _noun(self) -> str:
        return self.jobs.kind.replace("_", " ")
