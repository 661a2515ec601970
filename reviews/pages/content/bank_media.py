"""Adds a picture or video to a hash bank, from the case of the event that names it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from reviews.pages.list_values import back_to
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.content.media.models import MediaItem
from scoring.rules.banks.changing.adding import add_items
from scoring.rules.banks.changing.defining import find_open_bank
from scoring.rules.banks.changing.items import NewItem
from scoring.rules.banks.changing.uploads import items_of_upload
from scoring.rules.banks.errors import BankArchived, InvalidBankChange, UnknownBank
from scoring.rules.banks.pages.permissions import ADD


@register_page
class BankMediaPage(AdminPage):
    """POST adds the file `media` to `bank` for `reason`; then `back`."""

    path, name, title = "cases/bank/", "bank_media", "Add to a hash bank"
    permission = ADD

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return redirect("admin:queue")

    def post(self, request: HttpRequest) -> HttpResponse:
        item = MediaItem.objects.filter(pk=request.POST.get("media", "")).first()
        if item is None:
            raise Http404("no such file was uploaded")
        try:
            done = self._add(item, now=timezone.now())
        except (UnknownBank, BankArchived, InvalidBankChange) as error:
            messages.error(request, f"Not added: {error}.")
        else:
            messages.success(request, done)
        return redirect(back_to(request))

    def _add(self, item: MediaItem, *, now: datetime) -> str:
        """Add the hashes, and say so."""
        bank = find_open_bank(self.request.POST.get("bank", ""))
        reason = self.request.POST.get("reason", "")
        like = NewItem("", source="review", reason=reason)
        new = items_of_upload(item, like, min_quality=bank.min_quality)
        if not new:
            return f"Nothing was added: no picture of the file has the quality of {bank.title}."
        added = add_items(bank=bank.name, items=new, actor=actor_of(self.request), now=now)
        if new[0].frames:
            there = "The video is in" if added.unchanged else "The video was added to"
            return f"{there} {bank.title}{' already' if added.unchanged else ''}."
        there = f" {added.unchanged} were there already." if added.unchanged else ""
        return f"{added.added} hash{'' if added.added == 1 else 'es'} added to {bank.title}.{there}"
