"""The page of a rule: versions and what differs between them, life cycle, suppressions and history."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.formatting import percent_text
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.catalog.errors import EventTypeNotScored, UnknownEventType
from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH
from scoring.catalog.registry import event_type as find_event_type
from scoring.errors import ScoringError
from scoring.rules.rules.compiling import expression_problems
from scoring.rules.rules.drafting import units_of
from scoring.rules.rules.models import Rule, RuleChange, RuleSuppression, StoredRuleVersion
from scoring.rules.rules.pages.actions import ACTIONS, ACTIVATES, DRAFTS, SUPPRESSES, whole_number_in
from scoring.rules.rules.pages.extensions import panels_of
from scoring.rules.rules.projections import rule_key
from scoring.rules.rules.stored import version_from
from scoring.rules.rules.suppressing import MAX_LENGTH, SuppressedEntity, entities_of_event
from scoring.rules.rules.versions_diff import ChangedField, VersionsDiff, compare_versions
from scoring.rules.ruleset.life_cycle import ACTIVE, ARCHIVED, DRAFT, SHADOW

MAX_CHANGES = 50
MAX_SUPPRESSIONS = 100
CHANGES_IN_WORDS = {
    "drafted": "drafted",
    "draft": "taken back to draft",
    "shadow": "put in shadow",
    "active": "activated",
    "archived": "archived",
    "activation_requested": "activation requested",
    "activation_rejected": "activation rejected or withdrawn",
    "suppressed": "Suppressed for an entity",
    "suppression_lifted": "Suppression lifted",
}
FIELD_WORDS = {
    "outcome": "Outcome",
    "code": "Reason code",
    "sentence": "Reason",
    "description": "Why it exists",
    "share": "Roll-out",
    "unit": "Unit of the roll-out",
    "overrides_lists": "Decides over lists",
}
# The actions offered for a version in each stage, in order; "take_out" offers "retire" too.
BUTTONS = {
    DRAFT: ("shadow", "request", "archive_version"),
    SHADOW: ("request", "draft", "archive_version"),
    ACTIVE: ("take_out",),
    ARCHIVED: ("roll_back", "shadow", "draft"),
}


class VersionRow(NamedTuple):
    """A version with the actions that the user may take on it."""

    version: StoredRuleVersion
    actions: tuple[str, ...]
    is_requested: bool


class HistoryStep(NamedTuple):
    """A change of the rule in words."""

    words: str
    change: RuleChange


@register_page
class RulePage(AdminPage):
    """Shows a rule and handles the actions on it.

    `?from=1&to=3` compares two versions; `?event=` offers to suppress the rule for an entity of that event.
    """

    path, name, title = "rules/<str:event_type>/<str:rule_name>/", "rule", "Rule"
    permission = "scoring.view_rule"
    template_name = "rules/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rule, now = self._rule(), timezone.now()
        versions = list(StoredRuleVersion.objects.filter(rule=rule.key).order_by("-number"))
        by_number = {version.number: version for version in versions}
        shown = by_number[rule.active or rule.shadow or rule.newest]
        self.title = f"Rule {rule.name}"
        return super().get_context_data(
            rule=rule,
            shown=shown,
            problems=list(_problems_now(shown)),
            versions=[self._row(rule, version) for version in versions],
            requested=by_number.get(rule.requested or 0),
            may=self._permissions(rule, by_number),
            diff=(diff := self._diff(rule, by_number)),
            changes=changes_in_words(diff) if diff else [],
            suppressions=_suppressions(rule),
            units=_units(rule),
            of_event=self._entities_of_event(rule),
            now=now,
            last_day=now + MAX_LENGTH,
            history=history_of(rule),
            panels=list(panels_of(rule)),
            max_reason_length=MAX_REASON_LENGTH,
            **kwargs,
        )

    def post(self, request: HttpRequest, event_type: str, rule_name: str) -> HttpResponse:
        action = ACTIONS.get(request.POST.get("action", ""))
        if action is None:
            raise Http404
        self.require(action.permission)
        try:
            done = action.act(self._rule(), request.POST.dict(), actor_of(request), timezone.now())
            messages.success(request, done)
        except ScoringError as error:
            messages.error(request, f"Nothing changed: {error}.")
        return redirect("admin:rule", event_type=event_type, rule_name=rule_name)

    def _rule(self) -> Rule:
        rule = Rule.objects.filter(pk=rule_key(self.kwargs["event_type"], self.kwargs["rule_name"])).first()
        if rule is None:
            raise Http404
        return rule

    def _entities_of_event(self, rule: Rule) -> dict[str, SuppressedEntity]:
        """The entities of the event from which the user comes: any of them may be suppressed."""
        position = whole_number_in(self.request.GET.get("event", ""))
        try:
            kind = find_event_type(rule.event_type)
        except UnknownEventType:
            return {}
        return entities_of_event(kind, position) if position else {}

    def _permissions(self, rule: Rule, versions: dict[int, StoredRuleVersion]) -> dict[str, Any]:
        """What the user may do, and why not approve: "drafted" or "requested" by that user."""
        user, actor = self.request.user, actor_of(self.request)
        requested = versions.get(rule.requested or 0)
        own = "drafted" if requested and requested.drafted_by == actor else ""
        own = own or ("requested" if rule.requested_by == actor else "")
        activates = user.has_perm(ACTIVATES)
        return {
            "draft": user.has_perm(DRAFTS),
            "activate": activates,
            "suppress": user.has_perm(SUPPRESSES),
            "own": own,
            "approve": activates and requested is not None and not own,
            "withdraw": user.has_perm(DRAFTS) and rule.requested_by == actor,
        }

    def _row(self, rule: Rule, version: StoredRuleVersion) -> VersionRow:
        return VersionRow(
            version,
            tuple(name for name in BUTTONS[version.stage] if self._offers(name, rule, version)),
            is_requested=rule.requested == version.number,
        )

    def _offers(self, action: str, rule: Rule, version: StoredRuleVersion) -> bool:
        if not self.request.user.has_perm(ACTIONS[action].permission):
            return False
        if action == "request":
            return rule.requested is None
        return action != "roll_back" or version.activated_at is not None

    def _diff(self, rule: Rule, versions: dict[int, StoredRuleVersion]) -> VersionsDiff | None:
        """To the version that waits for approval, or the newest one, from the active or the preceding one.

        The address may name others.
        """
        asked = [whole_number_in(self.request.GET.get(name, "")) for name in ("from", "to")]
        numbers = [each if each in versions else None for each in asked]
        after = numbers[1] or rule.requested or rule.newest
        before = numbers[0] or _earlier(rule, after)
        if before not in versions or before == after:
            return None
        return compare_versions(version_from(versions[before]), version_from(versions[after]))


def changes_in_words(diff: VersionsDiff) -> list[ChangedField]:
    """The fields that differ, named and written as the editor does."""
    return [
        ChangedField(FIELD_WORDS[each.name], _value_in_words(each.before), _value_in_words(each.after))
        for each in diff.fields
    ]


def _value_in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return percent_text(value) if isinstance(value, float) else str(value)


def _earlier(rule: Rule, number: int) -> int:
    return rule.active if rule.active and rule.active != number else number - 1


def _problems_now(version: StoredRuleVersion) -> Sequence[tuple[str, str, object]]:
    """Why the expression cannot be evaluated any more; empty if it can."""
    try:
        return list(expression_problems(version.expression, version.event_type))
    except (UnknownEventType, EventTypeNotScored) as error:
        return [("event_type", f"{error}.", "")]


def _units(rule: Rule) -> list[str]:
    try:
        return units_of(find_event_type(rule.event_type))
    except UnknownEventType:
        return []


def _suppressions(rule: Rule) -> list[RuleSuppression]:
    """Suppressions, those that hold longest first; lifted ones are in the history alone."""
    found = RuleSuppression.objects.filter(rule=rule.key, lifted_at=None).order_by("-until")
    return list(found[:MAX_SUPPRESSIONS])


def history_of(rule: Rule) -> list[HistoryStep]:
    """The latest changes of a rule, newest first."""
    changes = RuleChange.objects.filter(rule=rule.key).order_by("-position")[:MAX_CHANGES]
    return [HistoryStep(_in_words(change), change) for change in changes]


def _in_words(change: RuleChange) -> str:
    words = CHANGES_IN_WORDS.get(change.change, change.change)
    return words if change.number is None else f"Version {change.number} {words}"
