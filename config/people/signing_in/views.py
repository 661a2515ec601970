"""The log-in page, and the page that asks for the second factor."""

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.mfa.base.views import AuthenticateView
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm

from config.people.sign_in import refuse_for_now


class SignInView(LoginView):
    """Name and password. Whoever has a second factor is asked for it before the session begins."""

    authentication_form = AuthenticationForm
    template_name = "signing_in/login.html"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url())
        return perform_password_login(self.request, {"username": user.get_username()}, login)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            identity_provider=settings.IDENTITY_PROVIDER, has_mail=bool(settings.EMAIL_HOST), **kwargs
        )


class SecondFactorView(AuthenticateView):
    """The code of the app or a recovery code. Wrong ones count as wrong passwords do."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        credentials = {"username": self.stage.login.user.get_username()}
        if not AxesProxyHandler.is_allowed(request, credentials):
            return refuse_for_now(request, None, credentials)
        return super().post(request, *args, **kwargs)
