"""Writes a configuration as YAML: the same configuration gives the same text, byte for byte."""

from collections.abc import Mapping
from typing import Any

import yaml

from scoring.configuration.reading import VERSION, is_plain_text

HEAD = """\
# Assay's configuration: lists and hash banks (not what is in them), rules, policies, exploration, breakers,
# schedules, gates, guardrails, retraining triggers, alert rules and quality checks of reviews.
# `manage.py configuration diff FILE` shows what applying it would change.
"""
WIDTH = 110


class Dumper(yaml.SafeDumper):
    """Indents the items of sequences, and writes texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if is_plain_text(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _write_text)


def document_text(sections: Mapping[str, Any]) -> str:
    """A whole file with these sections."""
    return HEAD + yaml_text({"version": VERSION, **sections})


def yaml_text(data: Any) -> str:
    return str(yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=WIDTH))
