"""How much of personal values a user sees: nothing, masks and what they ask for, or everything."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from django.contrib.auth.models import AbstractUser, AnonymousUser

from scoring.admin_kit.personal.masks import field_of_kind, mask
from scoring.catalog.fields import Field

REVEAL: Final = "reviews.work_case"  # the permission to see masks, and to ask for a value
SEE: Final = "reviews.see_personal"  # the permission to see values without asking
HIDDEN, ERASED = "hidden", "erased"
ALL: Final = "all"


class Asked(NamedTuple):
    """A personal value that a page has: what it is, and the digest that stands for it in the log."""

    name: str
    digest: str


@dataclass(frozen=True)
class PersonalAccess:
    """The access of one user on one page, which notes what the page masks and what it reveals.

    `may_read`: whether the user may know that there is a value and search for it. `sees_all`: values are not
    masked. `asked`: the digests of the values to reveal, or `ALL`.
    """

    may_read: bool
    sees_all: bool = False
    asked: Collection[str] = ()
    masked: set[Asked] = field(default_factory=set)
    revealed: set[Asked] = field(default_factory=set)

    def _shows(self, name: str, digest: str) -> bool:
        is_masked = self.masks(digest)
        (self.masked if is_masked else self.revealed).add(Asked(name, digest))
        return not is_masked

    def masks(self, digest: str) -> bool:
        """Whether the page masks the value behind `digest`, so that it can be asked for."""
        return self.may_read and not self.sees_all and digest not in self.asked and ALL not in self.asked

    def words(self, value: str, field: Field | None, *, name: str, digest: str) -> str:
        """A personal value as the page shows it, its mask, or why there is neither. `value`: "" if erased."""
        if not self.may_read:
            return HIDDEN
        if not value:
            return ERASED
        return value if self._shows(name, digest) else mask(field, value)

    def words_of_kind(self, value: str, kind: str, *, digest: str) -> str:
        """`words` of an entity's value."""
        return self.words(value, field_of_kind(kind), name=kind, digest=digest)


def access_of(user: AbstractUser | AnonymousUser, asked: Collection[str] = ()) -> PersonalAccess:
    """The access of `user`; `asked` counts only with the permission to ask."""
    sees_all = user.has_perm(SEE)
    return PersonalAccess(may_read=sees_all or user.has_perm(REVEAL), sees_all=sees_all, asked=asked)
