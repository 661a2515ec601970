"""The page of one hash bank: its items, what they matched, and what people change in it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.time_zones import zoned_text
from scoring.catalog.errors import FieldError
from scoring.images.spread import spread_evenly
from scoring.rules.banks.changing.adding import add_items, change_item_expiry, remove_items
from scoring.rules.banks.changing.defining import archive_bank, restore_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.changing.pdq_hashes import parse_hash
from scoring.rules.banks.errors import BankArchived, InvalidBankChange
from scoring.rules.banks.matches import overturns_of
from scoring.rules.banks.models import HASH_BITS, MAX_ITEMS, Bank, BankItem
from scoring.rules.banks.pages.definition import bank_or_404
from scoring.rules.banks.pages.overview import SOON
from scoring.rules.banks.pages.permissions import ADD, CHANGE, DEFINE, IMPORT, VIEW
from scoring.rules.banks.pages.rows import (
    ROWS,
    VIEW_FILE,
    ItemRow,
    find_items,
    items_in_state,
    latest_matches,
    link_of_files,
    shown_items,
)
from scoring.rules.banks.pages.typed import TypedItems
from scoring.rules.banks.pages.words import ACTION_TONES, ACTION_WORDS, overturn_words, shortened_hash
from scoring.rules.banks.preview import MAX_HASHES, Preview, preview_matches
from scoring.rules.lists.errors import Problem
from scoring.rules.lists.models import ListImport
from scoring.rules.lists.pages.definition import clause_of
from scoring.rules.lists.pages.expiries import DAYS, DEFAULT_DAYS, until_of
from scoring.rules.lists.pages.one_list import counted, latest_imports
from scoring.rules.lists.pages.rows import EXPIRED, LIVE, MAX_COUNTED, REMOVED, STATES, person

MAX_TEXT_LENGTH = 300


@register_page
class BankPage(AdminPage):
    """A bank with its items, searched and filtered; POST takes `action`, a key of ACTIONS, or "preview"."""

    path, name, title = "banks/<str:bank_name>/", "bank", "Hash bank"
    permission = VIEW
    template_name = "banks/bank.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, now, user = bank_or_404(kwargs["bank_name"]), timezone.now(), self.request.user
        self.title = row.title
        overturns = overturns_of(row.name)
        typed = TypedItems(hashes=self.request.GET.get("hash", "")[:MAX_TEXT_LENGTH])
        return super().get_context_data(
            **{"typed": typed} | self._items(row, now=now) | kwargs,
            row=row,
            bits=HASH_BITS,
            action=ACTION_WORDS[row.action],
            tone=ACTION_TONES[row.action],
            counts=self._counts(row, now=now),
            overturns=overturns,
            overturned=overturn_words(overturns),
            matches=latest_matches(row.name, link=link_of_files(user)),
            changed_by=person(row.changed_by),
            days=DAYS,
            default_days=DEFAULT_DAYS,
            max_items=MAX_ITEMS,
            may_define=user.has_perm(DEFINE),
            may_add=user.has_perm(ADD) and not row.is_archived,
            may_change=user.has_perm(CHANGE) and not row.is_archived,
            may_import=user.has_perm(IMPORT) and not row.is_archived,
            me=actor_of(self.request),
            imports=latest_imports(row.name, ListImport.Into.BANK),
        )

    def _items(self, bank: Bank, *, now: datetime) -> dict[str, Any]:
        """The rows of the chosen state, or those that a search found, and where the next ones are."""
        asked = self.request.GET
        text = asked.get("q", "").strip()[:MAX_TEXT_LENGTH]
        state = asked.get("show", LIVE) if asked.get("show") in STATES else LIVE
        found = find_items(bank, text) if text else items_in_state(bank.name, state, now=now)
        if (before := asked.get("before", "")).isascii() and before.isdigit():
            found = found.filter(id__lt=int(before[:18]))
        rows = list(found.order_by("-id")[: ROWS + 1])
        lines = shown_items(rows[:ROWS], link=link_of_files(self.request.user), now=now)
        last = rows[ROWS - 1].pk if len(rows) > ROWS else 0
        more = {"show": state, **({"q": text} if text else {}), "before": last}
        return {
            "lines": lines,
            "selectable": self._selectable(lines, bank),
            "state": state,
            "text": text,
            "older": f"?{urlencode(more)}" if last else "",
            "newest": f"?{urlencode({'show': state})}" if before else "",
        }

    def _selectable(self, lines: Sequence[ItemRow], bank: Bank) -> bool:
        """Whether the user may change at least one of the rows."""
        user, me = self.request.user, actor_of(self.request)
        if bank.is_archived or not user.has_perm(ADD):
            return False
        in_bank = [line.row for line in lines if line.state != REMOVED]
        return any(user.has_perm(CHANGE) or row.added_by == me for row in in_bank)

    def _counts(self, bank: Bank, *, now: datetime) -> dict[str, int]:
        """How many items hold, expire soon, have expired and were removed; removed ones up to a limit."""
        expired = items_in_state(bank.name, EXPIRED, now=now).count()
        dated = BankItem.objects.filter(bank_name=bank.name, removed_version=None)
        soon = dated.filter(expires_at__gt=now, expires_at__lte=now + SOON).count()
        removed = items_in_state(bank.name, REMOVED, now=now)[:MAX_COUNTED].count()
        return {LIVE: bank.size - expired, "soon": soon, EXPIRED: expired, REMOVED: removed}

    def post(self, request: HttpRequest, bank_name: str) -> HttpResponse:
        asked = request.POST.get("action", "")
        if asked == "preview":
            self.require(ADD)
            return self._previewed(bank_or_404(bank_name))
        act = ACTIONS.get(asked)
        if act is None:
            raise BadRequest(f"unknown action; use preview, {', '.join(ACTIONS)}")
        permission, run = act
        self.require(permission)
        bank = bank_or_404(bank_name)
        try:
            messages.success(request, run(self, bank, timezone.now()))
        except BankArchived as error:
            messages.error(request, f"Nothing was changed: {error}.")
        except InvalidBankChange as error:
            return self._refused(bank, error)
        return redirect("admin:bank", bank_name=bank_name)

    def add(self, bank: Bank, now: datetime) -> str:
        typed = TypedItems.of(self.request.POST)
        items = typed.items(bank, now=now)
        added = add_items(
            bank=bank.name,
            items=items,
            actor=actor_of(self.request),
            now=now,
            replace=typed.replace,
            only_own=not self.request.user.has_perm(CHANGE),
        )
        noun = ("video", "s") if items[0].frames else ("hash", "es")
        parts = [f"{counted(added.added, *noun)} added"]
        if added.replaced:
            parts.append(f"{added.replaced:,} of them in place of earlier ones")
        if added.unchanged:
            parts.append(f"{added.unchanged:,} already in the bank")
        hold = " From the next event on they match." if added.added else ""
        return f"{', '.join(parts)}.{hold}"

    def remove(self, bank: Bank, now: datetime) -> str:
        removed = remove_items(
            bank=bank.name,
            ids=self._chosen(bank),
            reason=self.request.POST.get("reason", ""),
            actor=actor_of(self.request),
            now=now,
        )
        return f"{counted(removed, 'item')} removed. From the next event on they do not match."

    def extend(self, bank: Bank, now: datetime) -> str:
        post = self.request.POST
        try:
            until = until_of(post.get("days", ""), post.get("day", ""), now=now)
        except FieldError as error:
            raise InvalidBankChange(bank.name, [Problem("end", error.problem, error.allowed)]) from None
        changed = change_item_expiry(
            bank=bank.name, ids=self._chosen(bank), expires_at=until, actor=actor_of(self.request), now=now
        )
        end = f"until {zoned_text(until)}" if until else "without an end"
        return f"{counted(changed, 'item')} changed to hold {end}."

    def archive(self, bank: Bank, now: datetime) -> str:
        reason = self.request.POST.get("reason", "")
        archive_bank(name=bank.name, reason=reason, actor=actor_of(self.request), now=now)
        return "Hash bank archived. It matches nothing from the next event on, and keeps its items."

    def restore(self, bank: Bank, now: datetime) -> str:
        restore_bank(name=bank.name, actor=actor_of(self.request), now=now)
        return "Hash bank restored. Its items match again from the next event on."

    def _chosen(self, bank: Bank) -> list[int]:
        """The ids of the chosen rows; those of others only for users who may change any."""
        given = self.request.POST.getlist("row")
        ids = [int(each[:18]) for each in given if each.isascii() and each.isdigit()]
        if not ids:
            raise InvalidBankChange(bank.name, [Problem("hashes", "none is selected", "at least one")])
        others = BankItem.objects.filter(id__in=ids).exclude(added_by=actor_of(self.request))
        if not self.request.user.has_perm(CHANGE) and others.exists():
            raise PermissionDenied(CHANGE)
        return ids

    def _previewed(self, bank: Bank) -> HttpResponse:
        """The page again, with what the typed hashes would match among the files of the last 30 days."""
        typed, now = TypedItems.of(self.request.POST), timezone.now()
        try:
            hashes = hashes_to_compare(bank, typed.items(bank, now=now))
        except InvalidBankChange as error:
            return self._refused(bank, error)
        found = preview_matches(hashes, min_quality=bank.min_quality, distance=bank.distance, now=now)
        context = self.get_context_data(
            bank_name=bank.name,
            typed=typed,
            preview=found,
            compared=min(len(hashes), MAX_HASHES),
            left_out=max(0, len(hashes) - MAX_HASHES),
            near_files=_near_files(found, bank.distance, user=self.request.user),
        )
        return self.render_to_response(context)

    def _refused(self, bank: Bank, error: InvalidBankChange) -> HttpResponse:
        """The page again with what was typed and everything that is wrong with it."""
        asked = self.request.POST.get("action")
        context = self.get_context_data(
            bank_name=bank.name,
            typed=TypedItems.of(self.request.POST),
            problems=[(problem.field, clause_of(problem)) for problem in error.problems],
            refused="add" if asked == "preview" else asked,
        )
        return self.render_to_response(context, status=422)


def hashes_to_compare(bank: Bank, items: Sequence[NewItem]) -> list[str]:
    """The hashes of items; of a video those of frames of the bank's quality, spread over it."""
    frames = [frame.split(",") for item in items for frame in item.frames]
    good = [cells[0] for cells in frames if int(cells[1]) >= bank.min_quality]
    spread = [good[place] for place in spread_evenly(len(good), MAX_HASHES)] if good else []
    return [*spread, *(_parsed(bank, item.hash) for item in items if not item.frames)]


def _parsed(bank: Bank, text: str) -> str:
    try:
        return parse_hash(text)
    except FieldError as error:
        raise InvalidBankChange(bank.name, [Problem("hash", error.problem, error.allowed)]) from None


def _near_files(found: Preview, distance: int, *, user: AbstractUser | AnonymousUser) -> list[dict[str, Any]]:
    """The nearest files with their pages and blurred previews, and whether they are within the distance."""
    link, may_view = link_of_files(user), user.has_perm(VIEW_FILE)
    return [
        {
            "text": shortened_hash(each.media),
            "link": link(each.media),
            "blurred": reverse("admin:media_blurred", args=[each.media]) if may_view else "",
            "distance": each.distance,
            "matches": each.distance <= distance,
            "frames": each.frames,
            "of_hashes": each.match.of_one,
            "of_frames": each.match.of_other,
        }
        for each in found.nearest
    ]


ACTIONS: dict[str, tuple[str, Callable[[BankPage, Bank, datetime], str]]] = {
    "add": (ADD, BankPage.add),
    "remove": (ADD, BankPage.remove),
    "extend": (ADD, BankPage.extend),
    "archive": (DEFINE, BankPage.archive),
    "restore": (DEFINE, BankPage.restore),
}
