"""Admin pages of the limits of groups: all groups, and one of them with its form and history."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from config.people.limits.changing import change_limits, in_row
from config.people.limits.forms import LimitsForm
from config.people.limits.words import limits_text
from scoring.admin_kit.pages import AdminPage, actor_of, register_page
from scoring.admin_kit.row_rules.limits import Limits
from scoring.admin_kit.row_rules.models import GroupLimits
from scoring.admin_kit.row_rules.visible import has_limits
from scoring.errors import ScoringError
from scoring.log.read import read_stream

LOOK, SET = "auth.view_group", "auth.change_group"
MAX_SHOWN = 30


@register_page
class GroupLimitsPage(AdminPage):
    """Every group, with what its members see and may use."""

    path, name, title = "group-limits/", "group_limits", "Limits of groups"
    subtitle = "Which event types the members of a group see, and which labels they may use"
    permission = LOOK
    template_name = "limits/groups.html"
    needs_all_types = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        stored = GroupLimits.objects.in_bulk()
        rows = [
            {
                "group": group,
                "stored": stored.get(group.pk),
                "text": limits_text(in_row(stored.get(group.pk))),
            }
            for group in Group.objects.order_by("name")
        ]
        return super().get_context_data(rows=rows, **kwargs)


@register_page
class LimitsOfGroupPage(AdminPage):
    """The limits of a group. POST changes them."""

    path, name, title = "group-limits/<int:group>/", "limits_of_group", "Limits"
    permission = LOOK
    template_name = "limits/group.html"
    needs_all_types = True

    @property
    def group(self) -> Group:
        """The group of the address. Raises Http404."""
        return get_object_or_404(Group, pk=self.kwargs["group"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        group = self.group
        stored = GroupLimits.objects.filter(pk=group.pk).first()
        self.title = f"Limits of the group {group.name}"
        kwargs.setdefault("form", LimitsForm.showing(in_row(stored)))
        return super().get_context_data(
            **{**kwargs, "group": group},
            stored=stored,
            text=limits_text(in_row(stored)),
            may_set=may_set(self.request.user, group),
            history=_history(group),
        )

    def post(self, request: HttpRequest, group: int) -> HttpResponse:
        self.require(SET)
        found = self.group
        if not may_set(request.user, found):
            raise PermissionDenied("you have limits, or the group has permissions that you lack")
        form = LimitsForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        given: dict[str, Any] = {"reason": form.cleaned_data["reason"], "actor": actor_of(request)}
        try:
            change_limits(found, form.limits(), **given, now=timezone.now())
        except ScoringError as error:
            form.add_error(None, f"Nothing changed: {error}.")
            return self.render_to_response(self.get_context_data(form=form))
        messages.success(request, f"The limits of {found.name} hold from its members' next request on.")
        return redirect("admin:limits_of_group", found.pk)


def may_set(user: Any, group: Group) -> bool:
    """Whether a user may change the limits of a group: like the group itself, if they hold all it grants.

    Those with limits may not, for they could lift their own.
    """
    if not user.has_perm(SET) or has_limits(user):
        return False
    granted = Permission.objects.filter(group=group).select_related("content_type")
    names = {f"{each.content_type.app_label}.{each.codename}" for each in granted}
    return user.is_superuser or names <= user.get_all_permissions()


def _history(group: Group) -> list[dict[str, Any]]:
    """The latest changes, newest first, each with the limits in words."""
    entries = read_stream(f"group_limits/{group.pk}")
    return [
        {
            "text": limits_text(Limits.of(entry.data["event_types"], entry.data["labels"])),
            "reason": entry.data["reason"],
            "actor": entry.metadata.get("actor", ""),
            "at": entry.recorded_at,
        }
        for entry in reversed(entries[-MAX_SHOWN:])
    ]
