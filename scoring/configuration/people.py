"""Who applies a file by command: users of this installation, so that the log names people."""

from django.contrib.auth.models import User

from scoring.admin_kit.pages import MAX_ACTOR_LENGTH
from scoring.configuration.errors import SamePerson, UnknownPerson
from scoring.configuration.reading import read_document
from scoring.configuration.sections.registry import sections

APPLY = "scoring.apply_configuration"


def applying_actor(name: str) -> str:
    """The actor of a user who may apply configurations. Raises UnknownPerson."""
    return _actor(name, (APPLY,))


def approving_actor(name: str, *, actor: str, text: str) -> str:
    """The actor of a second person who may approve what the sections of a file need approval for.

    Raises UnknownPerson, SamePerson, and ConfigurationInvalid for a file that cannot be read.
    """
    data = read_document(text).data
    needed = [section.approval for section in sections() if section.approval and section.name in data]
    approver = _actor(name, tuple(needed))
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
