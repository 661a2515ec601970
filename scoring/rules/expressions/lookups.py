"""Checks `has(name)`, `listed(field, "list")`, `tagged(field, "tag")` and `banked("bank")`."""

from collections.abc import Callable
from difflib import get_close_matches

from scoring.rules.expressions.errors import MAX_NAME_SHOWN
from scoring.rules.expressions.operands import KnownList, Operand, Operands
from scoring.rules.expressions.tokens import Token

LOOKUPS = ("listed", "tagged")
BANKED = "banked"
LENGTH_OF_HAS, LENGTH_OF_LOOKUP, LENGTH_OF_BANKED = 4, 6, 4  # tokens

Trouble = tuple[int, str, str]  # the index of the token, the message, what is allowed
Found = tuple[int, Trouble | None]  # tokens read, and the problem with them
OperandProblem = Callable[[int, str, Operands], Trouble | None]


def check_has(tokens: list[Token], index: int, operands: Operands, problem_of: OperandProblem) -> Found:
    """The number of tokens of `has(name)`, and the problem with it."""
    inside = tokens[index + 2 : index + LENGTH_OF_HAS]
    if [token.kind for token in inside[:1]] != ["name"] or [token.text for token in inside[1:]] != [")"]:
        return 1, (index, "`has` asks for one name.", "`has(name)`")
    name = inside[0].text
    known = name in operands.by_name
    return LENGTH_OF_HAS, None if known else problem_of(index + 2, name, operands)


def check_lookup(tokens: list[Token], index: int, operands: Operands, problem_of: OperandProblem) -> Found:
    """The number of tokens of `listed(field, "list")` or `tagged(...)`, and the problem with it."""
    function = tokens[index].text
    inside = tokens[index + 2 : index + LENGTH_OF_LOOKUP]
    example = f'`{function}(field, "name")`'
    if [_shape(token) for token in inside] != ["name", ",", "text", ")"]:
        return 1, (index, f"`{function}` takes a field and a name in quotes.", example)
    field = operands.by_name.get(inside[0].text)
    if field is None:
        return LENGTH_OF_LOOKUP, problem_of(index + 2, inside[0].text, operands)
    if not field.lists:
        message = f"`{field.name}` is not a field with text, so it cannot be in a list."
        return LENGTH_OF_LOOKUP, (index + 2, message, _fields_with_text(operands))
    return LENGTH_OF_LOOKUP, _list_problem(index + 4, name_in(inside[2]), function, field, operands)


def check_banked(tokens: list[Token], index: int, operands: Operands) -> Found:
    """The number of tokens of `banked("bank")`, and the problem with it."""
    inside = tokens[index + 2 : index + LENGTH_OF_BANKED]
    if [_shape(token) for token in inside] != ["text", ")"]:
        return 1, (index, f"`{BANKED}` takes the name of a hash bank in quotes.", f'`{BANKED}("name")`')
    return LENGTH_OF_BANKED, _bank_problem(index + 2, name_in(inside[0]), operands)


def _bank_problem(at: int, name: str, operands: Operands) -> Trouble | None:
    """Why the files of events cannot match the bank of this name, if the banks are known."""
    if operands.banks is None or name in operands.banks:
        return None
    if not operands.banks:
        return at, f"No hash bank is looked up for {operands.event_type} events.", "types with attached files"
    close = get_close_matches(name, operands.banks, n=3, cutoff=0.6) or sorted(operands.banks)[:5]
    allowed = " or ".join(f'"{each}"' for each in close)
    return at, f'There is no hash bank "{name[:MAX_NAME_SHOWN]}".', allowed


def _shape(token: Token) -> str:
    return token.text if token.kind == "operator" else token.kind


def name_in(token: Token) -> str:
    """The name that a text token holds; names of lists have no escapes."""
    return token.text.lstrip("rR").strip("\"'")


def _fields_with_text(operands: Operands) -> str:
    return ", ".join(f"`{operand.name}`" for operand in operands if operand.lists)


def _list_problem(at: int, name: str, function: str, field: Operand, operands: Operands) -> Trouble | None:
    """Why the field's values cannot be in the list of this name, if the lists are known."""
    if operands.lists is None:
        return None
    wants_tag = function == "tagged"
    fitting = {
        each.name: each
        for each in operands.lists.values()
        if each.tag == wants_tag and each.kind == field.lists
    }
    if name in fitting:
        return None
    what = "tag" if wants_tag else "list"
    allowed = _names_of(name, fitting) or f'a {what} of the kind "{field.lists}"; there is none yet'
    known = operands.lists.get(name)
    if known is None:
        return at, f'There is no {what} "{name[:MAX_NAME_SHOWN]}".', allowed
    if known.tag != wants_tag:
        other = "tagged" if known.tag else "listed"
        return at, f'"{name}" is a {"tag" if known.tag else "list"}.', f'`{other}({field.name}, "{name}")`'
    kinds = f'values of the kind "{known.kind}", and `{field.name}` is of the kind "{field.lists}"'
    return at, f'"{name}" holds {kinds}.', allowed


def _names_of(name: str, fitting: dict[str, KnownList]) -> str:
    close = get_close_matches(name, fitting, n=3, cutoff=0.6) or sorted(fitting)[:5]
    return " or ".join(f'"{each}"' for each in close)
