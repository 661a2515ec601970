"""What declarations need to know of an event type's fields."""

from typing import Protocol

# Classes of `scoring.catalog.fields` by name, as messages name them.
FieldTypes = tuple[str, ...]
NUMERIC: FieldTypes = ("Money", "Number", "Flag")
HASHED: FieldTypes = ("Entity", "Category", "Text")


class NamedField(Protocol):
    """A field of an event type. Its name is known only once the class body is done."""

    name: str

    @property
    def kind(self) -> str:
        """What its values identify."""
        ...

    @property
    def value_unit(self) -> str:
        """What its values are counted in: "money", "flag", "category", "number", or a unit of its own."""
        ...
