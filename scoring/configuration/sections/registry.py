"""The sections of a configuration file: those of this room, and those that rooms above register."""

from functools import cache

from scoring.configuration.sections.banks import BanksSection
from scoring.configuration.sections.guards import BreakersSection, ExplorationSection
from scoring.configuration.sections.lists import ListsSection
from scoring.configuration.sections.policies import PoliciesSection
from scoring.configuration.sections.rules import RulesSection
from scoring.configuration.sections.schedules import SchedulesSection
from scoring.configuration.sections.section import Section
from scoring.discovery import discover

MODULE = "configuration_sections"

# In the order in which they are applied: rules name lists and hash banks.
_OWN: tuple[Section, ...] = (
    ListsSection(),
    BanksSection(),
    RulesSection(),
    PoliciesSection(),
    ExplorationSection(),
    BreakersSection(),
    SchedulesSection(),
)
_registered: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Add a section of another room, for its module `configuration_sections`."""
    _registered[section.name] = section


@cache
def sections() -> tuple[Section, ...]:
    """All sections in the order in which they are applied: those of this room, then others by name."""
    discover(MODULE)
    return (*_OWN, *(_registered[name] for name in sorted(_registered)))
