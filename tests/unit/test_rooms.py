"""The rooms of the product: small, each file in one, and no circle between rooms or between files.

`pytest tests/unit/test_rooms.py -s` prints the rooms with their files.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

TOP = (
    "config",
    "demo",
    "embedded",
    "experiments",
    "monitoring",
    "reviews",
    "scoring",
    "serving",
    "supervision",
)
MAX_FILES = 14  # a dozen or so; a larger room gets rooms within


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Which modules each module imports, those under TYPE_CHECKING too. Django's own places are left out."""
    graph = grimp.build_graph(*TOP, cache_dir=None)
    modules = {name for name in graph.modules if not {"management", "migrations"} & set(name.split("."))}
    return {name: graph.find_modules_directly_imported_by(name) & modules for name in modules}


def rooms_of(modules: Mapping[str, object]) -> dict[str, list[str]]:
    """The files that lie directly in each folder."""
    folders = {name.rpartition(".")[0] for name in modules}
    rooms: dict[str, list[str]] = defaultdict(list)
    for name in sorted(modules):
        folder, _, file = name.rpartition(".")
        if folder and name not in folders:
            rooms[folder].append(file)
    return rooms


def child(module: str, parent: str) -> str:
    """The file or folder of `parent` in which `module` lies; "" when it lies elsewhere."""
    start = f"{parent}." if parent else ""
    return start + module.removeprefix(start).split(".")[0] if module.startswith(start) else ""


def between_children(imports: Mapping[str, set[str]], parent: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        if one := child(module, parent):
            found[one] |= {other for name in imported if (other := child(name, parent)) and other != one}
    return found


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of a graph, [] when there is none.

    >>> circle({"a": {"b"}, "b": set()})
    []
    """
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_a_room_holds_about_a_dozen_files(imports: dict[str, set[str]]) -> None:
    rooms = rooms_of(imports)
    for room, files in sorted(rooms.items()):
        sys.stdout.write(f"{room:32} {len(files):3}  {' '.join(files)}\n")
    assert {room: len(files) for room, files in rooms.items() if len(files) > MAX_FILES} == {}


def test_no_room_is_in_a_circle_with_its_neighbors(imports: dict[str, set[str]]) -> None:
    parents = {"", *(name.rpartition(".")[0] for name in imports)}
    circles = {parent or "top": circle(between_children(imports, parent)) for parent in sorted(parents)}
    assert {parent: found for parent, found in circles.items() if found} == {}


def test_no_file_is_in_a_circle(imports: dict[str, set[str]]) -> None:
    assert circle(imports) == []


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert circle(between_children({"x.a.one": {"x.b.two"}, "x.b.three": {"x.a.four"}}, "x"))
