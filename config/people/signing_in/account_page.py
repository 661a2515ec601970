"""Everyone's own account: second factor, sessions, password."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from config.people.signing_in.recording import record
from config.people.signing_in.requiring import is_required_of
from scoring.admin_kit.pages import AdminPage, register_page

END, END_OTHERS = "end", "end_others"


@register_page
class AccountPage(AdminPage):
    """The signed-in user's second factor and sessions."""

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
        )

    def post(self, request: HttpRequest) -> HttpResponse:
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
