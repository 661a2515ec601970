"""Pages with the settings of one event type, which a form changes at once."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of
from scoring.catalog.registry import scored_types
from scoring.errors import ScoringError


class EventTypeSettingsPage(AdminPage):
    """A page whose address ends with a scored event type. Posting its form needs `set_permission`.

    A form that is refused is shown again as `form`, with what is wrong.
    """

    set_permission: ClassVar[str]

    @property
    def event_type(self) -> str:
        """The event type of the address. Raises Http404 for one that is not scored."""
        name: str = self.kwargs["event_type"]
        if name not in scored_types():
            raise Http404(f"There is no scored event type {name!r}.")
        return name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_set = self.request.user.has_perm(self.set_permission)
        return super().get_context_data(**{**kwargs, "event_type": self.event_type, "may_set": may_set})

    def posted_form(self) -> Any:
        """The form as it was sent."""
        raise NotImplementedError

    def change(self, form: Any, **by: Any) -> str:
        """Make the change of a valid form, with `actor` and `now`; the message about it.

        Raises ScoringError if it is refused.
        """
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.require(self.set_permission)
        form: forms.Form = self.posted_form()
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            done = self.change(form, actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            form.add_error(None, f"Nothing changed: {error}.")
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(request, done)
        return redirect(f"admin:{self.name}", self.event_type)
