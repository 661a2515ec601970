"""What the template of a policy's form shows: its inputs, grouped by the mode that they belong to."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scoring.catalog.policies import Policy as ContentPolicy
from scoring.catalog.policies import titles_of
from scoring.learning.policies.pages.draft_form import ACTION_FIELDS, COST_FIELDS, DraftForm, head_prefix
from scoring.rules.policies.policy import CAPACITY, COST, FIXED, MODEL, MODES

MODE_CHOICES = {
    MODEL: ("By the model", "The thresholds that are stored with the model that decides."),
    FIXED: ("Fixed", "The same thresholds for every event."),
    COST: ("By cost", "Every event gets the outcome that is expected to cost least, by its amount."),
    CAPACITY: ("By capacity", "As many reviews as reviewers can do, by the scores of the last four weeks."),
}


class FormField(NamedTuple):
    """An input: its name, words, value, unit after it, help, and the problems of what was typed."""

    name: str
    label: str
    value: str
    unit: str = ""
    help: str = ""
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")


class FieldGroup(NamedTuple):
    """Inputs under a heading, "" for none."""

    title: str
    fields: list[FormField]


class ModeChoice(NamedTuple):
    """A mode to choose, what it does, and its inputs."""

    mode: str
    label: str
    help: str
    groups: list[FieldGroup]


class HeadForm(NamedTuple):
    """The inputs of a content policy's terms. `is_open`: it has terms of its own, or problems."""

    title: str
    about: str
    terms: "TermsForm"
    is_open: bool


class TermsForm(NamedTuple):
    """The inputs of terms; `at`: the prefix of their names. `problems`: those of no single input."""

    at: str
    mode: str
    choices: list[ModeChoice]
    problems: tuple[str, ...] = ()


class SegmentForm(NamedTuple):
    """The inputs of the segment with this number, counted from 1."""

    number: int
    name: FormField
    expression: FormField
    terms: TermsForm


def terms_form(form: DraftForm, at: str = "", *, modes: Sequence[str] = MODES) -> TermsForm:
    """The inputs of terms; the names of a segment's or content policy's begin with `at`."""
    choices = [ModeChoice(mode, *MODE_CHOICES[mode], list(_groups(form, mode, at))) for mode in modes]
    general = (*form.problems_of(f"{at}mode"), *form.problems_of(f"{at}thresholds"))
    return TermsForm(at, form.text(f"{at}mode") or MODEL, choices, general)


def segment_forms(form: DraftForm) -> list[SegmentForm]:
    """The inputs of every segment."""
    return [
        SegmentForm(
            number,
            _input(form, f"segments.{number}.name", "Name"),
            _input(form, f"segments.{number}.expression", "Condition"),
            terms_form(form, f"segments.{number}.", modes=[mode for mode in MODES if mode != CAPACITY]),
        )
        for number in range(1, form.segment_count + 1)
    ]


def head_forms(form: DraftForm) -> list[HeadForm]:
    """The inputs of every content policy of the event type."""
    return [_head_form(form, policy, titles_of([policy])[policy.name]) for policy in form.kind.policies]


def _head_form(form: DraftForm, policy: ContentPolicy, title: str) -> HeadForm:
    at = head_prefix(policy.name)
    has_problems = any(name.startswith(at) for name in form.problems)
    terms = terms_form(form, at)
    return HeadForm(title, policy.description, terms, form.has_terms(policy.name) or has_problems)


def _groups(form: DraftForm, mode: str, at: str) -> Iterator[FieldGroup]:
    outcomes = form.kind.outcomes
    if mode == FIXED:
        yield FieldGroup("", [_threshold(form, f"{at}thresholds", each) for each in outcomes[1:]])
    elif mode == CAPACITY:
        cases = _input(form, f"{at}capacity.cases_a_day", "Cases a day", help="What reviewers can decide.")
        others = [
            _threshold(form, f"{at}capacity.thresholds", each) for each in outcomes[1:] if each != "review"
        ]
        yield FieldGroup("", [cases, *others])
    elif mode == COST:
        yield FieldGroup("", [_cost(form, f"{at}costs", *each) for each in COST_FIELDS])
        yield from (_action(form, f"{at}costs.actions.{each}", each) for each in outcomes[1:-1])


def _action(form: DraftForm, at: str, outcome: str) -> FieldGroup:
    fields = [
        _cost(form, at, name, words.format(outcome=form.kind.outcome_title(outcome)), kind, hint)
        for name, words, kind, hint in ACTION_FIELDS
    ]
    return FieldGroup(form.kind.outcome_title(outcome).capitalize(), fields)


def _threshold(form: DraftForm, at: str, outcome: str) -> FormField:
    words = f"{form.kind.outcome_title(outcome).capitalize()} from"
    return _input(form, f"{at}.{outcome}", words, unit="%", help="Empty: never for a score.")


def _cost(form: DraftForm, at: str, name: str, *described: str) -> FormField:
    words, kind, hint = described
    unit = "%" if kind == "percent" else form.kind.base_currency
    return _input(form, f"{at}.{name}", words, unit=unit, help=hint)


def _input(form: DraftForm, name: str, label: str, *, unit: str = "", help: str = "") -> FormField:
    return FormField(name, label, form.text(name), unit, help, form.problems_of(name))
