"""The admin page that compares two model versions."""

from typing import Any

from django.http import Http404

from scoring.admin_kit.pages import AdminPage, register_page
from scoring.learning.cards.versions import compare_versions
from scoring.registry.errors import UnknownModel
from scoring.registry.models import ModelVersion


@register_page
class ModelDifferencePage(AdminPage):
    """What differs between a version and another one, `?with=`, else its parent or the newest."""

    path, name, title = "models/<str:model>/differences/", "model_differences", "Differences"
    permission = "scoring.view_modelversion"
    template_name = "learning/model_differences.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = ModelVersion.objects.filter(name=kwargs["model"]).defer("reference").first()
        if version is None:
            raise Http404(f"there is no model {kwargs['model']!r}")
        others = names_besides(version)
        other = self.request.GET.get("with", "") or first_choice(version, others)
        self.title = f"Differences of {version.name}"
        return super().get_context_data(
            version=version, others=others, other=other, sections=_sections(other, version.name), **kwargs
        )


def names_besides(version: ModelVersion) -> list[str]:
    """The other versions of the same event type, newest first."""
    same = ModelVersion.objects.filter(event_type=version.event_type).exclude(name=version.name)
    return list(same.order_by("-number").values_list("name", flat=True))


def first_choice(version: ModelVersion, others: list[str]) -> str:
    """The parent, which was the champion at training time; else the newest version, "" if there is none."""
    parent = version.lineage.get("parent") or ""
    return parent if parent in others else (others[0] if others else "")


def _sections(other: str, name: str) -> Any:
    if not other:
        return []
    try:
        return compare_versions(other, name)
    except UnknownModel as error:
        raise Http404(str(error)) from error
