"""The form of an action, and the rows with its parameters."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.forms.formsets import BaseFormSet

from reviews.actions.definition import KINDS, MAX_PARAMETERS, MAX_PURPOSE, ActionDefinition, Parameter
from scoring.catalog.registry import event_types
from scoring.rules.ruleset.reason_field import ReasonField

MAX_URL = 500  # characters


class ActionForm(forms.Form):
    """An action without its parameters, and the reason of the change."""

    name = forms.SlugField(
        label="Name",
        max_length=40,
        help_text="Lower-case letters, digits and _, such as refund. The button on the case page says it.",
    )
    purpose = forms.CharField(
        label="What it does",
        max_length=MAX_PURPOSE,
        help_text="The page says it before the action is confirmed.",
    )
    url = forms.CharField(
        label="Address",
        required=False,
        max_length=MAX_URL,
        help_text="An https address, such as https://refunds.example.org/assay. A new one gets a new secret.",
    )
    event_types = forms.MultipleChoiceField(
        label="For cases of", required=False, widget=forms.CheckboxSelectMultiple
    )
    key = forms.CharField(
        label="Key",
        required=False,
        max_length=1,
        help_text="A capital letter, pressed with Shift on the case page. Empty for none.",
    )
    groups = forms.MultipleChoiceField(
        label="Groups whose members may request it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Without groups, all who may request actions do.",
    )
    once = forms.BooleanField(label="Once per case, unless it failed", required=False, initial=True)
    verdicts = forms.CharField(
        label="Verdicts that it follows by itself",
        required=False,
        help_text="Labels, separated by commas, such as fraud. It is sent five minutes after the verdict,"
        " unless that is undone.",
    )
    reason = ReasonField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = Group.objects.order_by("name").values_list("name", flat=True)
        self.fields["groups"].choices = [(name, name) for name in groups]  # type: ignore[attr-defined]
        self.fields["event_types"].choices = [  # type: ignore[attr-defined]
            (name, name.replace("_", " ")) for name in event_types()
        ]

    @classmethod
    def showing(cls, definition: ActionDefinition, *, url: str) -> "ActionForm":
        """An unsent form with a definition."""
        shown = {name: getattr(definition, name) for name in ("name", "purpose", "key", "once")}
        lists = {"event_types": list(definition.event_types), "groups": list(definition.groups)}
        return cls(initial={**shown, **lists, "verdicts": ", ".join(definition.verdicts), "url": url})

    def definition(self, parameters: tuple[Parameter, ...]) -> ActionDefinition:
        """The definition that the valid form and its rows mean."""
        data = self.cleaned_data
        return ActionDefinition(
            name=data["name"],
            event_types=tuple(data["event_types"]),
            purpose=data["purpose"].strip(),
            key=data["key"],
            parameters=parameters,
            groups=tuple(data["groups"]),
            once=data["once"],
            verdicts=_parts(data["verdicts"]),
        )


class ParameterForm(forms.Form):
    """A parameter; without a name there is none."""

    name = forms.SlugField(label="Name", required=False, max_length=40)
    kind = forms.ChoiceField(label="Kind", choices=[(kind, kind) for kind in KINDS], required=False)
    required = forms.BooleanField(label="Required", required=False, initial=True)
    minimum = forms.FloatField(label="Minimum", required=False)
    maximum = forms.FloatField(label="Maximum", required=False)
    choices = forms.CharField(label="Choices", required=False, help_text="Separated by commas.")

    def parameter(self) -> Parameter | None:
        """The parameter that the valid row means."""
        data = self.cleaned_data
        if not data.get("name"):
            return None
        return Parameter(
            name=data["name"],
            kind=data["kind"],
            required=data["required"],
            minimum=data["minimum"],
            maximum=data["maximum"],
            choices=_parts(data["choices"]),
        )


ParameterRows = forms.formset_factory(
    ParameterForm, extra=MAX_PARAMETERS, max_num=MAX_PARAMETERS, absolute_max=MAX_PARAMETERS
)


def rows_showing(definition: ActionDefinition) -> BaseFormSet[Any]:
    """Unsent rows with the parameters of a definition, and empty ones."""
    initial = [
        {
            **{name: getattr(each, name) for name in ("name", "kind", "required", "minimum", "maximum")},
            "choices": ", ".join(each.choices),
        }
        for each in definition.parameters
    ]
    return ParameterRows(prefix="row", initial=initial)


def parameters_in(rows: BaseFormSet[Any]) -> tuple[Parameter, ...]:
    """The parameters of valid rows."""
    return tuple(found for row in rows if (found := row.parameter()) is not None)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))
