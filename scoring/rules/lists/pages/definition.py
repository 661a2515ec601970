"""The forms to define a list and to edit one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.rules.lists.changing.defining import (
    MAX_DESCRIPTION_LENGTH,
    MAX_SENTENCE_LENGTH,
    MAX_TITLE_LENGTH,
    define_list,
    find_list,
)
from scoring.rules.lists.definitions import definition_in
from scoring.rules.lists.errors import InvalidListChange, Problem, UnknownList
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.models import ListedValue, ValueList
from scoring.rules.lists.pages.permissions import DEFINE, may
from scoring.rules.lists.pages.words import ACTION_WORDS, MATCH_WORDS

MAY_NOT_ALLOW = "You lack the permission to define lists that allow events; choose another action."


class DefinitionForm(forms.Form):
    """A list's definition. `fixed`: the list has had values, so its kind and match stay."""

    title = forms.CharField(label="Title", max_length=MAX_TITLE_LENGTH, help_text="Such as Stolen cards.")
    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="How rules and the log call it: a to z, 0 to 9 and _, such as stolen_cards. It stays.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    action = forms.ChoiceField(label="A hit", widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="Values", help_text="The field of events that is looked up.")
    match = forms.ChoiceField(
        label="Match",
        help_text="Networks are for IP addresses; domains for fields with e-mail addresses or host names.",
    )
    sentence = forms.CharField(
        label="Reason",
        max_length=MAX_SENTENCE_LENGTH,
        required=False,
        help_text="The sentence that a decision gives for a hit. Empty: made from the title.",
    )
    code = forms.CharField(
        label="Reason code",
        max_length=80,
        required=False,
        help_text="A to Z, 0 to 9 and _, such as STOLEN_CARD. Empty: made from the name.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    description = forms.CharField(
        label="Description",
        max_length=MAX_DESCRIPTION_LENGTH,
        required=False,
        help_text="What belongs on it, and where the values come from.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, fixed: bool = False, existing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("action", [(name, words[0]) for name, words in ACTION_WORDS.items()])
        self._offer("kind", [(name, kind.words) for name, kind in listed_kinds().items()])
        self._offer("match", list(MATCH_WORDS.items()))
        for name in (("name",) if existing else ()) + (("kind", "match") if fixed else ()):
            self.fields[name].disabled = True

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def take(self, error: InvalidListChange) -> None:
        """Show what the service refused at its fields."""
        for problem in error.problems:
            self.add_error(problem.field, sentence_of(problem))


class DefinitionPage(AdminPage):
    """A form whose list is defined by POST."""

    permission = DEFINE
    template_name = "lists/definition.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(actions=ACTION_WORDS, **kwargs)

    def define(self, form: DefinitionForm, *, is_new: bool) -> HttpResponse | None:
        """Define the list and go to its page; None if the form says what is wrong."""
        if not form.is_valid():
            return None
        if not may(self.request.user, DEFINE, form.cleaned_data["action"]):
            form.add_error("action", MAY_NOT_ALLOW)
            return None
        try:
            definition = define_list(
                **form.cleaned_data, is_new=is_new, actor=actor_of(self.request), now=timezone.now()
            )
        except InvalidListChange as error:
            form.take(error)
            return None
        done = "defined. Add its first values below." if is_new else "changed."
        messages.success(self.request, f"List {definition.title} {done}")
        return redirect("admin:list", list_name=definition.name)


@register_page
class ListNewPage(DefinitionPage):
    path, name, title = "lists/new/", "list_new", "New list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        initial = {
            "action": self.request.GET.get("action", "block"),
            "kind": self.request.GET.get("kind", ""),
        }
        return super().get_context_data(**{"form": DefinitionForm(initial=initial), "is_new": True} | kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DefinitionForm(request.POST)
        done = self.define(form, is_new=True)
        return done or self.render_to_response(self.get_context_data(form=form), status=422)


@register_page
class ListEditPage(DefinitionPage):
    path, name, title = "lists/<str:list_name>/edit/", "list_edit", "Edit list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = list_or_404(kwargs["list_name"])
        self.title = f"Edit {row.title}"
        return super().get_context_data(**{"form": _form_of(row)} | kwargs, row=row)

    def post(self, request: HttpRequest, list_name: str) -> HttpResponse:
        form = _form_of(list_or_404(list_name), request.POST)
        done = self.define(form, is_new=False)
        context = {} if done else self.get_context_data(list_name=list_name, form=form)
        return done or self.render_to_response(context, status=422)


def list_or_404(name: str) -> ValueList:
    try:
        return find_list(name)
    except UnknownList as error:
        raise Http404(f"{error}.") from error


def sentence_of(problem: Problem) -> str:
    """A problem and what is allowed, as a sentence beside its field."""
    text = clause_of(problem)
    return text[0].upper() + text[1:]


def clause_of(problem: Problem) -> str:
    """A problem and what is allowed, to follow the name of its field."""
    allowed = problem.allowed
    if isinstance(allowed, list | tuple):
        allowed = ", ".join(map(str, allowed))
    return f"{problem.problem}; allowed: {allowed}." if allowed else f"{problem.problem}."


def _form_of(row: ValueList, data: Any = None) -> DefinitionForm:
    fixed = ListedValue.objects.filter(list_name=row.name).exists()
    return DefinitionForm(data, initial=definition_in(row).as_data(), fixed=fixed, existing=True)
