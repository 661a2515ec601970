"""The page that requests an evaluation of a model version on folds."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.errors import ScoringError
from scoring.learning.jobs.evaluations.evaluations import request_evaluation
from scoring.learning.pages.evaluations.form import EvaluationForm, initial_of
from scoring.registry.models import ModelVersion


@register_page
class EvaluationStartPage(AdminPage):
    """The form."""

    path, name, title = "models/<str:model>/evaluate/", "evaluation_start", "Evaluate on folds"
    permission = "scoring.add_evaluationjob"
    template_name = "learning/evaluation_start.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = self._version()
        self.title = f"Evaluate {version.name} on folds"
        form = kwargs.pop("form", None) or EvaluationForm(version=version, initial=initial_of(version))
        return super().get_context_data(version=version, form=form, **kwargs)

    def post(self, request: HttpRequest, model: str) -> HttpResponse:
        form = EvaluationForm(request.POST, version=self._version())
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        try:
            number = request_evaluation(form.options(), actor=actor_of(request), now=timezone.now())
        except ScoringError as error:
            form.add_error(None, f"{str(error)[:1].upper()}{str(error)[1:]}.")
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(
            request, f"Evaluation {number} is queued. It starts as soon as no other evaluation runs."
        )
        return redirect("admin:evaluation", number=number)

    def _version(self) -> ModelVersion:
        version = ModelVersion.objects.filter(name=self.kwargs["model"]).first()
        if version is None:
            raise Http404
        return version
