"""Puts an entity on a list from the page of a case, an event or the entity."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from reviews.console.entity_index import EntityRef, find_entity
from reviews.pages.event_panels import entity_words, words_of_name
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.personal.access import access_of
from scoring.admin_kit.time_zones import zoned_text
from scoring.rules.lists.changing.defining import find_open_list
from scoring.rules.lists.changing.listing import Added, add_values
from scoring.rules.lists.changing.values import NewValue
from scoring.rules.lists.errors import InvalidListChange, ListArchived, Problem, UnknownList
from scoring.rules.lists.kinds import listed_kinds
from scoring.rules.lists.pages.definition import clause_of
from scoring.rules.lists.pages.expiries import read_until
from scoring.rules.lists.pages.permissions import ADD, CHANGE, may

FIRST_LINE = "line 1, "  # how the fields of the only value are named in a refusal


@register_page
class ListEntityPage(AdminPage):
    """POST puts `entity` ("kind:value") on `list` for `days`, with `reason` and `tags`; then `back`.

    An entity that is on the list already gets the new reason and end, if the user may change that.
    """

    path, name, title = "entities/list/", "list_entity", "Put on a list"
    permission = ADD

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return redirect("admin:entities")

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            done = self._put(find_listed(request.POST.get("entity", "")), now=timezone.now())
        except (UnknownList, ListArchived) as error:
            messages.error(request, f"Not listed: {error}.")
        except InvalidListChange as error:
            problems = " ".join(
                f"The {each.field.removeprefix(FIRST_LINE)} {clause_of(each)}" for each in error.problems
            )
            messages.error(request, f"Not listed. {problems}")
        else:
            messages.success(request, done)
        return redirect(back_to(request))

    def _put(self, ref: EntityRef, *, now: datetime) -> str:
        """Put the entity on the list, and say so."""
        post = self.request.POST
        definition = find_open_list(post.get("list", ""))
        if not may(self.request.user, ADD, definition.action):
            problem = f"{definition.title} allows events, and you may not change lists that do"
            raise InvalidListChange(definition.name, [Problem("list", problem, "a list that does not")])
        if definition.kind != ref.kind:
            problem = f"{definition.title} holds values of the kind {definition.kind}, not {ref.kind}"
            raise InvalidListChange(definition.name, [Problem("list", problem, f"a list of {ref.kind}")])
        if ref.personal and not ref.shown:
            erased = Problem("entity", "was erased, so its value is not known", "one that was not erased")
            raise InvalidListChange(definition.name, [erased])
        until = read_until(post.get("days", ""), "", list_name=definition.name, now=now)
        new = NewValue(ref.shown, post.get("reason", ""), until, tuple(post.get("tags", "").split()))
        added = add_values(
            list_name=definition.name,
            values=[new],
            actor=actor_of(self.request),
            now=now,
            replace=True,
            only_own=not self.request.user.has_perm(CHANGE),
        )
        words = entity_words(ref, personal=access_of(self.request.user))
        return f"{words_of_name(ref.kind)} {words} {_done(added)} {definition.title}, {_until_words(until)}."


def find_listed(text: str) -> EntityRef:
    """The entity "kind:value", its value as in the log. Raises BadRequest for an unknown kind."""
    kind, _, value = text.partition(":")
    if kind not in listed_kinds() or not value:
        raise BadRequest(f"unknown entity; use kind:value with a kind among {', '.join(listed_kinds())}")
    return find_entity(kind, value)


def _done(added: Added) -> str:
    return "stays on" if added.replaced else "is on"


def _until_words(until: datetime | None) -> str:
    return f"until {zoned_text(until)}" if until else "without an end"


def back_to(request: HttpRequest) -> str:
    """The page of the admin that a form came from, else the search."""
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/admin/")
    return back if safe else "admin:entities"
