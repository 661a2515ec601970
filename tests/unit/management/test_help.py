"""`manage.py <command> --help` explains every argument."""

import argparse
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from scoring.apps import ScoringConfig

OWN = ("config", "demo", "scoring", "reviews", "experiments", "monitoring")
COMMANDS = sorted((app, name) for name, app in get_commands().items() if app in OWN)


def arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """The arguments of a parser and of its subcommands, named."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from arguments(sub)
        else:
            yield action.option_strings[0] if action.option_strings else action.dest, action


def test_the_commands_are_found() -> None:
    assert (ScoringConfig.name, "ingest") in COMMANDS


@pytest.mark.parametrize(("app", "name"), COMMANDS, ids=[name for _, name in COMMANDS])
def test_a_command_explains_itself_and_each_argument(app: str, name: str) -> None:
    command: BaseCommand = load_command_class(app, name)
    assert command.help
    parser = command.create_parser("manage.py", name)
    assert [shown for shown, action in arguments(parser) if not action.help] == []
