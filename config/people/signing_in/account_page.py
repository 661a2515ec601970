"""Everyone's own account: second factor, sessions, time zone, password."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from config.people.own_time_zone import choose_zone
from config.people.signing_in.recording import record
from config.people.signing_in.requiring import is_required_of
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.admin_kit.time_zones import offered_zones

END, END_OTHERS, TIME_ZONE = "end", "end_others", "time_zone"


@register_page
class AccountPage(AdminPage):
    """The signed-in user's second factor, sessions and time zone."""

    path, name, title = "account/", "account", "Your account"
    template_name = "signing_in/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        factors = {each.type: each.wrap() for each in Authenticator.objects.filter(user=user)}
        codes = factors.get(Authenticator.Type.RECOVERY_CODES)
        return super().get_context_data(
            **kwargs,
            app=Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first(),
            codes_left=len(codes.get_unused_codes()) if codes else 0,
            is_required=is_required_of(user),
            sessions=sessions_of(user, current=self.request.session.session_key),
            now=timezone.now(),
            zones=offered_zones(),
            chosen_zone=timezone.get_current_timezone_name(),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        if request.POST.get("action") == TIME_ZONE:
            return self._choose_zone(request)
        user: Any = request.user
        own = UserSession.objects.filter(user=user)
        if request.POST.get("action") == END_OTHERS:
            ended = list(own.exclude(session_key=request.session.session_key))
        else:
            ended = list(own.filter(pk=_number(request.POST.get("session", ""))))
            if not ended:
                raise Http404
        for session in ended:
            session.end()
        record(user, "session.ended", {"sessions": len(ended)})
        messages.success(request, f"{len(ended)} {'session' if len(ended) == 1 else 'sessions'} ended.")
        return redirect("admin:account")

    def _choose_zone(self, request: HttpRequest) -> HttpResponse:
        name = request.POST.get("time_zone", "")
        try:
            choose_zone(request, name)
        except ValueError as error:
            messages.error(request, f"The time zone was not changed: {error}.")
        else:
            messages.success(request, f"Pages now tell times in the time zone {name}.")
        return redirect("admin:account")


def sessions_of(user: Any, *, current: str | None) -> list[dict[str, Any]]:
    """The user's sessions that have not ended, this one first."""
    rows = [
        {
            "number": each.pk,
            "began": each.created_at,
            "address": each.ip,
            "browser": each.user_agent,
            "is_current": each.session_key == current,
        }
        for each in UserSession.objects.purge_and_list(user)
    ]
    return sorted(rows, key=lambda row: (not row["is_current"], -row["began"].timestamp()))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return int(text)
