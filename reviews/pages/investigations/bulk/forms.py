"""The forms of bulk actions: what is to be done with everything that a query found, and why."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractUser, AnonymousUser

from reviews.errors import InvalidVerdict
from reviews.investigation.bulk.terms import LABEL, LIST, VERDICT, LabelTerms, ListTerms, Terms, VerdictTerms
from reviews.work.allowed_labels import check_allowed
from reviews.work.notes import MAX_NOTE_LENGTH
from reviews.work.reason_codes import action_title, policy_titles, reasons_of, verdict_words
from reviews.work.verdict_rules import Verdict, actions_of, check_verdict
from scoring.admin_kit.row_rules.visible import limits_of
from scoring.catalog.event_type import EventType
from scoring.rules.lists.changing.values import MAX_REASON_LENGTH
from scoring.rules.lists.kinds import listable_fields
from scoring.rules.lists.models import ValueList
from scoring.rules.lists.pages.expiries import DAYS, DEFAULT_DAYS, until_of
from scoring.rules.lists.pages.permissions import ADD, may
from scoring.rules.ruleset.reason_field import ReasonField

MATCHES = (ValueList.Match.VALUE, ValueList.Match.NETWORK)  # lists to which a single value can be added
SEPARATOR = "|"  # between the parts of an option; no name has one


class BulkForm(forms.Form):
    """A form for events of a type. `note_text`: what goes with every verdict, "" for none."""

    reason = ReasonField(max_length=MAX_REASON_LENGTH)

    def __init__(
        self, *args: Any, kind: type[EventType], user: AbstractUser | AnonymousUser, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.user = kind, user
        self.offer()
        self.fields["reason"] = self.fields.pop("reason")  # the last one

    def offer(self) -> None:
        """Fill in the choices, for this type and user."""
        raise NotImplementedError

    def terms(self, *, now: datetime) -> Terms:
        """What the valid form says is to be done."""
        raise NotImplementedError

    @property
    def note_text(self) -> str:
        return str(self.cleaned_data.get("note", ""))


class LabelForm(BulkForm):
    """A label of the type; a positive one may name a policy that was broken."""

    label = forms.ChoiceField(label="Label")

    def offer(self) -> None:
        positive, negative = self.kind.labels.values
        choices = [(positive, positive)]
        for name, title in policy_titles(self.kind).items():
            choices.append((f"{positive}{SEPARATOR}{name}", f"{positive}: {title}"))
        self.fields["label"].choices = [*choices, (negative, negative)]  # type: ignore[attr-defined]

    def clean_label(self) -> str:
        """A label that the groups of the user may use in verdicts."""
        chosen = str(self.cleaned_data["label"])
        value, _, policy = chosen.partition(SEPARATOR)
        given = Verdict(value, "", policies={policy: ""} if policy else {})
        allowed = limits_of(self.user).labels_of(self.kind.name)
        try:
            check_allowed(self.kind.name, given, allowed)
        except InvalidVerdict as error:
            raise forms.ValidationError(f"{error.problem}; allowed: {error.allowed}.") from error
        is_positive = value == self.kind.labels.positive
        if self.kind.policies and is_positive and not policy and allowed is not None:
            raise forms.ValidationError("Name a policy that your groups may use.")
        return chosen

    def terms(self, *, now: datetime) -> Terms:
        value, _, policy = self.cleaned_data["label"].partition(SEPARATOR)
        return LabelTerms(value, (policy,) if policy else ())


class VerdictForm(BulkForm):
    """A verdict with its reason, of types with policies also the action; and a note."""

    verdict = forms.ChoiceField(label="Verdict and reason")
    outcome = forms.ChoiceField(label="Action, if a policy was broken", required=False)
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=MAX_NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Goes with every verdict. Required by the reason Other.",
    )

    def offer(self) -> None:
        self.fields["verdict"].choices = list(_verdicts(self.kind))  # type: ignore[attr-defined]
        actions = [(name, action_title(self.kind, name)) for name in actions_of(self.kind)]
        if actions:
            self.fields["outcome"].choices = actions  # type: ignore[attr-defined]
        else:
            del self.fields["outcome"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("verdict"):
            given = self._given(data)
            try:
                check_allowed(self.kind.name, given, limits_of(self.user).labels_of(self.kind.name))
                check_verdict(self.kind.name, given)
            except InvalidVerdict as error:
                field = error.field if error.field in self.fields else "verdict"
                self.add_error(field, f"{error.problem}; allowed: {error.allowed}.")
        return data

    def terms(self, *, now: datetime) -> Terms:
        given = self._given(self.cleaned_data)
        return VerdictTerms(given.value, given.reason_code, "", given.policies, given.action)

    def _given(self, data: dict[str, Any]) -> Verdict:
        value, policy, code = data["verdict"].split(SEPARATOR)
        if policy:
            return Verdict(value, code, data.get("note", ""), {policy: code}, data.get("outcome", ""))
        return Verdict(value, code, data.get("note", ""))


class ListForm(BulkForm):
    """A field and a list that takes its values, and for how long they are on it."""

    target = forms.ChoiceField(label="Values and list")
    days = forms.ChoiceField(
        label="For", initial=DEFAULT_DAYS, choices=[(days, words) for days, words in DAYS.items() if days]
    )

    def offer(self) -> None:
        self.fields["target"].choices = list(_targets(self.kind, self.user))  # type: ignore[attr-defined]

    def terms(self, *, now: datetime) -> Terms:
        list_name, _, field = self.cleaned_data["target"].partition(SEPARATOR)
        until = until_of(self.cleaned_data["days"], "", now=now)
        if until is None:
            raise ValueError("a list entry of a bulk action has an end")
        return ListTerms(list_name, field, until)


FORMS: dict[str, type[BulkForm]] = {LABEL: LabelForm, VERDICT: VerdictForm, LIST: ListForm}


def _verdicts(kind: type[EventType]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each verdict with its options "label|policy|reason code"."""
    titles = policy_titles(kind)
    for label in kind.labels.values:
        words = verdict_words(kind, label)
        options = [(f"{label}||{reason.code}", reason.words) for reason in words.reasons]
        if label == kind.labels.positive:
            options += [
                (f"{label}|{policy.name}|{reason.code}", f"{titles[policy.name]}: {reason.words}")
                for policy in kind.policies
                for reason in reasons_of(policy)
            ]
        yield words.title, options


def _targets(kind: type[EventType], user: AbstractUser | AnonymousUser) -> Iterator[tuple[str, str]]:
    """The options "list|field" of the lists that the user may add to."""
    rows = ValueList.objects.filter(archived_at=None, match__in=MATCHES).exclude(action=ValueList.Action.TAG)
    lists = [row for row in rows.order_by("title", "name") if may(user, ADD, row.action)]
    for name, field in listable_fields(kind.name):
        for row in lists:
            if row.kind == field.kind:
                yield f"{row.name}{SEPARATOR}{name}", f"{name} on {row.title} ({row.action})"
