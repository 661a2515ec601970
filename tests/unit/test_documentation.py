"""Every link and file that the documentation names is there."""

import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
# `scoring/log/append.py`, `docs/adr/`, `scoring/log/`: a path below a directory of the repository.
FOLDERS = sorted(path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith("."))
PATH = re.compile(rf"(?<![\w./-])((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w/?)")
# `scoring.learning.dataset.split`: a module or a name in one. Two parts are a permission or a consumer.
PACKAGES = [name for name in FOLDERS if (ROOT / name / "__init__.py").exists()]
MODULE = re.compile(rf"`((?:{'|'.join(PACKAGES)})(?:\.\w+){{2,}})`")
# Made while the product runs.
GENERATED = ("var/", "benchmarks/results/")
MAX_COLUMNS = 120


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(prose(page)):
        path, _, anchor = target.partition("#")
        if path.startswith(("http://", "https://")):
            continue
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            yield target


def missing_files(page: Path) -> Iterator[str]:
    for path in PATH.findall(page.read_text()):
        if not path.startswith(GENERATED) and not (ROOT / path).exists():
            yield path


def missing_modules(page: Path) -> Iterator[str]:
    for dotted in MODULE.findall(page.read_text()):
        parts = dotted.split(".")
        paths = [ROOT.joinpath(*parts[:length]) for length in range(len(parts), 0, -1)]
        module = next(each for each in paths if each.is_dir() or each.with_suffix(".py").exists())
        names = parts[len(module.relative_to(ROOT).parts) :]
        source = (module / "__init__.py" if module.is_dir() else module.with_suffix(".py")).read_text()
        if names and not re.search(rf"^(?:def |class )?{names[0]}\b", source, re.MULTILINE):
            yield dotted


def printed_imports() -> list[tuple[str, str]]:
    """The imports of our own packages in the pages' code."""
    found = rf"^from ((?:{'|'.join(PACKAGES)})[\w.]*) import ([\w, ]+)$"
    return sorted({each for page in PAGES for each in re.findall(found, page.read_text(), re.MULTILINE)})


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    assert list(broken_links(page)) == []


# The changelog names what was there before as well.
@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_every_file_and_module_that_a_page_names_exists(page: Path) -> None:
    assert [*missing_files(page), *missing_modules(page)] == []


@pytest.mark.parametrize(("module", "names"), printed_imports())
def test_every_import_that_a_page_prints_works(module: str, names: str) -> None:
    assert [name for name in names.split(", ") if not hasattr(import_module(module), name)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_lines_of_prose_stay_below_the_limit(page: Path) -> None:
    long = [line for line in prose(page).splitlines() if len(line) > MAX_COLUMNS and not line.startswith("|")]
    assert long == []


def test_every_page_of_the_documentation_is_listed_in_an_index() -> None:
    indexes = [ROOT / "docs/index.md", ROOT / "docs/adr/README.md"]
    listed = {
        (index.parent / target.partition("#")[0]).resolve()
        for index in indexes
        for target in LINK.findall(index.read_text())
    }
    unlisted = {page for page in (ROOT / "docs").rglob("*.md") if page not in indexes} - listed
    assert sorted(map(name_of, unlisted)) == []


def test_pages_named_in_the_code_exist() -> None:
    folders = [ROOT / name for name in [*PACKAGES, "tests", "benchmarks"]]
    sources = [path for folder in folders for path in folder.rglob("*") if path.suffix in {".py", ".html"}]
    named = {
        (name_of(source), page)
        for source in sources
        for page in re.findall(r"(?<![\w/.-])docs/[\w/-]+\.md", source.read_text())
    }
    assert [(source, page) for source, page in sorted(named) if not (ROOT / page).exists()] == []


def test_the_rooms_of_the_architecture_page_are_those_of_the_import_contract_in_its_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    rooms = [{name.replace(".", "/") for name in layer.split(" | ")} for layer in layers]
    modules = {name for layer in rooms for name in layer if (ROOT / f"{name}.py").exists()}
    folders = [layer - modules for layer in rooms if layer - modules]
    section = (ROOT / "docs/architecture.md").read_text().partition("\n## Rooms\n")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| ([^|]+)", section, re.MULTILINE)
    rows = [set(re.findall(r"`([\w/]+)/`", cell)) for cell in first_cells]
    assert [row for row in rows if row][: len(folders)] == folders


@pytest.mark.parametrize("page", sorted((ROOT / "docs/adr").glob("0*.md")), ids=name_of)
def test_a_decision_has_its_number_and_the_status_that_the_index_gives(page: Path) -> None:
    text = page.read_text()
    number, title = re.findall(r"^# (\d+)\. (.+)$", text, re.MULTILINE)[0]
    status = re.findall(r"^Status: (\w+)", text, re.MULTILINE)[0]
    assert int(number) == int(page.name[:4])
    assert f"\n| {number} | [{title}]({page.name}) | {status}" in (ROOT / "docs/adr/README.md").read_text()
