"""The forms that request a backtest: one for each kind of change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from scoring.admin_kit.row_rules.visible import sees_type
from scoring.admin_kit.time_zones import in_zone
from scoring.catalog.errors import FieldError
from scoring.catalog.registry import event_type, scored_types
from scoring.intake.models import Event
from scoring.rules.backtest.changes import NO_ACTION, Change, ListChange, PolicyChange, RuleChange
from scoring.rules.lists.changing.values import parse_value
from scoring.rules.lists.definitions import ListDefinition, definition_in
from scoring.rules.lists.models import MAX_VALUES, ValueList
from scoring.rules.policies.models import StoredPolicy
from scoring.rules.rules.models import StoredRuleVersion

DAYS = 30  # of events with mature labels in the period offered
MAX_CHOICES = 500
MAX_PROBLEMS = 5  # lines with problems that are shown

ACTIONS = (
    ("", "as it is"),
    ("block", "block"),
    ("watch", "watch: at least a review"),
    ("allow", "allow"),
    ("tag", "tag: no outcome of its own"),
    (NO_ACTION, "archive the list"),
)


def _moment(label: str, help_text: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=help_text,
    )


def _rule_versions() -> Sequence[tuple[str, str]]:
    versions = StoredRuleVersion.objects.order_by("event_type", "name", "-number")[:MAX_CHOICES]
    return [
        (each.key, f"{each.name}, version {each.number} ({each.stage}, {each.event_type})")
        for each in versions
    ]


def _policy_versions() -> Sequence[tuple[str, str]]:
    versions = StoredPolicy.objects.order_by("event_type", "-number")[:MAX_CHOICES]
    return [
        (each.key, f"{each.event_type}, version {each.number} ({each.stage}, {each.mode})")
        for each in versions
    ]


def _lists() -> Sequence[tuple[str, str]]:
    rows = ValueList.objects.filter(archived_at=None).order_by("name")[:MAX_CHOICES]
    return [(row.name, f"{row.title} ({row.action}, {row.kind})") for row in rows]


class BacktestForm(forms.Form):
    """The period; forms of each kind add what is tried."""

    kind: ClassVar[str]

    since = _moment(
        "From",
        in_zone("Events first decided from then on; those without a decision by when they occurred."),
    )
    until = _moment("To", in_zone("Events first decided before. Labels of young events do not count yet."))

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since >= until:
            self.add_error("since", "This is not before the end of the period.")
        if since and since >= timezone.now():
            self.add_error("since", "This is in the future, so no events would be found.")
        return chosen

    def event_type(self) -> str:
        raise NotImplementedError

    def change(self) -> Change:
        raise NotImplementedError


class RuleForm(BacktestForm):
    kind = "rule"
    version = forms.ChoiceField(
        label="Version of a rule",
        choices=_rule_versions,
        help_text="It is tried as if it were active, in place of the version of its name that is.",
    )
    field_order = ("version", "since", "until")

    def event_type(self) -> str:
        return str(self.cleaned_data["version"].split("/")[0])

    def change(self) -> Change:
        _, name, number = self.cleaned_data["version"].split("/")
        return RuleChange(name, int(number))


class PolicyForm(BacktestForm):
    kind = "policy"
    version = forms.ChoiceField(
        label="Version of a policy",
        choices=_policy_versions,
        help_text="It is tried as if it were active, on the scores that decisions logged.",
    )
    since = _moment("From", in_zone("Events first decided from then on; history has no scores."))
    field_order = ("version", "since", "until")

    def event_type(self) -> str:
        return str(self.cleaned_data["version"].split("/")[0])

    def change(self) -> Change:
        return PolicyChange(int(self.cleaned_data["version"].split("/")[1]))


class ListForm(BacktestForm):
    kind = "list"
    list_name = forms.ChoiceField(label="List", choices=_lists)
    on = forms.ChoiceField(label="Event type", choices=lambda: [(name, name) for name in scored_types()])
    added = forms.CharField(
        label="Values to add",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "ws-mono"}),
        help_text=f"One on each line, up to {MAX_VALUES:,}. They are found in every event of the period.",
    )
    removed = forms.CharField(
        label="Values to remove",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "ws-mono"}),
        help_text="One on each line.",
    )
    action = forms.ChoiceField(
        label="Action of the list", required=False, choices=ACTIONS, help_text="What a hit asks for."
    )
    field_order = ("list_name", "on", "added", "removed", "action", "since", "until")

    def clean(self) -> dict[str, Any]:
        chosen = super().clean()
        row = ValueList.objects.filter(name=chosen.get("list_name", "")).first()
        if row is not None:
            for name in ("added", "removed"):
                chosen[name] = self._values(name, chosen.get(name, ""), definition_in(row))
        if not (chosen.get("added") or chosen.get("removed") or chosen.get("action") or self.errors):
            self.add_error("added", "Nothing would change: add or remove values, or choose another action.")
        return chosen

    def event_type(self) -> str:
        return str(self.cleaned_data["on"])

    def change(self) -> Change:
        chosen = self.cleaned_data
        return ListChange(chosen["list_name"], chosen["added"], chosen["removed"], chosen["action"])

    def _values(self, name: str, text: str, definition: ListDefinition) -> tuple[tuple[str, str], ...]:
        """The keys of the values on these lines, each with the text that may be shown."""
        found: dict[str, str] = {}
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
        values = [(number, line) for number, line in lines if line]
        if len(values) > MAX_VALUES:
            self.add_error(name, f"These are {len(values):,} values; enter at most {MAX_VALUES:,}.")
            return ()
        problems = []
        for number, line in values:
            try:
                parsed = parse_value(definition, line)
            except FieldError as error:
                problems.append(f"Line {number} {error.problem}; allowed: {error.allowed}.")
                continue
            found |= {key.hex(): parsed.shown for key in parsed.keys}
        for problem in problems[:MAX_PROBLEMS]:
            self.add_error(name, problem)
        return tuple(found.items())


def offer_seen_types(form: BacktestForm, user: Any) -> BacktestForm:
    """Leave out what is of an event type that the user does not see."""
    for name in form.fields.keys() & {"version", "on"}:
        field: Any = form.fields[name]
        field.choices = [each for each in field.choices if sees_type(user, str(each[0]).split("/")[0])]
    return form


FORMS: dict[str, type[BacktestForm]] = {each.kind: each for each in (RuleForm, ListForm, PolicyForm)}


def form_of(kind: str) -> type[BacktestForm]:
    """The form for a kind of change; that of rules for an unknown one."""
    return FORMS.get(kind, RuleForm)


def usual_period(now: datetime) -> dict[str, datetime]:
    """Up to now, to the minute; from so long ago that labels of some weeks are mature.

    If the last events that can be mature are older (history alone), some weeks before those.
    """
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    mature = [
        _last_event(name, before=until - event_type(name).matures_after) for name in sorted(scored_types())
    ]
    return {"since": min(mature) - timedelta(days=DAYS), "until": until}


def _last_event(name: str, *, before: datetime) -> datetime:
    """When the last event of a type before a time occurred; that time if there is none."""
    events = Event.objects.filter(type=name, occurred_at__lt=before, retracted_at=None)
    return events.order_by("-occurred_at").values_list("occurred_at", flat=True).first() or before
