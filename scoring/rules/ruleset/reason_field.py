"""The form field for why a person changes something."""

from typing import Any

from django import forms

from scoring.catalog.parsing.reasons import MAX_REASON_LENGTH


class ReasonField(forms.CharField):
    """A required reason, as long as entries hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "label": "Reason",
                "max_length": MAX_REASON_LENGTH,
                "help_text": "Why you change this; it is recorded with your name.",
                "widget": forms.TextInput(attrs={"autocomplete": "off"}),
                **kwargs,
            }
        )
