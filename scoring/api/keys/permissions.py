"""Permissions by scope: every view names the scope that each of its methods needs."""

from typing import TYPE_CHECKING, cast

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from scoring.api.keys.errors import MissingScope
from scoring.api.keys.issue import Sender

if TYPE_CHECKING:  # rest_framework.views itself imports this module, which the settings name
    from rest_framework.views import APIView


def sender_of(request: Request) -> Sender:
    """The sender of a request that `HasScope` has permitted."""
    return cast(Sender, request.user)


class HasScope(BasePermission):
    """Permits senders whose key has `view.scopes[method]`; methods without a scope are not allowed."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        sender = request.user
        if not isinstance(sender, Sender):
            return False
        scope = getattr(view, "scopes", {}).get(str(request.method).replace("HEAD", "GET"))
        if scope is None:
            raise MethodNotAllowed(str(request.method))
        if scope not in sender.scopes:
            raise MissingScope(scope=scope, held=sorted(sender.scopes))
        return True
