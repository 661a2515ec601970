"""The admin page of a model card, made to be printed; `?format=` gives it as a file."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.learning.cards.card import ModelCard
from scoring.learning.cards.files import FORMATS, card_text
from scoring.learning.cards.reading import read_card
from scoring.registry.errors import UnknownModel


@register_page
class ModelCardPage(AdminPage):
    """The card of a version; `format=markdown` or `format=json` as a file."""

    path, name, title = "models/<str:model>/card/", "model_card", "Model card"
    permission = "scoring.view_modelversion"
    template_name = "learning/model_card.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        card = _card_or_404(kwargs["model"])
        form = request.GET.get("format", "")
        if form not in FORMATS:
            return super().get(request, *args, card=card, **kwargs)
        suffix, content_type = FORMATS[form]
        response = HttpResponse(card_text(card, form), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="{card.model}-card.{suffix}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.title = f"Model card: {kwargs['card'].model}"
        return super().get_context_data(**kwargs)


def _card_or_404(name: str) -> ModelCard:
    try:
        return read_card(name, now=timezone.now())
    except UnknownModel as error:
        raise Http404(str(error)) from error
