"""Who applies a file by command: users of this installation, so that the log names people."""

from django.contrib.auth.models import User

from scoring.admin_kit.pages import MAX_ACTOR_LENGTH
from scoring.configuration.errors import SamePerson, UnknownPerson

APPLY = "scoring.apply_configuration"
ACTIVATE = ("scoring.activate_rule", "scoring.activate_policy")


def applying_actor(name: str) -> str:
    """The actor of a user who may apply configurations. Raises UnknownPerson."""
    return _actor(name, (APPLY,))


def approving_actor(name: str, *, actor: str) -> str:
    """The actor of a second person who may activate rules and policies. Raises UnknownPerson, SamePerson."""
    approver = _actor(name, ACTIVATE)
    if approver == actor:
        raise SamePerson(name)
    return approver


def _actor(name: str, permissions: tuple[str, ...]) -> str:
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise UnknownPerson(name, "is not an active user of this installation")
    lacking = [each for each in permissions if not user.has_perm(each)]
    if lacking:
        raise UnknownPerson(name, f"lacks the permission {', '.join(lacking)}")
    return f"user/{user.get_username()}"[:MAX_ACTOR_LENGTH]
