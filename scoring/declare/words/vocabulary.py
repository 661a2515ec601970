"""All words of an entity or a pair, and its roles: `card.amount.mean(over="24h")`, `sender.as_(receiver)`."""

from scoring.declare.expression import check_field
from scoring.declare.origin import Origin
from scoring.declare.protocols.fields import NamedField
from scoring.declare.words.distinct import DistinctWords
from scoring.declare.words.labels import LabelWords
from scoring.declare.words.last_values import LastValueWords
from scoring.declare.words.recency import RecencyWords
from scoring.declare.words.sessions import SessionWords
from scoring.declare.words.windows import WindowWords

Keys = tuple[NamedField, ...]
Role = tuple[NamedField | str, ...]


class EntityVocabulary(SessionWords, RecencyWords, LastValueWords, LabelWords, DistinctWords, WindowWords):
    """The words of an entity, or of a pair of them."""

    def as_(self, *fields: NamedField | str, says: str = "") -> "InRole":
        """The same entities in other fields of the counted events: `sender.as_(receiver)`.

        With `of=`, name the fields of that event type: `account.as_("receiver")`. `says`: how reasons name
        those events: "received by this sender".
        """
        keys = self.keys()
        if self._role:
            raise Origin.here().error("as_() can be used once, on an entity or a pair")
        if len(fields) != len(keys):
            raise Origin.here().error(
                f"as_() takes one field for each entity: {len(keys)} here, not {len(fields)}"
            )
        for named in fields:
            if not isinstance(named, str):
                check_field(named)
        return InRole(keys, fields, says)


class InRole(EntityVocabulary):
    """Entities in a role: in named fields of the counted events."""

    def __init__(self, keys: Keys, role: Role, wording: str) -> None:
        self._keys, self._role, self._wording = keys, role, wording

    def keys(self) -> Keys:
        return self._keys

    def role(self) -> Role:
        return self._role


class Pair(EntityVocabulary):
    """Two entities (or an entity and a category) as an entity of its own."""

    def __init__(self, first: NamedField, second: NamedField) -> None:
        self._fields = (first, second)

    def keys(self) -> Keys:
        return self._fields


def pair(first: NamedField, second: NamedField) -> Pair:
    for field in (first, second):
        if isinstance(field, (InRole, Pair)):
            raise Origin.here().error("pair() takes two fields; as_() comes after it: pair(a, b).as_(c, d)")
        check_field(field)
    return Pair(first, second)
