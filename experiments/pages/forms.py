"""The form that starts an experiment and plans its number of units."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser, User

from experiments.design.lifecycle import NAME_PATTERN
from experiments.metrics import METRICS
from experiments.statistics.power import units_needed
from scoring.admin_kit.row_rules.visible import visible_to
from scoring.registry.models import ModelVersion
from scoring.registry.routes import current_routes

SMALLEST_EFFECT = 0.001  # points; a smaller effect takes more customers than there are


def _not_too_small(points: float) -> None:
    if abs(points) < SMALLEST_EFFECT:
        raise forms.ValidationError(
            f"Enter a change of at least {SMALLEST_EFFECT:g} points; a smaller one needs too many customers."
        )


class StartForm(forms.Form):
    """The parameters of a new experiment; rates and shares are in percent."""

    treatment = forms.ChoiceField(
        label="Treatment",
        help_text="The approved model to try. The champion of its event type is the control.",
    )
    name = forms.RegexField(
        NAME_PATTERN,
        label="Name",
        help_text="Lowercase letters, digits and dashes. It is part of the experiment's address and"
        " cannot be changed.",
        error_messages={
            "invalid": "Use 2 to 60 lowercase letters, digits and dashes, such as new-model-in-march."
        },
        widget=forms.TextInput(attrs={"placeholder": "new-model-in-march", "autocomplete": "off"}),
    )
    hypothesis = forms.CharField(
        max_length=500,
        label="Hypothesis",
        help_text="What do you expect? One sentence, written before the experiment starts.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    primary_metric = forms.ChoiceField(
        label="Primary metric",
        choices=[(metric.name, f"{metric.title} ({metric.of})") for metric in METRICS],
        help_text="The metric that decides the experiment; the others are shown too. Block and review"
        " rates are known immediately, fraud and losses only once labels are mature.",
    )
    share = forms.FloatField(
        label="Traffic share of the treatment, in %",
        min_value=1,
        max_value=99,
        initial=50,
        help_text="The share of customers, or of the event type's other unit, that the treatment decides for."
        " 50\N{NO-BREAK SPACE}% finds an effect soonest.",
    )
    baseline = forms.FloatField(
        label="Current rate, in %",
        min_value=0.01,
        max_value=99.99,
        required=False,
        help_text="The current value of the primary metric.",
    )
    effect = forms.FloatField(
        label="Minimum detectable effect, in points",
        required=False,
        validators=[_not_too_small],
        help_text="The smallest change worth finding: 0.5 means from 4\N{NO-BREAK SPACE}% to"
        " 4.5\N{NO-BREAK SPACE}%; use a minus sign for a decrease.",
    )

    def __init__(self, *args: Any, user: User | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event_types = treatments(user)
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
            self.add_error("effect", "A plan needs both the current rate and the minimum detectable effect.")
        elif baseline is not None and effect is not None and share:
            cleaned["plan"] = self._planned(baseline / 100, effect / 100, share / 100)
        return cleaned

    def planned(self) -> tuple[dict[str, float], list[str]]:
        """The plan, or the problems with its inputs; other fields may still be empty."""
        figures = ("share", "baseline", "effect")
        problems = [str(text) for name in figures for text in self.errors.get(name, [])]
        plan = self.cleaned_data.get("plan", {})
        if not plan and not problems:
            problems = ["Enter the current rate and the minimum detectable effect."]
        return plan, problems

    def _planned(self, baseline: float, effect: float, share: float) -> dict[str, float]:
        try:
            units = units_needed(baseline=baseline, effect=effect, share=share)
        except ValueError:
            problem = "The rate must be between 0 and 100\N{NO-BREAK SPACE}% before and after the change."
            self.add_error("effect", problem)
            return {}
        return {"baseline": baseline, "effect": effect, "units": units}


def treatments(user: User | AnonymousUser) -> dict[str, str]:
    """Approved models that are not the champion, newest first, with their event types that the user sees."""
    champions = {event_type: route.champion.model for event_type, route in current_routes().items()}
    approved = (
        visible_to(ModelVersion.objects.all(), user)
        .filter(status=ModelVersion.Status.APPROVED, event_type__in=champions)
        .order_by("event_type", "-number")
    )
    rows = approved.values_list("name", "event_type")
    return {name: event_type for name, event_type in rows if champions[event_type] != name}
