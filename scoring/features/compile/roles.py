"""Finds an entity's role: the field of the counted event type that names it."""

from collections.abc import Sequence

from scoring.catalog.event_type import EventType
from scoring.declare import NamedField
from scoring.declare.lowering import EntityKeys
from scoring.features.compile.field_lookup import field_named
from scoring.features.compile.layout import fields_of_kind


def roles_named(own: type[EventType], word: EntityKeys, counted: type[EventType]) -> list[str]:
    """For each key of a word, the field of the counted event type that names the entity.

    That is the field in `as_()`, else the key itself for events of its own type, else the only field of its
    kind. Raises CatalogError if there is none, or more than one.
    """
    keys = word.keys
    if len({key.name for key in keys}) < len(keys):
        raise word.origin.error(f"a pair takes two different fields, not {keys[0].name} twice")
    if word.role:
        return _named_roles(word, counted)
    if counted is own:
        return [key.name for key in keys]
    return [_only_role(word, key, counted) for key in keys]


def _named_roles(word: EntityKeys, counted: type[EventType]) -> list[str]:
    roles, origin = word.role_names, word.origin
    for key, role in zip(word.keys, roles, strict=True):
        declared = field_named(counted, role, ("Entity", "Category"), origin)
        if declared.kind != key.kind:
            raise origin.error(
                f"{counted.name}.{role} is of kind {declared.kind!r}, and {key.name} of kind {key.kind!r}"
            )
    if len(set(roles)) < len(roles):
        raise origin.error(f"as_() names {roles[0]} twice; a pair needs two different fields")
    return list(roles)


def _only_role(word: EntityKeys, key: NamedField, counted: type[EventType]) -> str:
    found, origin = fields_of_kind(counted, key.kind), word.origin
    if not found:
        raise origin.error(f"{counted.name} has no entity {key.kind!r}")
    alike = sum(other.kind == key.kind for other in word.keys)
    if alike > len(found):
        raise origin.error(f"{counted.name} has one entity {key.kind!r}, but a pair of them needs two")
    if len(found) > 1:
        raise origin.error(
            f"{counted.name} has several fields of kind {key.kind!r}: {', '.join(found)}; say which one is"
            f" meant: {_example(word.keys, counted, key.kind)}"
        )
    return found[0]


def _example(keys: Sequence[NamedField], counted: type[EventType], ambiguous: str) -> str:
    """An example that names the role: `account.as_("sender")`."""
    given: list[str] = []
    for key in keys:
        free = [name for name in fields_of_kind(counted, key.kind) if name not in given]
        given.append(free[0] if free else ambiguous)
    quoted = ", ".join(f'"{name}"' for name in given)
    names = [key.name for key in keys]
    subject = f"pair({', '.join(names)})" if len(names) > 1 else names[0]
    return f"{subject}.as_({quoted})"
