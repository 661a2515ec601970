"""The explanation of a decision on one sheet, for a dispute or a regulator; also as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from reviews.pages.event_panels import field_words
from reviews.pages.findings_panel import reached_policies
from reviews.pages.history_table import number_in
from reviews.pages.reasons.waterfall import odds_text, signed_text
from reviews.pages.signal_rows import value_text
from scoring.admin_kit.formatting import percent_text, shortened
from scoring.admin_kit.pages import AdminPage, register_page
from scoring.catalog.fields import Money
from scoring.catalog.registry import event_type
from scoring.decisions.errors import NoSuchDecision
from scoring.decisions.explanations.document import explain_event
from scoring.declare.spelling import capitalized, words_of
from scoring.intake.models import Event
from scoring.rules.banks.pages.words import match_words
from scoring.timestamps import from_iso

MAX_CONTRIBUTIONS = 8  # as many as one sheet has room for; JSON has all of them

Data = Mapping[str, Any]
_KINDS = {"list": "list", "bank": "hash bank"}
_STAGED = {"active": "activated", "shadow": "moved to shadow", "archived": "archived"}


class ShownContribution(NamedTuple):
    """A contribution to the score; the last one may be the sum of the others."""

    text: str
    value: str
    usual: str
    log_odds: str
    odds: str


class ShownFinding(NamedTuple):
    """A hit on a list, a match of a hash bank or a rule that matched, and the people behind it."""

    name: str
    text: str
    outcome: str
    stage: str
    expression: str
    people: str


@register_page
class ExplanationPage(AdminPage):
    """Everything behind the current decision on an event, or behind `revision`; `format=json` as a file."""

    path, name, title = "events/<int:position>/explanation/", "explanation", "Explanation"
    permission = "scoring.view_decision"
    template_name = "reviews/explanation.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("format") != "json":
            return super().get(request, *args, **kwargs)
        explained = self._explained(kwargs["position"])
        response = JsonResponse(explained, json_dumps_params={"indent": 2, "ensure_ascii": False})
        event = explained["event"]
        name = f"explanation-{event['type']}-{event['position']}-{explained['decision']['revision']}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        explained = self._explained(kwargs["position"])
        event = explained["event"]
        self.title = f"Explanation of {event['type']} {shortened(event['id'])}"
        return super().get_context_data(
            it=explained,
            decision=explained["decision"],
            sentence=sentence_of(explained),
            steps=[
                *reached_policies(explained["decision"].get("policies", {}), event["type"]),
                *steps_of(explained["decision"]),
            ],
            facts=facts_of(event),
            signals=signals_of(event),
            withheld=[words_in(event["type"], name) for name in event["withheld"]],
            entries=[{**each, "recorded_at": _seconds(each["recorded_at"])} for each in explained["entries"]],
            findings=[shown_finding(each) for each in explained["findings"]],
            policy_people=people_of(explained["policy"] or {}),
            contributions=shown_contributions(explained["score"]["contributions"]),
            times={
                name: from_iso(text)
                for name, text in (
                    ("occurred", event["occurred_at"]),
                    ("received", event["received_at"]),
                    ("decided", explained["decision"]["decided_at"]),
                    ("generated", explained["generated_at"]),
                )
            },
            positive=event_type(event["type"]).labels.positive,
            written_by=self.request.user.get_username(),
            **kwargs,
        )

    def _explained(self, position: int) -> dict[str, Any]:
        event = Event.objects.filter(position=position).first()
        if event is None:
            raise Http404("there is no such event")
        revision = number_in(self.request.GET.get("revision"))
        try:
            return explain_event(event.stream, revision=revision, now=timezone.now())
        except NoSuchDecision as error:
            raise Http404(str(error)) from error


def _seconds(text: str) -> str:
    """A time of the log to the second: "2026-03-01 12:30:00"."""
    return text[:19].replace("T", " ")


def sentence_of(explained: Data) -> str:
    """What decided, in one sentence."""
    decision = explained["decision"]
    deciding = _deciding(explained["findings"], decision)
    if decision["decided_by"] in ("list", "bank") and deciding:
        return f"Decided by the {_title(deciding, kind=True)}: {_closed(deciding['text'])}"
    if decision["decided_by"] == "rule" and deciding:
        rule = f"version {deciding['number']} of the rule {deciding['name']}"
        return f"Decided by {rule}: {_closed(deciding['text'])}"
    if decision["score"] is not None:
        return f"The model {decision['model']} gave the score {percent_text(decision['score'])}."
    cause = decision["cause"].replace("_", " ")
    return f"No model decided{f' ({cause})' if cause else ''}; the outcome is the policy's for such events."


def _deciding(findings: Sequence[Data], decision: Data) -> Data | None:
    """The finding that asked for the outcome that lists, banks and rules gave."""
    outcome = decision["initial"] or decision["outcome"]
    return next(
        (
            each
            for each in findings
            if (each["kind"], each["outcome"], each["stage"]) == (decision["decided_by"], outcome, "active")
        ),
        None,
    )


def _title(finding: Data, *, kind: bool = False) -> str:
    """The title of a list or bank, after what it is with `kind`; its name if the log tells no title."""
    title = (finding["definition"] or {}).get("title") or finding["name"]
    return f"{_KINDS[finding['kind']]} {title}" if kind else title


def _closed(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def steps_of(decision: Data) -> list[tuple[str, str]]:
    """What changed the outcome after lists, rules and policy, and what could not be evaluated."""
    steps = []
    if breaker := decision.get("breaker"):
        steps.append(("Breaker", f"{breaker.get('state', '')}"))
    if exploration := decision.get("exploration"):
        steps.append(("Exploration", _exploration_text(exploration)))
    if decision["initial"]:
        steps.append(("Outcome before", decision["initial"]))
    if unseen := decision.get("unseen"):
        steps.append(("Not evaluated", ", ".join(map(_unseen_text, unseen))))
    if errors := decision.get("rule_errors"):
        steps.append(("Rules that failed", "; ".join(f"{each['name']}: {each['error']}" for each in errors)))
    return steps


def _unseen_text(unseen: Data) -> str:
    if unseen["kind"] == "rule":
        return f"version {unseen['number']} of the rule {unseen['name']}"
    if unseen["kind"] == "bank":
        return f"the hash bank {unseen['name']}"
    return f"the {unseen['kind']}"


def _exploration_text(exploration: Data) -> str:
    if not exploration.get("drawn"):
        return "not drawn"
    if stopped := exploration.get("stopped_by"):
        return f"drawn, but not let through: {str(stopped).replace('_', ' ')}"
    return f"let through, with a probability of {percent_text(exploration['propensity'])}"


def facts_of(event: Data) -> list[tuple[str, str]]:
    """The event's fields as sent; an amount with its currency."""
    currency = event["fields"].get("currency", "")
    declared = event_type(event["type"]).fields
    return [
        (
            words_in(event["type"], name),
            f"{value} {currency}" if isinstance(declared.get(name), Money) else _value_text(value),
        )
        for name, value in event["fields"].items()
        if name != "currency"
    ]


def signals_of(event: Data) -> list[str]:
    """The signals of an event, each as "IP is private: no"."""
    known = event_type(event["type"]).signals
    return [
        f"{_signal_words(event['type'], name)}: {value_text(value, known.get(name))}"
        for name, value in event["signals"].items()
    ]


def _signal_words(type_name: str, column: str) -> str:
    field, _, measured = column.partition(".")
    return f"{words_in(type_name, field)} {words_of(measured)}" if measured else capitalized(words_of(field))


def words_in(type_name: str, name: str) -> str:
    return field_words(name, event_type(type_name).fields.get(name))


def _value_text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def shown_finding(finding: Data) -> ShownFinding:
    definition = finding["definition"] or {}
    is_rule = finding["kind"] == "rule"
    return ShownFinding(
        name=f"{finding['name']}, version {finding['number']}" if is_rule else _title(finding),
        text=_finding_text(finding),
        outcome=finding["outcome"],
        stage=finding["stage"],
        expression=definition.get("expression", "") if is_rule else "",
        people=people_of(finding),
    )


def _finding_text(finding: Data) -> str:
    is_bank = finding["kind"] == "bank"
    return f"{_closed(finding['text'])} {match_words(finding)}" if is_bank else str(finding["text"])


def people_of(changed: Data) -> str:
    """Who wrote and who activated it, or who listed it: "drafted by ana on 2026-11-29"."""
    told = []
    for name in ("drafted", "staged", "listed"):
        if change := changed.get(name):
            person = change["by"].removeprefix("user/") or "unknown"
            done = _STAGED.get(change.get("stage", ""), "moved") if name == "staged" else name
            told.append(f"{done} by {person} on {change['at'][:10]}")
    return ", ".join(told)


def shown_contributions(contributions: Sequence[Data]) -> list[ShownContribution]:
    """The largest contributions, and the sum of the others."""
    shown = [
        ShownContribution(
            each["text"],
            each["value"],
            each["usual"],
            signed_text(each["contribution"]),
            odds_text(float("nan") if each["odds"] is None else each["odds"]),
        )
        for each in contributions[:MAX_CONTRIBUTIONS]
    ]
    if others := contributions[MAX_CONTRIBUTIONS:]:
        total = sum(each["contribution"] for each in others)
        shown.append(
            ShownContribution(f"{len(others)} other features together", "", "", signed_text(total), "")
        )
    return shown
