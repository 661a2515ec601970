"""A model card as a file: Markdown or JSON."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from scoring.learning.cards.card import CardSection, ModelCard

FORMATS = {"markdown": ("md", "text/markdown; charset=utf-8"), "json": ("json", "application/json")}


def card_text(card: ModelCard, form: str) -> str:
    """The card as "markdown" or "json", with a newline at the end."""
    return card_json(card) if form == "json" else card_markdown(card)


def card_json(card: ModelCard) -> str:
    """All parts of the card; metrics also as numbers."""
    return orjson.dumps(asdict(card), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def card_markdown(card: ModelCard) -> str:
    """A heading for each section, with its sentences, its facts as a list, and its table."""
    head = f"# Model card: {escaped(card.model)}\n\nAs of {card.issued_at:%Y-%m-%d %H:%M} UTC.\n"
    return "\n".join([head, *(_section(section) for section in card.sections)])


def _section(section: CardSection) -> str:
    parts = [f"## {section.title}", " ".join(map(escaped, section.sentences))]
    parts.append("\n".join(f"- **{escaped(name)}**: {escaped(value)}" for name, value in section.facts))
    if section.columns:
        rows = [section.columns, ["---"] * len(section.columns)]
        parts.append(
            "\n".join(_row(cells) for cells in rows) + "".join(f"\n{_row(r, True)}" for r in section.rows)
        )
    return "\n\n".join(filter(None, parts)) + "\n"


def _row(cells: Sequence[str], escape: bool = False) -> str:
    return "| " + " | ".join(escaped(cell) if escape else cell for cell in cells) + " |"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: notes and names may hold any character.

    >>> escaped("a|b [x](y)")
    'a\\\\|b \\\\[x\\\\](y)'
    """
    one_line = " ".join(text.split("\n"))
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in one_line)
