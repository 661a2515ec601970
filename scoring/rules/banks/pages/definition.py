"""The forms to define a hash bank and to edit one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.rules.banks.changing.defining import (
    DEFAULT_DISTANCE,
    DEFAULT_MIN_QUALITY,
    MAX_DISTANCE,
    MAX_MIN_QUALITY,
    define_bank,
    find_bank,
)
from scoring.rules.banks.definitions import bank_definition_in
from scoring.rules.banks.errors import InvalidBankChange, UnknownBank
from scoring.rules.banks.kinds import known_policies
from scoring.rules.banks.models import DEFAULT_COMPARED_MATCH, DEFAULT_QUERY_MATCH, Bank
from scoring.rules.banks.pages.permissions import DEFINE
from scoring.rules.banks.pages.words import ACTION_WORDS
from scoring.rules.lists.changing.defining import (
    MAX_DESCRIPTION_LENGTH,
    MAX_SENTENCE_LENGTH,
    MAX_TITLE_LENGTH,
)
from scoring.rules.lists.pages.definition import sentence_of

_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class BankForm(forms.Form):
    """A bank's definition."""

    title = forms.CharField(label="Title", max_length=MAX_TITLE_LENGTH, help_text="Such as Known abuse.")
    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="How rules and the log call it: a to z, 0 to 9 and _, such as known_abuse. It stays.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    action = forms.ChoiceField(
        label="A match",
        widget=forms.RadioSelect,
        choices=[(name, words[0]) for name, words in ACTION_WORDS.items()],
    )
    distance = forms.IntegerField(
        label="Distance",
        min_value=0,
        max_value=MAX_DISTANCE,
        help_text=f"Up to how many of the 256 bits may differ, 0 to {MAX_DISTANCE}. 31 is what PDQ's authors"
        " recommend; fewer bits find fewer edits of a picture.",
    )
    min_quality = forms.IntegerField(
        label="Minimum quality",
        min_value=0,
        max_value=MAX_MIN_QUALITY,
        help_text="Pictures with less detail do not match: their hashes are too much alike.",
    )
    query_match_percent = forms.IntegerField(
        label="Share of a video's frames",
        min_value=0,
        max_value=100,
        help_text="How many percent of an uploaded video's frames must match a known video. 80, vPDQ's own"
        " threshold, finds pieces of known videos; a low one also finds videos that contain one.",
    )
    compared_match_percent = forms.IntegerField(
        label="Share of the known video's frames",
        min_value=0,
        max_value=100,
        help_text="How many percent of the known video's frames must be matched. 0, vPDQ's own threshold,"
        " finds pieces of any length; a high one finds only videos that have all of it.",
    )
    policy = forms.ChoiceField(label="Policy", required=False, help_text="The policy that a match breaks.")
    sentence = forms.CharField(
        label="Reason",
        max_length=MAX_SENTENCE_LENGTH,
        required=False,
        help_text="The sentence that a decision gives for a match. Empty: made from the title.",
    )
    code = forms.CharField(
        label="Reason code",
        max_length=80,
        required=False,
        help_text="A to Z, 0 to 9 and _, such as KNOWN_ABUSE. Empty: made from the name.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    description = forms.CharField(
        label="Description",
        max_length=MAX_DESCRIPTION_LENGTH,
        required=False,
        help_text="What belongs into it, and where the hashes come from.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].disabled = existing
        policy = self.fields["policy"]
        if isinstance(policy, forms.ChoiceField):
            policy.choices = [("", "None in particular"), *known_policies().items()]

    def take(self, error: InvalidBankChange) -> None:
        """Show what the service refused at its fields."""
        for problem in error.problems:
            self.add_error(problem.field, sentence_of(problem))


class BankDefinitionPage(AdminPage):
    """A form whose bank is defined by POST."""

    permission = DEFINE
    template_name = "banks/definition.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(actions=ACTION_WORDS, **kwargs)

    def define(self, form: BankForm, *, is_new: bool) -> HttpResponse | None:
        """Define the bank and go to its page; None if the form says what is wrong."""
        if not form.is_valid():
            return None
        try:
            definition = define_bank(
                **form.cleaned_data, is_new=is_new, actor=actor_of(self.request), now=timezone.now()
            )
        except InvalidBankChange as error:
            form.take(error)
            return None
        done = "defined. Add its first hashes below, or import a file." if is_new else "changed."
        messages.success(self.request, f"Hash bank {definition.title} {done}")
        return redirect("admin:bank", bank_name=definition.name)


@register_page
class BankNewPage(BankDefinitionPage):
    path, name, title = "banks/new/", "bank_new", "New hash bank"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        initial = {
            "action": "block",
            "distance": DEFAULT_DISTANCE,
            "min_quality": DEFAULT_MIN_QUALITY,
            "query_match_percent": DEFAULT_QUERY_MATCH,
            "compared_match_percent": DEFAULT_COMPARED_MATCH,
        }
        return super().get_context_data(**{"form": BankForm(initial=initial), "is_new": True} | kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BankForm(request.POST)
        done = self.define(form, is_new=True)
        return done or self.render_to_response(self.get_context_data(form=form), status=422)


@register_page
class BankEditPage(BankDefinitionPage):
    path, name, title = "banks/<str:bank_name>/edit/", "bank_edit", "Edit hash bank"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = bank_or_404(kwargs["bank_name"])
        self.title = f"Edit {row.title}"
        return super().get_context_data(**{"form": _form_of(row)} | kwargs, row=row)

    def post(self, request: HttpRequest, bank_name: str) -> HttpResponse:
        form = _form_of(bank_or_404(bank_name), request.POST)
        done = self.define(form, is_new=False)
        context = {} if done else self.get_context_data(bank_name=bank_name, form=form)
        return done or self.render_to_response(context, status=422)


def bank_or_404(name: str) -> Bank:
    try:
        return find_bank(name)
    except UnknownBank as error:
        raise Http404(f"{error}.") from error


def _form_of(row: Bank, data: Any = None) -> BankForm:
    return BankForm(data, initial=bank_definition_in(row).as_data(), existing=True)
