"""The admin's form of a training: the event type, the data, and the recipe."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.utils import timezone

from scoring.admin_kit.row_rules.visible import seen_scored_types
from scoring.admin_kit.time_zones import in_zone
from scoring.learning.errors import InvalidTraining
from scoring.learning.jobs.options import JobOptions
from scoring.learning.recipes.fields import (
    DATA,
    FIELDS,
    IMBALANCE,
    THRESHOLDS,
    TREES,
    RecipeChoice,
    RecipeField,
    RecipeNumber,
    value_at,
)
from scoring.learning.recipes.reading import read_recipe, with_value
from scoring.learning.search.options import MAX_FOLDS, MAX_MINUTES, MAX_SEED, MAX_TRIALS, SearchOptions
from scoring.learning.training.features import check_accepted, check_features, declared_features
from scoring.learning.training.recipe import MAX_MATURITY_DAYS, TrainingConfig

DATA_NAMES = ("event_type", "as_of", "since", "matures_after_days", "accept_leakage")
SEARCH = ("search_minutes", "search_trials", "search_folds", "search_seed")


class FieldGroup(NamedTuple):
    """Fields of the recipe that belong together."""

    title: str
    fields: list[forms.BoundField]
    is_open: bool


def form_field_of(field: RecipeField) -> forms.Field:
    """The form field of a recipe's field, with the default filled in, which an empty field also means."""
    if isinstance(field, RecipeChoice):
        choices = [(choice, choice) for choice in field.choices]
        return forms.ChoiceField(
            label=field.label, choices=choices, initial=field.default, required=False, help_text=field.help
        )
    kind: type[Any] = forms.IntegerField if field.whole else forms.FloatField
    bound = int if field.whole else float
    made: forms.Field = kind(
        label=field.label,
        initial=field.default,
        required=False,
        min_value=bound(field.minimum),
        max_value=bound(field.maximum),
        help_text=field.help,
        validators=[_above(field)] if field.exclusive else [],
    )
    return made


def _above(field: RecipeNumber) -> Callable[[float], None]:
    def check(value: float) -> None:
        if value <= field.minimum:
            raise forms.ValidationError(f"Enter {field.allowed}.")

    return check


def names_in(text: str) -> list[str]:
    """The names in a text, separated by commas or spaces."""
    return text.replace(",", " ").split()


def directions_in(text: str) -> dict[str, str]:
    """The features with their directions in lines such as "amount increasing"; nothing is checked."""
    directions = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, direction = line.partition(" ")
        directions[name] = direction.strip()
    return directions


def initial_of(event_type: str, options: JobOptions) -> dict[str, Any]:
    """The form's values for the options of an earlier training."""
    directions = [f"{name} {direction}" for name, direction in options.config.monotone]
    return {
        "event_type": event_type,
        "as_of": options.as_of,
        "since": options.since,
        "matures_after_days": options.matures_after_days,
        "accept_leakage": " ".join(options.accepted_leakage),
        "features_left_out": " ".join(options.config.features_left_out),
        "monotone": "\n".join(directions),
        **(
            {f"search_{name}": value for name, value in options.search.stored().items()}
            if options.search
            else {}
        ),
    } | {field.name: value_at(options.config, field.path) for field in FIELDS}


class TrainingForm(forms.Form):
    """The event type, one of those that the user sees, and the options of a training."""

    event_type = forms.ChoiceField(
        label="Event type",
        help_text="The events that the model will score.",
    )
    as_of = forms.DateTimeField(
        label="Data cut-off",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=in_zone("Later events and labels are excluded. Empty: no cut-off."),
    )
    since = forms.DateTimeField(
        label="Train on events from",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=in_zone("Earlier events are excluded. Empty: from the first event on."),
    )
    matures_after_days = forms.FloatField(
        label="Days until labels are mature",
        required=False,
        min_value=0,
        max_value=MAX_MATURITY_DAYS,
        help_text="Younger events are excluded, because labels may still arrive. Empty: the catalog's value.",
    )
    features_left_out = forms.CharField(
        label="Features left out",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Names of features that no tree may use, separated by commas or spaces.",
    )
    accept_leakage = forms.CharField(
        label="Accepted although too good to be true",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A training stops at a feature that alone predicts the label nearly perfectly. Name those"
        " that you checked: their values are known when an event is decided. Your name is recorded.",
    )
    monotone = forms.CharField(
        label="Monotone constraints",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="A feature and a direction a line, such as: amount increasing",
    )
    search_minutes = forms.FloatField(
        label="Time budget in minutes",
        required=False,
        initial=0,
        min_value=0,
        max_value=MAX_MINUTES,
        help_text="Recipes around the one above are tried on the validation slice; the best one is trained."
        " 0: no search.",
    )
    search_trials = forms.IntegerField(
        label="Maximum number of trials",
        required=False,
        initial=SearchOptions.trials,
        min_value=2,
        max_value=MAX_TRIALS,
        help_text="The search ends at whichever limit comes first.",
    )
    search_folds = forms.IntegerField(
        label="Folds of a trial",
        required=False,
        initial=SearchOptions.folds,
        min_value=1,
        max_value=MAX_FOLDS,
        help_text="On how many validation slices in time order each recipe is measured. More folds are less"
        " luck and take longer; two or more also tell which simpler recipe is about as good.",
    )
    search_seed = forms.IntegerField(
        label="Seed of the search",
        required=False,
        initial=SearchOptions.seed,
        min_value=0,
        max_value=MAX_SEED,
        help_text="The same seed tries the same recipes in the same order.",
    )

    def __init__(self, *args: Any, user: AbstractUser | AnonymousUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types: Any = self.fields["event_type"]
        types.choices = [(name, name) for name in seen_scored_types(user)]
        for field in FIELDS:
            self.fields[field.name] = form_field_of(field)

    def groups(self) -> list[FieldGroup]:
        """The recipe's fields by group, for the template; a group with an error is open."""
        return [
            self._group("Trees", TREES, ("features_left_out", "monotone")),
            self._group("Imbalance", IMBALANCE),
            self._group("Slices of time", DATA),
            self._group("Thresholds", THRESHOLDS),
            self._group("Search for a better recipe", (), SEARCH),
        ]

    def _group(self, title: str, fields: Sequence[RecipeField], further: Sequence[str] = ()) -> FieldGroup:
        bound = [self[name] for name in (*(field.name for field in fields), *further)]
        return FieldGroup(title, bound, any(field.errors for field in bound))

    def data_fields(self) -> list[forms.BoundField]:
        """The fields above the recipe's."""
        return [self[name] for name in DATA_NAMES]

    def clean_as_of(self) -> Any:
        as_of = self.cleaned_data["as_of"]
        if as_of is not None and as_of > timezone.now():
            raise forms.ValidationError("The cut-off is in the future; leave it empty to use all data.")
        return as_of

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        since, as_of = chosen.get("since"), chosen.get("as_of") or timezone.now()
        if since is not None and since >= as_of:
            self.add_error("since", "This is after the data cut-off, so no events would be left.")
        if not self.errors:
            self._read_recipe(chosen)
        return chosen

    def _read_recipe(self, chosen: dict[str, Any]) -> None:
        config = TrainingConfig()
        for field in FIELDS:
            if chosen.get(field.name) not in (None, ""):
                config = with_value(config, field.path, chosen[field.name])
        try:
            stated = {
                "features_left_out": names_in(chosen["features_left_out"]),
                "monotone": directions_in(chosen["monotone"]),
            }
            chosen["config"] = read_recipe(stated, base=config)
            names = declared_features(chosen["event_type"])
            check_features(chosen["config"], names)
            chosen["accept_leakage"] = names_in(chosen["accept_leakage"])
            check_accepted(chosen["accept_leakage"], names)
        except InvalidTraining as error:
            named = error.field.partition(".")[0]
            self.add_error(
                named if named in self.fields else "shares_train", f"{str(error)[0].upper()}{str(error)[1:]}."
            )

    def options(self) -> JobOptions:
        """The valid form as training options."""
        chosen = self.cleaned_data
        return JobOptions(
            as_of=chosen["as_of"],
            matures_after_days=chosen["matures_after_days"],
            since=chosen["since"],
            config=chosen["config"],
            accepted_leakage=tuple(chosen["accept_leakage"]),
            search=self._search(chosen),
        )

    @staticmethod
    def _search(chosen: dict[str, Any]) -> SearchOptions | None:
        if not chosen["search_minutes"]:
            return None
        given = {name: chosen[f"search_{name}"] for name in ("trials", "seed", "folds")}
        return SearchOptions(
            chosen["search_minutes"], **{name: value for name, value in given.items() if value is not None}
        )
