"""What the declarations name: the parts of a feature, and the entity whose history it reads."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring import declare
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Category, Entity, Field, Money

Names = tuple[str, ...]


@dataclass(frozen=True)
class Subject:
    """The history that a feature reads: kind, identifying fields of the event, and what it counts."""

    kinds: Names
    own: Names
    of: str
    role: Names


class Declarations:
    """The event types of a lane with their features."""

    def __init__(self, members: Sequence[type[EventType]]) -> None:
        self.members = {member.name: member for member in members}
        self.features = {
            member.name: list(declare.iter_features(member.features, member.origin)) for member in members
        }
        self.kinds = {kinds for name in self.members for kinds in self._declared_kinds(name)}

    def _declared_kinds(self, name: str) -> list[Names]:
        """The kinds of everything an event type's features read."""
        found = []
        for feature in self.features[name]:
            for part in parts(feature):
                if isinstance(part, declare.OnEntity):
                    found.append(self.subject(name, part).kinds)
                if (
                    isinstance(part, declare.FieldValue)
                    and isinstance(part.field, Money)
                    and part is plain(feature)
                ):
                    found.append((self.first_entity(name).kind,))
        return found

    def first_entity(self, name: str) -> Entity:
        return next(f for f in self.members[name].fields.values() if isinstance(f, Entity))

    def subject(self, name: str, feature: declare.OnEntity) -> Subject:
        """The own fields of a feature, in order of their kind and then of the fields that events counted have
        them in.
        """
        of = feature.of or name
        fields = self.members[of].fields
        found = []
        for at, key in enumerate(feature.keys):
            if feature.role:
                role = feature.role_names[at]
            elif of == name:
                role = key.name
            else:
                (role,) = [other for other, declared in fields.items() if kind_of(declared) == key.kind]
            found.append((key.kind, list(fields).index(role), key.name, role))
        kinds, _, own, role = zip(*sorted(found), strict=True)
        return Subject(kinds, own, of, role)


def plain(feature: declare.Expression) -> declare.Expression:
    return feature.inner if isinstance(feature, declare.Named) else feature


def parts(feature: declare.Expression) -> list[declare.Expression]:
    if isinstance(feature, declare.Named):
        return parts(feature.inner)
    if isinstance(feature, declare.Arithmetic):
        return [feature, *parts(feature.left), *parts(feature.right)]
    return [feature]


def kind_of(declared: Field) -> str:
    return declared.kind if isinstance(declared, (Entity, Category)) else ""
