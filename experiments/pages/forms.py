"""The form that starts an experiment, and the plan that can be worked out beforehand."""

from typing import Any

from django import forms

from experiments.design.lifecycle import NAME_PATTERN
from experiments.metrics import METRICS
from experiments.statistics import units_needed
from scoring.registry.models import ModelVersion
from scoring.registry.routes import current_routes

SMALLEST_EFFECT = 0.001  # points: below it a plan takes more customers than there are


def _not_too_small(points: float) -> None:
    if abs(points) < SMALLEST_EFFECT:
        raise forms.ValidationError(
            f"A change of less than {SMALLEST_EFFECT:g} points cannot be planned for."
        )


class StartForm(forms.Form):
    """What an experiment is started with; rates and shares are typed in per cent."""

    treatment = forms.ChoiceField(
        label="Treatment",
        help_text="The approved model to try. The champion of its event type is the control.",
    )
    name = forms.RegexField(
        NAME_PATTERN,
        label="Name",
        help_text="Lower-case letters, digits and dashes; it is the experiment's address for ever.",
        error_messages={"invalid": "2 to 60 lower-case letters, digits and dashes, like new-model-in-march."},
        widget=forms.TextInput(attrs={"placeholder": "new-model-in-march", "autocomplete": "off"}),
    )
    hypothesis = forms.CharField(
        max_length=500,
        label="What do you expect?",
        help_text="One sentence, written before anything is seen.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    primary_metric = forms.ChoiceField(
        label="Primary metric",
        choices=[(metric.name, f"{metric.title} ({metric.of})") for metric in METRICS],
        help_text="The one that decides; the others are looked at besides. Blocks and reviews are known at"
        " once, fraud and money only once labels have matured.",
    )
    share = forms.FloatField(
        label="Share of the treatment, in %",
        min_value=1,
        max_value=99,
        initial=50,
        help_text="Of the customers (or what else the type counts by). Halves find an effect soonest.",
    )
    baseline = forms.FloatField(
        label="Rate of the control, in %",
        min_value=0.01,
        max_value=99.99,
        required=False,
        help_text="To plan how long it takes: what the primary metric is now.",
    )
    effect = forms.FloatField(
        label="Smallest change worth finding, in points",
        required=False,
        validators=[_not_too_small],
        help_text="0.5 is from 4 % to 4.5 %; a minus sign for less.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event_types = treatments()
        choices = [(model, f"{model} ({event_type})") for model, event_type in self.event_types.items()]
        treatment = self.fields["treatment"]
        if isinstance(treatment, forms.ChoiceField):
            treatment.choices = choices

    @property
    def chosen_type(self) -> str | None:
        """The event type of the treatment that is chosen or stands first; None without any."""
        first = next(iter(self.event_types.values()), None)
        return self.event_types.get(self["treatment"].value() or "", first)

    def clean(self) -> dict[str, Any]:
        """Adds `event_type` and the `plan`, which is empty unless both of its figures are given."""
        cleaned = super().clean() or {}
        cleaned["event_type"] = self.event_types.get(cleaned.get("treatment", ""))
        cleaned["plan"] = {}
        baseline, effect, share = (cleaned.get(name) for name in ("baseline", "effect", "share"))
        if (baseline is None) != (effect is None):
            self.add_error("effect", "A plan needs both figures: the rate now and the change worth finding.")
        elif baseline is not None and effect is not None and share:
            cleaned["plan"] = self._planned(baseline / 100, effect / 100, share / 100)
        return cleaned

    def planned(self) -> tuple[dict[str, float], list[str]]:
        """The plan, or what is wrong with the figures it is made of; the other fields may be unfinished."""
        figures = ("share", "baseline", "effect")
        problems = [str(text) for name in figures for text in self.errors.get(name, [])]
        plan = self.cleaned_data.get("plan", {})
        if not plan and not problems:
            problems = ["Give the rate of the control and the smallest change worth finding."]
        return plan, problems

    def _planned(self, baseline: float, effect: float, share: float) -> dict[str, float]:
        try:
            units = units_needed(baseline=baseline, effect=effect, share=share)
        except ValueError:
            self.add_error("effect", "The rate has to lie between 0 and 100 % before and after the change.")
            return {}
        return {"baseline": baseline, "effect": effect, "units": units}


def treatments() -> dict[str, str]:
    """The models that may be tried, newest first, with their event types: approved, not in charge already."""
    champions = {event_type: route.champion.model for event_type, route in current_routes().items()}
    approved = ModelVersion.objects.filter(
        status=ModelVersion.Status.APPROVED, event_type__in=champions
    ).order_by("event_type", "-number")
    rows = approved.values_list("name", "event_type")
    return {name: event_type for name, event_type in rows if champions[event_type] != name}
