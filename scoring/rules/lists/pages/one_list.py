"""The page of one list: its values, and what people change on it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from scoring.admin_kit.pages import actor_of, register_page
from scoring.admin_kit.personal.revealing import PersonalPage
from scoring.admin_kit.time_zones import zoned_text
from scoring.rules.lists.changing.defining import archive_list, restore_list
from scoring.rules.lists.changing.listing import Added, add_values, change_expiry, remove_rows
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.lists.definitions import ListDefinition, definition_in
from scoring.rules.lists.errors import InvalidListChange, ListArchived, Problem
from scoring.rules.lists.models import MAX_VALUES, ListedValue, ListImport, ValueList
from scoring.rules.lists.pages.definition import clause_of, list_or_404
from scoring.rules.lists.pages.expiries import DAYS, DEFAULT_DAYS, read_until
from scoring.rules.lists.pages.overview import SOON
from scoring.rules.lists.pages.permissions import (
    ADD,
    CHANGE,
    DEFINE,
    IMPORT,
    VIEW,
    may,
    needed_for,
)
from scoring.rules.lists.pages.rows import (
    EXPIRED,
    LIVE,
    MAX_COUNTED,
    REMOVED,
    ROWS,
    STATES,
    ValueRow,
    find_rows,
    person,
    rows_in_state,
    shown_rows,
)
from scoring.rules.lists.pages.words import ACTION_TONES, ACTION_WORDS, MATCH_WORDS, examples, holds_words

MAX_TEXT_LENGTH = 300


class TypedValues(NamedTuple):
    """What was typed into the form that adds values."""

    values: str = ""
    reason: str = ""
    days: str = DEFAULT_DAYS
    day: str = ""
    tags: str = ""
    replace: bool = False

    @classmethod
    def of(cls, post: Mapping[str, str]) -> "TypedValues":
        return cls(
            values=post.get("values", ""),
            reason=post.get("reason", ""),
            days=post.get("days", ""),
            day=post.get("day", ""),
            tags=post.get("tags", ""),
            replace=bool(post.get("replace")),
        )

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.values.splitlines() if line.strip()]


@register_page
class ListPage(PersonalPage):
    """A list with its values, searched and filtered; POST takes `action`, a key of ACTIONS."""

    path, name, title = "lists/<str:list_name>/", "list", "List"
    permission = VIEW
    template_name = "lists/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, now, user = list_or_404(kwargs["list_name"]), timezone.now(), self.request.user
        definition, asked = definition_in(row), self.request.GET
        self.title = row.title
        values = self._values(row, definition, now=now)
        return super().get_context_data(
            **{"typed": TypedValues(values=asked.get("value", "")[:MAX_TEXT_LENGTH])} | values | kwargs,
            row=row,
            action=ACTION_WORDS[row.action],
            tone=ACTION_TONES[row.action],
            holds=holds_words(definition),
            match=MATCH_WORDS[row.match],
            examples=examples(definition),
            counts=self._counts(definition, row.size, now=now),
            changed_by=person(row.changed_by),
            days=DAYS,
            default_days=DEFAULT_DAYS,
            max_values=MAX_VALUES,
            may_define=may(user, DEFINE, row.action),
            lacks_allow=user.has_perm(ADD) and not may(user, ADD, row.action),
            may_add=may(user, ADD, row.action) and not row.is_archived,
            may_change=may(user, CHANGE, row.action) and not row.is_archived,
            may_import=may(user, IMPORT, row.action) and not row.is_archived,
            me=actor_of(self.request),
            imports=latest_imports(row.name, ListImport.Into.LIST),
        )

    def _selectable(self, lines: Sequence[ValueRow], of_list: ValueList) -> bool:
        """Whether the user may change at least one of the rows."""
        user, me = self.request.user, actor_of(self.request)
        if of_list.is_archived or not may(user, ADD, of_list.action):
            return False
        on_list = [line.row for line in lines if line.state != REMOVED]
        return any(user.has_perm(CHANGE) or row.added_by == me for row in on_list)

    def _values(self, of_list: ValueList, definition: ListDefinition, *, now: datetime) -> dict[str, Any]:
        """The rows of the chosen state, or those that a search found, and where the next ones are."""
        asked = self.request.GET
        text = asked.get("q", "").strip()[:MAX_TEXT_LENGTH]
        state = asked.get("show", LIVE) if asked.get("show") in STATES else LIVE
        found = find_rows(definition, text) if text else rows_in_state(definition.name, state, now=now)
        if (before := asked.get("before", "")).isascii() and before.isdigit():
            found = found.filter(id__lt=int(before[:18]))
        rows = list(found.order_by("-id")[: ROWS + 1])
        lines = shown_rows(rows[:ROWS], definition, personal=self.personal, now=now)
        more = {
            "show": state,
            **({"q": text} if text else {}),
            "before": rows[ROWS - 1].pk if len(rows) > ROWS else 0,
        }
        return {
            "lines": lines,
            "selectable": self._selectable(lines, of_list),
            "state": state,
            "text": text,
            "older": f"?{urlencode(more)}" if more["before"] else "",
            "newest": f"?{urlencode({'show': state})}" if before else "",
        }

    def _counts(self, definition: ListDefinition, size: int, *, now: datetime) -> dict[str, int]:
        """How many values hold, expire soon, have expired and were removed; removed ones up to a limit."""
        expired = rows_in_state(definition.name, EXPIRED, now=now).count()
        dated = ListedValue.objects.filter(list_name=definition.name, removed_version=None)
        soon = dated.filter(expires_at__gt=now, expires_at__lte=now + SOON).count()
        removed = rows_in_state(definition.name, REMOVED, now=now)[:MAX_COUNTED].count()
        return {LIVE: size - expired, "soon": soon, EXPIRED: expired, REMOVED: removed}

    def post(self, request: HttpRequest, list_name: str) -> HttpResponse:
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            raise BadRequest(f"unknown action; use {', '.join(ACTIONS)}")
        permission, run = act
        self.require(permission)
        row = list_or_404(list_name)
        for needed in needed_for(permission, row.action):
            self.require(needed)
        definition = definition_in(row)
        try:
            messages.success(request, run(self, definition, timezone.now()))
        except ListArchived as error:
            messages.error(request, f"Nothing was changed: {error}.")
        except InvalidListChange as error:
            return self._refused(definition, error)
        return redirect("admin:list", list_name=list_name)

    def add(self, definition: ListDefinition, now: datetime) -> str:
        typed = TypedValues.of(self.request.POST)
        if not typed.lines:
            raise InvalidListChange(definition.name, [Problem("values", "are missing", "one value a line")])
        if len(typed.lines) > MAX_VALUES:
            problem = Problem(
                "values", f"{len(typed.lines):,} lines", f"at most {MAX_VALUES:,}; import a file"
            )
            raise InvalidListChange(definition.name, [problem])
        until = read_until(typed.days, typed.day, list_name=definition.name, now=now)
        tags = tuple(typed.tags.replace(",", " ").split())
        added = add_values(
            list_name=definition.name,
            values=[NewValue(line, typed.reason, until, tags) for line in typed.lines],
            actor=actor_of(self.request),
            now=now,
            replace=typed.replace,
            only_own=not self.request.user.has_perm(CHANGE),
        )
        return added_words(added)

    def remove(self, definition: ListDefinition, now: datetime) -> str:
        removed = remove_rows(
            list_name=definition.name,
            ids=self._chosen(definition),
            reason=self.request.POST.get("reason", ""),
            actor=actor_of(self.request),
            now=now,
        )
        return f"{counted(removed, 'value')} removed. From the next event on they do not hit."

    def extend(self, definition: ListDefinition, now: datetime) -> str:
        post = self.request.POST
        until = read_until(post.get("days", ""), post.get("day", ""), list_name=definition.name, now=now)
        changed = change_expiry(
            list_name=definition.name,
            ids=self._chosen(definition),
            expires_at=until,
            actor=actor_of(self.request),
            now=now,
        )
        end = f"until {zoned_text(until)}" if until else "without an end"
        return f"{counted(changed, 'value')} changed to hold {end}."

    def archive(self, definition: ListDefinition, now: datetime) -> str:
        reason = self.request.POST.get("reason", "")
        archive_list(name=definition.name, reason=reason, actor=actor_of(self.request), now=now)
        return "List archived. It hits nothing from the next event on, and keeps its values."

    def restore(self, definition: ListDefinition, now: datetime) -> str:
        restore_list(name=definition.name, actor=actor_of(self.request), now=now)
        return "List restored. Its values hit again from the next event on."

    def _chosen(self, definition: ListDefinition) -> list[int]:
        """The ids of the chosen rows; those of others only for users who may change any."""
        given = self.request.POST.getlist("row")
        ids = [int(each[:18]) for each in given if each.isascii() and each.isdigit()]
        if not ids:
            raise InvalidListChange(definition.name, [Problem("values", "none is selected", "at least one")])
        others = ListedValue.objects.filter(id__in=ids).exclude(added_by=actor_of(self.request))
        if not self.request.user.has_perm(CHANGE) and others.exists():
            raise PermissionDenied(CHANGE)
        return ids

    def _refused(self, definition: ListDefinition, error: InvalidListChange) -> HttpResponse:
        """The page again with what was typed and everything that is wrong with it."""
        problems = [(problem.field, clause_of(problem)) for problem in error.problems]
        context = self.get_context_data(
            list_name=definition.name,
            typed=TypedValues.of(self.request.POST),
            problems=problems,
            refused=self.request.POST.get("action"),
        )
        return self.render_to_response(context, status=422)


ACTIONS: dict[str, tuple[str, Callable[[ListPage, ListDefinition, datetime], str]]] = {
    "add": (ADD, ListPage.add),
    "remove": (ADD, ListPage.remove),
    "extend": (ADD, ListPage.extend),
    "archive": (DEFINE, ListPage.archive),
    "restore": (DEFINE, ListPage.restore),
}


def latest_imports(name: str, into: ListImport.Into) -> QuerySet[ListImport]:
    """The last files that were imported into a list or bank."""
    return ListImport.objects.filter(list_name=name, into=into).order_by("-number")[:5]


def added_words(added: Added) -> str:
    """What adding values did, in a sentence or two."""
    parts = [f"{counted(added.added, 'value')} added"]
    if added.replaced:
        parts.append(f"{added.replaced:,} of them in place of earlier ones")
    if added.unchanged:
        parts.append(f"{added.unchanged:,} already on the list")
    hold = " From the next event on they hit." if added.added else ""
    return f"{', '.join(parts)}.{hold}"


def counted(number: int, noun: str, plural: str = "s") -> str:
    """ "1 value", "2 values"; `plural`: what the plural of the noun ends with."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"
