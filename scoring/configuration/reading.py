"""Reads a configuration file: plain YAML, strictly, with the line of every part.

Only what JSON has, plus comments and block texts: no aliases (a few lines could become gigabytes), no tags,
no repeated keys. "yes", "on" and "12:30" are texts, unlike in YAML 1.1; only true, false, null and decimal
numbers are not.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from scoring.catalog.errors import FieldError
from scoring.catalog.parsing.characters import ALLOWED_IN_TEXTS, clean_text
from scoring.configuration.errors import ConfigurationInvalid, Path, Problem

VERSION = 1
MAX_BYTES = 2_000_000
MAX_DEPTH = 12
MAX_DIGITS = 18  # of a whole number; those fit in 64 bits
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_STR = "tag:yaml.org,2002:str"
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", _STR)


class StrictLoader(yaml.SafeLoader):
    """Refuses aliases, and resolves no scalar: `_scalar` does."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)


@dataclass(slots=True)
class Document:
    """A file as plain values, and the line of each part by its path."""

    data: dict[str, Any]
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """The line of a part, or of the nearest part that it belongs to."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(text: str) -> Document:
    """The file's content. Raises ConfigurationInvalid with the place of what cannot be read."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise ConfigurationInvalid([Problem((), 0, "the file is too large", f"at most {MAX_BYTES:,} bytes")])
    problems: list[Problem] = []
    root = _compose(text)
    if not isinstance(root, yaml.MappingNode):
        line = root.start_mark.line + 1 if root else 0
        raise ConfigurationInvalid(
            [Problem((), line, "the file is not a mapping", "version: 1, then sections")]
        )
    document = Document({})
    document.data = _value(root, (), document.lines, problems)
    if not problems:
        problems += _version_problems(document)
    if problems:
        raise ConfigurationInvalid(problems)
    return document


def _compose(text: str) -> yaml.Node | None:
    try:
        loader = StrictLoader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not YAML: {error.problem or error.context}"
        raise ConfigurationInvalid([Problem((), mark.line + 1 if mark else 0, problem)]) from None
    except yaml.YAMLError as error:
        raise ConfigurationInvalid([Problem((), 0, f"is not YAML: {error}")]) from None
    except RecursionError:
        raise ConfigurationInvalid([Problem((), 0, "is nested too deeply")]) from None


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], problems: list[Problem]) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if len(path) > MAX_DEPTH:
        problems.append(Problem(path, line, "is nested too deeply", f"{MAX_DEPTH} levels"))
        return None
    if node.tag not in _PLAIN_TAGS:
        problems.append(Problem(path, line, f"has the tag {node.tag}", "plain values"))
        return None
    if isinstance(node, yaml.MappingNode):
        return dict(_members(node, path, lines, problems))
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(each, (*path, str(place)), lines, problems)
            for place, each in enumerate(node.value, start=1)
        ]
    return _scalar(node, path, line, problems)


def _members(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    for key, value in node.value:
        line = key.start_mark.line + 1
        name = key.value if isinstance(key, yaml.ScalarNode) else None
        if not name or key.tag != _STR:
            problems.append(Problem(path, line, "has a key that is not text", "names as keys"))
        elif refused := _refused_character(name):
            problems.append(Problem(path, line, f"has a key that {refused}", ALLOWED_IN_TEXTS))
        elif (*path, name) in lines:
            problems.append(Problem((*path, name), line, "stands here twice", "every key once"))
        else:
            yield name, _value(value, (*path, name), lines, problems)
            lines[*path, name] = line


def is_plain_text(text: str) -> bool:
    """Whether unquoted text is read as text, and not as a number or constant."""
    return text not in _CONSTANTS and not _NUMBER.fullmatch(text)


def _scalar(node: yaml.Node, path: Path, line: int, problems: list[Problem]) -> Any:
    text = node.value
    if isinstance(node, yaml.ScalarNode) and node.style is None:  # not quoted, no block
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _NUMBER.fullmatch(text):
            return _number(text, path, line, problems)
    if refused := _refused_character(text):
        problems.append(Problem(path, line, refused, ALLOWED_IN_TEXTS))
    return text


def _number(text: str, path: Path, line: int, problems: list[Problem]) -> float | None:
    """A number that every part of the product can hold: whole ones have 64 bits."""
    is_whole = not re.search(r"[.eE]", text)
    if is_whole and len(text) <= MAX_DIGITS:
        return int(text)
    if not is_whole and math.isfinite(float(text)):
        return float(text)
    problems.append(Problem(path, line, f"{text[:MAX_DIGITS]} is too large", f"at most {MAX_DIGITS} digits"))
    return None


def _refused_character(text: str) -> str:
    """What is wrong with the characters of a text, which escapes such as "\\0" can name; "" if nothing is."""
    try:
        clean_text(text)
    except FieldError as error:
        return error.problem
    return ""


def _version_problems(document: Document) -> Iterator[Problem]:
    version = document.data.get("version")
    if version != VERSION or isinstance(version, bool):
        found = "is missing" if version is None else f"is {version!r}"
        yield Problem(("version",), document.line_of(("version",)), found, VERSION)
