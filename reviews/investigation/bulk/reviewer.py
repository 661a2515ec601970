"""Who acts: the user's name, and what the user may decide."""

from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, AnonymousUser

from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.admin_kit.row_rules.visible import limits_of

BULK_ACT, UNDO_ANY = "reviews.bulk_act", "reviews.undo_verdict"


class Reviewer(NamedTuple):
    """A user with what `close_case` and `undo_verdict` ask about them."""

    name: str
    escalations: bool = False
    adjudications: bool = False
    confirmations: bool = False
    may_undo_any: bool = False
    limits: Limits = UNLIMITED

    @property
    def actor(self) -> str:
        return f"user/{self.name}"

    @property
    def decides(self) -> dict[str, bool]:
        """What kinds of cases the reviewer may decide, as keywords."""
        return {
            "escalations": self.escalations,
            "adjudications": self.adjudications,
            "confirmations": self.confirmations,
        }


def reviewer_of(user: AbstractUser | AnonymousUser) -> Reviewer:
    """A user with their permissions as they are now."""
    return Reviewer(
        user.get_username(),
        escalations=user.has_perm("reviews.decide_escalation"),
        adjudications=user.has_perm("reviews.adjudicate_case"),
        confirmations=user.has_perm("reviews.confirm_verdict"),
        may_undo_any=user.has_perm(UNDO_ANY),
        limits=limits_of(user),
    )


def reviewer_named(actor: str) -> Reviewer:
    """The reviewer behind the actor of an entry; without any permission if the user is gone or inactive."""
    name = actor.removeprefix("user/")
    user = get_user_model()._default_manager.filter(username=name).first()
    return reviewer_of(user) if user is not None else Reviewer(name)
