"""A new password by e-mail, where a mail server is set."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy
from django.utils import timezone

from config.people.signing_in.recording import record, stream_of
from scoring.log.models import LogEntry

MAX_MAILS, WITHIN = 3, timedelta(hours=1)  # for each account, so that no mailbox is flooded
REQUESTED = "password_reset.requested"


class MailForm(PasswordResetForm):
    """The address of an account. The answer does not tell whether there is one."""

    def get_users(self, email: str) -> Iterable[User]:
        """Active accounts with this address and a password, without those that got MAX_MAILS lately."""
        for user in super().get_users(email):
            if not _has_enough(user):
                record(user, REQUESTED, {})
                yield user


def _has_enough(user: User) -> bool:
    since = timezone.now() - WITHIN
    mails = LogEntry.objects.filter(stream=stream_of(user), type=REQUESTED, recorded_at__gte=since)
    return mails.count() >= MAX_MAILS


class WithMail:
    """Not found where no mail server is set."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EMAIL_HOST:
            raise Http404
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return answer


class ResetView(WithMail, views.PasswordResetView):
    """Asks for the address, and sends the link: to the address of the settings, whatever the request says."""

    form_class = MailForm
    template_name = "signing_in/reset.html"
    email_template_name = "signing_in/reset_mail.txt"
    subject_template_name = "signing_in/reset_subject.txt"
    success_url = reverse_lazy("password_reset_sent")

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        parts = urlsplit(settings.PUBLIC_URL)
        self.extra_email_context = {"domain": parts.netloc, "protocol": parts.scheme}
        return super().form_valid(form)


class SentView(WithMail, views.PasswordResetDoneView):
    template_name = "signing_in/reset_sent.html"


class NewPasswordView(WithMail, views.PasswordResetConfirmView):
    """The page behind the link, which holds once and for `PASSWORD_RESET_TIMEOUT`."""

    template_name = "signing_in/reset_password.html"
    success_url = reverse_lazy("admin:login")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        record(form.user, "password_reset.completed", {})
        return answer
