"""Admin pages of notifications: owners with their settings, messages, and the settings of one owner."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from monitoring.notifications.errors import NotificationSettingsInvalid, UnknownOwner
from monitoring.notifications.forms import NotificationsForm
from monitoring.notifications.models import NotificationMessage, NotificationSettings
from monitoring.notifications.owners import all_owners, check_owner
from monitoring.notifications.queueing import queue_test
from monitoring.notifications.stored import change_settings, history, in_row, settings_of
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError

VIEW, SET = "monitoring.view_notificationsettings", "monitoring.set_notifications"
MAX_SHOWN = 50
TONES = {"sent": "good", "failed": "bad"}


@register_page
class NotificationsPage(AdminPage):
    """Who gets messages about alerts, and what became of the latest ones."""

    path, name, title = "notifications/", "notifications", "Notifications"
    subtitle = "Who gets messages about alerts, how and when"
    permission = VIEW
    template_name = "monitoring/notifications/notifications.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored = NotificationSettings.objects.in_bulk()
        return super().get_context_data(
            owners=[(owner, in_row(owner, stored.get(owner)), stored.get(owner)) for owner in all_owners()],
            sent=latest_messages(),
            may_set=self.request.user.has_perm(SET),
            **kwargs,
        )


@register_page
class OwnerNotificationsPage(AdminPage):
    """The settings of one owner. `action=test` sends a message by each channel."""

    path, name, title = "notifications/<path:owner>/", "owner_notifications", "Notifications"
    permission = VIEW
    template_name = "monitoring/notifications/owner.html"

    @property
    def owner(self) -> str:
        """The owner of the address. Raises Http404 if there is none."""
        owner: str = self.kwargs["owner"]
        try:
            check_owner(owner)
        except UnknownOwner as error:
            raise Http404(str(error)) from error
        return owner

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        owner = self.owner
        self.title = f"Notifications of {owner}"
        settings, may_set = settings_of(owner), self.request.user.has_perm(SET)
        shown = {
            "owner": owner,
            "settings": settings,
            "secret": settings.webhook_secret if may_set else "",
            "stored": NotificationSettings.objects.filter(pk=owner).first(),
            "history": history(owner),
            "sent": latest_messages(owner),
            "may_set": may_set,
        }
        kwargs.setdefault("form", NotificationsForm.showing(settings))
        return super().get_context_data(**{**kwargs, **shown})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.require(SET)
        if request.POST.get("action") == "test":
            return self._send_test(request)
        form = NotificationsForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            change_settings(
                self.owner,
                form.delivery(),
                webhook_url=form.webhook_url_text(),
                reason=form.cleaned_data["reason"],
                actor=actor_of(request),
                now=timezone.now(),
            )
        except NotificationSettingsInvalid as error:
            form.add_problems(error.problems)
            return self.render_to_response(self.get_context_data(form=form))
        except ScoringError as error:
            form.add_error(None, f"Nothing changed: {error}.")
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(request, f"The notification settings of {self.owner} hold from now on.")
        return redirect(f"admin:{self.name}", self.owner)

    def _send_test(self, request: HttpRequest) -> HttpResponse:
        if queue_test(settings_of(self.owner), now=timezone.now()):
            messages.success(request, "A test message is queued for each channel; its state appears below.")
        else:
            messages.warning(request, "There is no channel: choose e-mail or enter a webhook first.")
        return redirect(f"admin:{self.name}", self.owner)


def latest_messages(owner: str = "") -> list[tuple[NotificationMessage, str]]:
    """The latest messages, of one owner or of all, each with the tone of its state."""
    found = NotificationMessage.objects.order_by("-id")
    if owner:
        found = found.filter(owner=owner)
    return [(each, TONES.get(each.state, "")) for each in found.defer("content")[:MAX_SHOWN]]
