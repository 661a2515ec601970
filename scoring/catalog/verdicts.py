"""The words in which reviewers judge events of a type: verdicts, keys and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_CODE_LENGTH = 40  # characters; the length of the column


class ReasonCode(NamedTuple):
    """Why a reviewer decided so, in a form that can be counted, and in words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a label is called as a verdict, the key that chooses it, and the reasons that support it."""

    title: str
    key: str
    reasons: tuple[ReasonCode, ...] = ()


def verdicts_problem(verdicts: Mapping[str, VerdictWords], labels: Sequence[str]) -> str:
    """Why these words for verdicts cannot be declared; "" if they can.

    >>> verdicts_problem({"spam": VerdictWords("Spam", "v")}, ("spam", "fine"))
    ''
    >>> verdicts_problem({"ham": VerdictWords("Ham", "v")}, ("spam", "fine"))
    'has words for ham, which is not a label (spam, fine)'
    """
    for label, words in verdicts.items():
        if label not in labels:
            return f"has words for {label}, which is not a label ({', '.join(labels)})"
        if len(words.key) != 1 or not words.key.islower():
            return f"gives {label} the key {words.key!r}; a key is one lower-case letter"
        if problem := codes_problem(words.reasons):
            return f"has {problem}"
    keys = [words.key for words in verdicts.values()]
    return "gives two labels the same key" if len(set(keys)) < len(keys) else ""


def codes_problem(reasons: Sequence[ReasonCode]) -> str:
    """Why these reason codes cannot be declared; "" if they can."""
    for code, _ in reasons:
        if not code.isidentifier() or len(code) > MAX_CODE_LENGTH:
            return f"the reason {code!r}; a code is an identifier of at most {MAX_CODE_LENGTH} characters"
    codes = [code for code, _ in reasons]
    return "a reason twice" if len(set(codes)) < len(codes) else ""
