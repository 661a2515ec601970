"""CEL's messages in the language's own words, at the places of the text as it was written."""

import re

from scoring.rules.expressions.errors import MAX_NAME_SHOWN, Problem
from scoring.rules.expressions.language import MAX_DEPTH
from scoring.rules.expressions.rewriting import Rewritten
from scoring.rules.expressions.tokens import SourceText

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*?)(?=\n|\s*\[[A-Z_]+\]\s*$)")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<function>[^']+)' applied to '\((?P<types>.*)\)'")
_UNEXPECTED = re.compile(r"(?:mismatched|extraneous|no viable alternative at) input '(?P<token>.*?)'")
_TYPES = {"double": "a number", "string": "a text", "bool": "a flag", "list": "a list"}
_PLURALS = {"double": "numbers", "string": "texts", "bool": "flags"}
_ALLOWED = {
    "_&&_": "conditions on both sides, such as `amount > 5`",
    "_||_": "conditions on both sides, such as `amount > 5`",
    "!_": "a condition in brackets, such as `!(amount > 5)`",
    "_?_:_": "`condition ? value : value of the same type`",
    "@in": '`name in ["a", "b"]`, with values of the name\'s type',
    "_+_": "two numbers, or two texts",
    "_-_": "two numbers",
    "_*_": "two numbers",
    "_/_": "two numbers",
    "-_": "a number",
}
NOT_PARSED = "<<nil>>"  # follows from another error, which says where and why
_TOO_DEEP = "recursion"
_DEPTH_ALLOWED = (
    f"at most {MAX_DEPTH} brackets in each other, or 25 sums in a row; divide it into several rules"
)


def problems_of(error: str, rewritten: Rewritten, source: SourceText) -> list[Problem]:
    """The problems that CEL's message lists; the message as it is if it lists none."""
    found = []
    for line, column, message in _ERROR.findall(error):
        if NOT_PARSED in message:
            continue
        offset = max(SourceText(rewritten.text).offset(int(line), int(column)), 0)
        place = source.place(rewritten.source_offset(offset)) if int(line) > 0 else (1, 1)
        found.append(Problem(*place, *_worded(message)))
    return list(dict.fromkeys(found)) or [Problem(1, 1, *_worded(error))]


def _worded(message: str) -> tuple[str, str]:
    if found := _OVERLOAD.search(message):
        return _overload(found["function"], found["types"])
    if "<EOF>" in message and "mismatched input '<EOF>'" in message:
        return "The expression ends too early.", "a value after the last operator"
    if found := _UNEXPECTED.search(message):
        return f"`{_as_written(found['token'])}` is not expected here.", "an operator between two values"
    if _TOO_DEEP in message:
        return "The expression is nested too deeply.", _DEPTH_ALLOWED
    if "token recognition error" in message:
        return (
            "This text has an escape that is not known.",
            '`\\\\` for a backslash, or a raw text: `r"\\d+"`',
        )
    text = message.removeprefix("Syntax error: ").strip()
    return f"{text[:1].upper()}{text[1:200]}.", ""


def _overload(function: str, types: str) -> tuple[str, str]:
    given = [type_in_words(each) for each in types.split(", ")]
    name = "in" if function == "@in" else function.strip("_").replace("_", " ")
    allowed = _ALLOWED.get(function, "two values of the same type" if function.startswith("_") else "")
    return f"`{name}` does not take {' and '.join(given)}.", allowed


def type_in_words(name: str) -> str:
    """A type of CEL as the documentation names it.

    >>> type_in_words("double"), type_in_words("list(string)")
    ('a number', 'a list of texts')
    """
    outer, _, inner = name.lower().partition("(")
    if outer == "list" and inner.removesuffix(")") in _PLURALS:
        return f"a list of {_PLURALS[inner.removesuffix(')')]}"
    return _TYPES.get(outer, outer)


def _as_written(token: str) -> str:
    """A token as the analyst wrote it: without the prefix of variables."""
    return re.sub(r"^[vh]_", "", token)[:MAX_NAME_SHOWN]
