"""Prepares cells for the field parsers: detects missing values and normalizes numbers."""

from collections.abc import Callable
from typing import Any

from scoring.catalog.client_fields import UserAgent
from scoring.catalog.fields import Category, Entity, Field, Money, Number, Text
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.ingest.rows.columns import inexact, raw_value
from scoring.ingest.values.missing import MissingWords

Read = Callable[[Any], Any]


class CellReader:
    """Reads the cells of one file."""

    def __init__(self, mapping: ColumnMapping) -> None:
        self.missing = MissingWords(mapping.missing, usual=mapping.usual_missing)
        self._numerals = mapping.numerals

    def reading(self, field: Field) -> Read:
        """A function that prepares a raw value for the field's `parse`; it returns None for a missing value.

        It raises FieldError for a number not in the file's number format, and for an id that has lost digits.
        """
        free_text = isinstance(field, (Text, UserAgent))
        is_name = isinstance(field, (Entity, Category))
        has_numerals = isinstance(field, (Money, Number)) and not self._numerals.are_plain

        def read(raw: Any) -> Any:
            if self.missing.is_missing(raw, free_text=free_text):
                return None
            if is_name and (problem := inexact(raw)):
                raise problem
            return raw_value(
                field, self._numerals.read(raw) if has_numerals and isinstance(raw, str) else raw
            )

        return read

    def parsing(self, field: Field) -> Read:
        """A function that gives the canonical value, or None if it is missing. It raises FieldError."""
        return self.then(self.reading(field), field.parse)

    def then(self, read: Read, parse: Read) -> Read:
        """A function that applies `read`, then `parse` unless the value is missing."""

        def parsed(raw: Any) -> Any:
            cell = read(raw)
            return None if cell is None else parse(cell)

        return parsed

    def text(self, raw: Any) -> Any:
        """A cell that is not a field; None if it is missing."""
        return None if self.missing.is_missing(raw) else raw
