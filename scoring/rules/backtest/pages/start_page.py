"""The page that requests a backtest."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError
from scoring.rules.backtest.jobs.backtests import request_backtest
from scoring.rules.backtest.pages.start_form import (
    FORMS,
    BacktestForm,
    form_of,
    offer_seen_types,
    usual_period,
)
from scoring.rules.backtest.requests import BacktestRequest

TITLES = {"rule": "A rule", "list": "A list", "policy": "A policy"}


@register_page
class BacktestStartPage(AdminPage):
    """The form. `?kind=rule&version=payment/velocity/2` and the like fill it in."""

    path, name, title = "backtests/start/", "backtest_start", "New backtest"
    permission = "scoring.add_backtestjob"
    template_name = "backtests/start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form: BacktestForm = kwargs.pop("form", None) or self._empty_form()
        return super().get_context_data(
            form=form,
            kind=form.kind,
            kinds=[(kind, TITLES[kind]) for kind in FORMS],
            is_empty=self._has_nothing_to_try(form),
            **kwargs,
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form = offer_seen_types(form_of(request.POST.get("kind", ""))(request.POST), request.user)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        period = {name: form.cleaned_data[name] for name in ("since", "until")}
        asked = BacktestRequest(form.event_type(), form.change(), **period)
        try:
            number = request_backtest(asked, actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(request, f"Backtest {number} is queued. It starts as soon as no other one runs.")
        return redirect("admin:backtest", number=number)

    def _empty_form(self) -> BacktestForm:
        given = self.request.GET
        empty = form_of(given.get("kind", ""))(initial={**usual_period(timezone.now()), **given.dict()})
        return offer_seen_types(empty, self.request.user)

    @staticmethod
    def _has_nothing_to_try(form: BacktestForm) -> bool:
        first = next(iter(form.fields.values()))
        return not list(getattr(first, "choices", ()))
