"""Why a person changes something, as entries of the log hold it."""

from scoring.catalog.parsing.card_numbers import mask_card_numbers

MAX_REASON_LENGTH = 500  # characters


def clean_reason(reason: str) -> str:
    """A reason in stored form: without the digits of card numbers, and not too long.

    >>> clean_reason(" used  4111 1111 1111 1111 ")
    'used ************1111'
    """
    return mask_card_numbers(" ".join(reason.split()))[:MAX_REASON_LENGTH]
