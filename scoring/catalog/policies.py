"""Policies of an event type, and the words in which reviewers judge its events."""

import re
import string
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.catalog.errors import FieldError

MAX_POLICY_LENGTH = 40  # characters
MAX_CODE_LENGTH = 40  # characters; the length of the column
TERMS, LAW = "terms", "law"
# Keys of the case page, which no verdict can have; those of actions only on types with policies.
PAGE_KEYS, ACTION_KEYS = frozenset("abcdeghijknopqrstuz"), ("x", "m", "w", "y")


class ReasonCode(NamedTuple):
    """Why a reviewer decided so, in a form that can be counted, and in words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How a label is called as a verdict, the key that chooses it, and the reasons as they are offered.

    `outcome`: what the verdict means for the event, an outcome of its type; "" if it only labels the event.
    Of types with policies the reviewer chooses it.
    """

    title: str
    key: str
    reasons: tuple[ReasonCode, ...] = ()
    outcome: str = ""


def verdicts_problem(
    verdicts: Mapping[str, VerdictWords],
    labels: Sequence[str],
    *,
    outcomes: Sequence[str] = (),
    policed: bool = False,
) -> str:
    """Why these words for verdicts cannot be declared; "" if they can. `policed`: the type has policies.

    >>> verdicts_problem({"spam": VerdictWords("Spam", "v")}, ("spam", "fine"))
    ''
    >>> verdicts_problem({"ham": VerdictWords("Ham", "v")}, ("spam", "fine"))
    'has words for ham, which is not a label (spam, fine)'
    """
    for label, words in verdicts.items():
        if label not in labels:
            return f"has words for {label}, which is not a label ({', '.join(labels)})"
        if problem := _words_problem(words, outcomes=outcomes, policed=policed):
            return f"gives {label} {problem}"
    keys = [words.key for words in verdicts.values()]
    return "gives two labels the same key" if len(set(keys)) < len(keys) else ""


def _words_problem(words: VerdictWords, *, outcomes: Sequence[str], policed: bool) -> str:
    """What is wrong with the words for one label, as the end of a sentence; "" if nothing is."""
    if not words.title.strip():
        return "no title"
    if len(words.key) != 1 or not words.key.islower():
        return f"the key {words.key!r}; a key is one lower-case letter"
    taken = PAGE_KEYS | set(ACTION_KEYS if policed else ())
    if words.key in taken:
        free = ", ".join(each for each in string.ascii_lowercase if each not in taken)
        return f"the key {words.key!r}, which the case page uses; free are {free}"
    if words.outcome and policed:
        return f"the outcome {words.outcome!r}; of types with policies the reviewer chooses it"
    if words.outcome and (words.outcome not in outcomes or words.outcome == "review"):
        allowed = ", ".join(each for each in outcomes if each != "review")
        return f"the outcome {words.outcome!r}; use one of {allowed}"
    return codes_problem(words.reasons)


def codes_problem(reasons: Sequence[ReasonCode]) -> str:
    """Why these reason codes cannot be declared; "" if they can."""
    for code, _ in reasons:
        if not code.isidentifier() or len(code) > MAX_CODE_LENGTH:
            return f"the reason {code!r}; a code is an identifier of at most {MAX_CODE_LENGTH} characters"
    codes = [code for code, _ in reasons]
    return "a reason twice" if len(set(codes)) < len(codes) else ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that an event may break: spam, harassment, ...

    `reason_codes`: why a reviewer says so. `queue`: the reviewers' queue of its cases, its own name if empty.
    `sensitive`: what breaks it may harm those who look at it. `ground`: whether it follows from the terms of
    service or from the law, and `reference` where it stands there; statements of reasons quote both.
    """

    name: str
    title: str = ""
    description: str = ""
    reason_codes: tuple[ReasonCode, ...] = ()
    queue: str = ""
    sensitive: bool = False
    ground: str = TERMS
    reference: str = ""


def policies_problem(policies: Sequence[Policy]) -> str:
    """Why these policies cannot be declared; "" if they can.

    >>> policies_problem((Policy("spam"), Policy("spam")))
    'names a policy twice'
    """
    for policy in policies:
        if not policy.name.isidentifier() or len(policy.name) > MAX_POLICY_LENGTH:
            return (
                f"names {policy.name!r}; a policy is an identifier of at most {MAX_POLICY_LENGTH} characters"
            )
        if policy.ground not in (TERMS, LAW):
            return f"gives {policy.name} the ground {policy.ground!r}; use {TERMS} or {LAW}"
        if problem := codes_problem(policy.reason_codes):
            return f"gives {policy.name} {problem}"
    names = [policy.name for policy in policies]
    return "names a policy twice" if len(set(names)) < len(names) else ""


def names_of(policies: Iterable[Policy]) -> tuple[str, ...]:
    """The names, in the order of the declaration."""
    return tuple(policy.name for policy in policies)


def titles_of(policies: Iterable[Policy]) -> dict[str, str]:
    """How people call each policy, by name.

    >>> titles_of((Policy("self_harm"), Policy("hate", title="Hate speech")))
    {'self_harm': 'Self harm', 'hate': 'Hate speech'}
    """
    return {each.name: each.title or each.name.replace("_", " ").capitalize() for each in policies}


def split_names(cell: str) -> list[str]:
    """The policies in a cell of a file, separated by commas, semicolons, bars or blanks.

    >>> split_names("spam; scam")
    ['spam', 'scam']
    """
    return re.findall(r"[^\s,;|]+", cell)


def parse_policies(raw: object, *, known: Collection[str]) -> tuple[str, ...]:
    """The policies that a label names, sorted and each once; () for null. Raises FieldError.

    >>> parse_policies(["spam", "scam", "spam"], known=("spam", "scam"))
    ('scam', 'spam')
    """
    if raw is None:
        return ()
    allowed = list(known) or "none: the event type has no policies"
    if not isinstance(raw, (list, tuple)) or not all(isinstance(name, str) for name in raw):
        raise FieldError("must be a list of policies", allowed)
    if unknown := [name for name in raw if name not in known]:
        raise FieldError(f"names {unknown[0][:MAX_POLICY_LENGTH]!r}, which is not a policy", allowed)
    return tuple(sorted(set(raw)))
