"""The form that requests an evaluation of a model version on folds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms

from scoring.admin_kit.time_zones import in_zone
from scoring.learning.baseline_names import BASELINES
from scoring.learning.folds.options import DEFAULT, FoldOptions
from scoring.learning.folds.windows import MAX_FOLDS
from scoring.learning.training.recipe import MAX_MATURITY_DAYS
from scoring.registry.models import ModelVersion
from scoring.registry.routes import route_of
from scoring.timestamps import from_iso

IMBALANCE = "imbalance"
CONTENDERS = (
    (DEFAULT, "The default recipe"),
    (IMBALANCE, "Its recipe with each other treatment of imbalance"),
    *((name, f"A {text}") for name, text in BASELINES.items()),
)
FOLDS = 4
MAX_CHOICES = 200
CHOICES_SHOWN = 6


def _moment(label: str, help_text: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=help_text,
    )


def _versions(label: str, help_text: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": CHOICES_SHOWN}),
        help_text=help_text,
    )


class EvaluationForm(forms.Form):
    """The folds, and what the recipe of a version is compared with on them."""

    folds = forms.IntegerField(
        label="Number of folds",
        initial=FOLDS,
        min_value=1,
        max_value=MAX_FOLDS,
        help_text="Each is tested on as many events. Everything is trained anew for each fold.",
    )
    contenders = forms.MultipleChoiceField(
        label="Compared with",
        choices=CONTENDERS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=list(BASELINES)[:1],
    )
    recipes_of = _versions(
        "The recipes of other versions", "Trained anew on each fold, so that the recipes alone differ."
    )
    against = _versions(
        "Models as they are",
        "Not trained again. One that has learned from events of a test is refused, so let the tests start"
        " after its training.",
    )
    test_from = _moment("Tests start at", in_zone("Empty: the tests cover the newer half of the events."))
    since = _moment("Learn from events from", in_zone("Empty: from the first event on."))
    matures_after_days = forms.FloatField(
        label="Days until labels are mature",
        required=False,
        min_value=0,
        max_value=MAX_MATURITY_DAYS,
        help_text="Each fold learns only from events that were this old. Empty: the catalog's value.",
    )

    def __init__(self, *args: Any, version: ModelVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        names = versions_of(version.event_type)
        others = [name for name in names if name != version.name]
        self.fields["recipes_of"].choices = [(name, name) for name in others]  # type: ignore[attr-defined]
        self.fields["against"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def options(self) -> FoldOptions:
        """The valid form as options."""
        chosen = self.cleaned_data
        days = chosen["matures_after_days"]
        named = [name for name in chosen["contenders"] if name != IMBALANCE]
        return FoldOptions(
            event_type=self.version.event_type,
            folds=chosen["folds"],
            test_from=chosen["test_from"],
            since=chosen["since"],
            matures_after=None if days is None else timedelta(days=days),
            model=self.version.name,
            recipes_of=tuple(chosen["recipes_of"]),
            against=(*named, *chosen["against"]),
            imbalance=IMBALANCE in chosen["contenders"],
        )


def versions_of(event_type: str) -> Sequence[str]:
    """The names of an event type's newest versions, newest first."""
    versions = ModelVersion.objects.filter(event_type=event_type).order_by("-number")
    return list(versions.values_list("name", flat=True)[:MAX_CHOICES])


def initial_of(version: ModelVersion) -> dict[str, Any]:
    """The form's first values: the champion's recipe beside the version's, on labels as it was trained."""
    route = route_of(version.event_type)
    champion = route.champion.model if route else version.name
    since = version.lineage.get("since")
    return {
        "recipes_of": [champion] if champion != version.name else [],
        "since": from_iso(since) if since else None,
        "matures_after_days": version.lineage.get("matures_after_days"),
    }
