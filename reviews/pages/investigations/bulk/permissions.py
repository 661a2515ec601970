"""Which permissions a bulk action takes, besides the one to act in bulk. Its undoing takes the same."""

from collections.abc import Mapping
from typing import Any, Final

from reviews.investigation.bulk.terms import LABEL, LIST, VERDICT
from scoring.rules.lists.models import ValueList
from scoring.rules.lists.pages import permissions as of_lists

NEEDED: Final = {LABEL: "reviews.work_case", VERDICT: "reviews.work_case", LIST: of_lists.ADD}


def needed_for(kind: str, terms: Mapping[str, Any]) -> tuple[str, ...]:
    """The permissions for an action with these terms; a list that allows events takes one more."""
    if kind != LIST:
        return (NEEDED[kind],)
    found = ValueList.objects.filter(name=terms["list_name"]).values_list("action", flat=True).first()
    return of_lists.needed_for(NEEDED[LIST], found or "")
