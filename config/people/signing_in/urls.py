"""Addresses below /admin/account/: those of allauth that this project uses, under allauth's names."""

from allauth.account import views as account_views
from allauth.mfa.base import views as factor_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as app_views
from allauth.socialaccount import views as provider_views
from allauth.socialaccount.providers.openid_connect import views as openid_views
from django.urls import path
from django.views.generic import RedirectView

from config.people.signing_in.password_reset import NewPasswordView, ResetView, SentView
from config.people.signing_in.views import SecondFactorView

urlpatterns = [
    path("login/", RedirectView.as_view(pattern_name="admin:login"), name="account_login"),
    path("password/", ResetView.as_view(), name="password_reset"),
    path("password/sent/", SentView.as_view(), name="password_reset_sent"),
    path("password/<uidb64>/<token>/", NewPasswordView.as_view(), name="password_reset_confirm"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("confirm/", account_views.reauthenticate, name="account_reauthenticate"),
    path("second-factor/", RedirectView.as_view(pattern_name="admin:account"), name="mfa_index"),
    path("second-factor/code/", SecondFactorView.as_view(), name="mfa_authenticate"),
    path("second-factor/confirm/", factor_views.reauthenticate, name="mfa_reauthenticate"),
    path("second-factor/app/", app_views.activate_totp, name="mfa_activate_totp"),
    path("second-factor/app/remove/", app_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("second-factor/codes/", code_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("second-factor/codes/new/", code_views.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(
        "second-factor/codes/download/",
        code_views.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("cancelled/", provider_views.login_cancelled, name="socialaccount_login_cancelled"),
    path("error/", provider_views.login_error, name="socialaccount_login_error"),
    path("sign-up/", RedirectView.as_view(pattern_name="admin:login"), name="socialaccount_signup"),
    path("<slug:provider_id>/login/", openid_views.login, name="openid_connect_login"),
    path("<slug:provider_id>/login/callback/", openid_views.callback, name="openid_connect_callback"),
]
