"""Fields of an event type as declarations know them."""

from typing import Protocol

# Names of field classes in `scoring.catalog.fields`, as messages show them.
FieldTypes = tuple[str, ...]
NUMERIC: FieldTypes = ("Money", "Number", "Flag")
HASHED: FieldTypes = ("Entity", "Category", "Text", "UserAgent")


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
