"""Pages that mask personal values and reveal them on request; each request is an entry of the log."""

from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from scoring.admin_kit.pages import AdminPage, actor_of
from scoring.admin_kit.personal.access import REVEAL, Asked, PersonalAccess, access_of
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.log.retry import append_retrying

REVEALED: Final = "personal.revealed"  # on request
VIEWED: Final = "personal.viewed"  # by a user who need not ask
EXPORTED: Final = "personal.exported"  # all of a list, by such a user
PARAMETER = "reveal"  # of a POST: digests of values, or "all"
MAX_REASON_LENGTH = 200  # characters


class PersonalPage(AdminPage):
    """A page with personal values, which it shows as `self.personal` says.

    A POST with `reveal` (and optionally `reveal_reason`) is answered by the page with these values in clear;
    the next look at it has masks again.
    """

    def respond(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if PARAMETER not in request.POST:
            return super().respond(request, *args, **kwargs)
        self.require(REVEAL)
        return self.get(request, *args, **kwargs)

    @cached_property
    def personal(self) -> PersonalAccess:
        """The access of the signed-in user to the page's values."""
        return access_of(self.request.user, frozenset(self.request.POST.getlist(PARAMETER)))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            personal_access=self.personal, max_reveal_reason=MAX_REASON_LENGTH, **kwargs
        )

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """The page; what it shows in clear is recorded first."""
        access = self.personal
        if access.revealed:
            record_access(
                VIEWED if access.sees_all else REVEALED,
                request=self.request,
                what={"page": self.name, **self._subject()},
                values=access.revealed,
                reason=self.request.POST.get("reveal_reason", ""),
                now=timezone.now(),
            )
        return super().render_to_response(context, **kwargs)

    def _subject(self) -> dict[str, Any]:
        """What the page is about, as its address names it: the position of an event, the name of a list."""
        return {name: value for name, value in self.kwargs.items() if name != "value"}


def record_access(
    entry_type: str,
    *,
    request: HttpRequest,
    what: dict[str, Any],
    now: datetime,
    values: Collection[Asked] = (),
    reason: str = "",
) -> None:
    """Append that the signed-in user saw values in clear: by name and digest, never the value itself."""
    stream, metadata = f"personal_access/{request.user.pk}", {"actor": actor_of(request)}
    named = [each._asdict() for each in sorted(values)]
    data = {**what, "values": named, "reason": " ".join(reason.split())[:MAX_REASON_LENGTH]}

    def step() -> None:
        append([NewEntry(stream, last_version(stream), entry_type, data, metadata=metadata)], now=now)

    append_retrying(step)
