"""Who may change lists. An allow list overrides rules and model, so that it takes a permission of its own."""

from django.contrib.auth.models import AbstractUser, AnonymousUser

from scoring.rules.lists.models import ValueList

VIEW, DEFINE = "scoring.view_valuelist", "scoring.change_valuelist"
ADD, CHANGE, IMPORT = "scoring.add_listedvalue", "scoring.change_listedvalue", "scoring.import_listedvalue"
ALLOW = "scoring.allow_listedvalue"


def needed_for(permission: str, action: str) -> tuple[str, ...]:
    """The permissions that a change needs on a list with this action, given the one that it needs on any."""
    return (permission, ALLOW) if action == ValueList.Action.ALLOW else (permission,)


def may(user: AbstractUser | AnonymousUser, permission: str, action: str) -> bool:
    """Whether the user may make a change that needs this permission, on a list with this action."""
    return user.has_perms(needed_for(permission, action))
