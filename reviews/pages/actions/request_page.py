"""The page that asks for the parameters of an action, says what is sent, and requests it."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from reviews.actions.changing import address_of
from reviews.actions.definition import AMOUNT, CHOICE, MAX_TEXT, TEXT, ActionDefinition, Parameter
from reviews.actions.errors import ParametersInvalid
from reviews.actions.parameters import default_values
from reviews.actions.requesting import amount_in, request_action
from reviews.errors import ReviewError
from reviews.models import Case, CaseAction
from reviews.pages.actions.case_panel import REQUEST
from reviews.quality.blinding import is_blind
from scoring.admin_kit.formatting import shortened
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.currency import decimal_text
from scoring.intake.answers import current_version
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.rules.rules.pages.actions import whole_number_in
from scoring.webhooks.posting import host_of

PREFIX = "parameter"


@register_page
class CaseActionPage(AdminPage):
    """An action of a case, to confirm. POST requests it."""

    path, name, title = "cases/<int:position>/actions/<str:action>/", "case_action", "Action"
    permission = REQUEST
    template_name = "reviews/actions/request.html"

    @property
    def case(self) -> Case:
        """The case of the address. Raises Http404, also for a reviewer who must not know its verdict."""
        position = self.kwargs["position"]
        found = Case.objects.filter(pk=position).first()
        if found is None or is_blind(found, self.request.user.get_username()):
            raise Http404(f"There is no case for the event at position {position} with actions for you.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.require("reviews.view_case")
        case = self.case
        action = CaseAction.objects.of_type(case.event_type).filter(pk=self.kwargs["action"]).first()
        if action is None:
            raise Http404(f"There is no action {self.kwargs['action']!r} for this case.")
        definition = ActionDefinition.of(action.terms)
        receipt = current_version(read_stream(case.event_stream))
        self.title = definition.title
        self.subtitle = f"For case {shortened(receipt.data['id'])}"
        address = address_of(action.name)
        kwargs.setdefault("form", _form_of(definition, receipt))
        return super().get_context_data(
            case=case,
            definition=definition,
            number=action.number,
            event=receipt.data,
            host=host_of(address.url) if address else "",
            key=self.request.POST.get("key") or uuid4(),
            admitted=action.admits(self.request.user.get_username()),
            **{name: value for name, value in kwargs.items() if name not in ("position", "action")},
        )

    def post(self, request: HttpRequest, position: int, action: str) -> HttpResponse:
        self.require("reviews.view_case")
        case = self.case
        number, key = whole_number_in(request.POST.get("number", "")), _key_in(request.POST.get("key", ""))
        if number is None or key is None:
            raise BadRequest("number and key are those of the page")
        sent = {
            name.removeprefix(f"{PREFIX}-"): str(value)
            for name, value in request.POST.items()
            if name.startswith(f"{PREFIX}-")
        }
        try:
            request_action(
                case.pk,
                action=action,
                number=number,
                sent=sent,
                key=key,
                reviewer=request.user.get_username(),
                now=timezone.now(),
            )
        except ParametersInvalid as error:
            return self._again(case, action, error)
        except ReviewError as error:
            text = str(error)
            messages.error(request, f"{text[0].upper()}{text[1:]}.")
            return redirect("admin:case", position=position)
        messages.success(request, "Requested. Its state appears under Actions within seconds.")
        return redirect("admin:case", position=position)

    def _again(self, case: Case, action: str, error: ParametersInvalid) -> HttpResponse:
        """The page with what was typed, and what is wrong with it."""
        terms = CaseAction.objects.get(pk=action).terms
        form = _form_of(
            ActionDefinition.of(terms),
            current_version(read_stream(case.event_stream)),
            data=self.request.POST,
        )
        for name, problem, allowed in error.problems:
            form.add_error(name, f"It {problem}; allowed: {allowed}.")
        context = self.get_context_data(position=case.pk, action=action, form=form)
        return self.render_to_response(context, status=422)


def _form_of(definition: ActionDefinition, receipt: Entry, data: Any = None) -> forms.Form:
    """A form with a field for each parameter; the service checks what is entered."""
    amount = amount_in(receipt)
    form = forms.Form(data, prefix=PREFIX, initial=default_values(definition, amount))
    for each in definition.parameters:
        form.fields[each.name] = _field_of(each)
        if each.kind == AMOUNT:
            whole = "" if amount.minor is None else f", at most {decimal_text(amount.minor, amount.currency)}"
            form.fields[each.name].help_text = f"In {amount.currency}{whole}."
    return form


def _field_of(parameter: Parameter) -> forms.Field:
    label = parameter.title if parameter.required else f"{parameter.title} (optional)"
    if parameter.kind == CHOICE:
        choices = [("", "Choose one"), *((each, each) for each in parameter.choices)]
        return forms.CharField(label=label, required=False, widget=forms.Select(choices=choices))
    if parameter.kind == TEXT:
        longest = int(parameter.maximum or MAX_TEXT)
        return forms.CharField(
            label=label,
            required=False,
            widget=forms.Textarea(attrs={"rows": 3, "maxlength": longest}),
            help_text="The log keeps a digest of it; the receiver gets the text.",
        )
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.CharField(label=label, required=False, widget=widget)


def _key_in(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
