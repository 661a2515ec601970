"""What hash banks said about logged decisions, each as of its own version of the ruleset and time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scoring.rules.banks.definitions import BankDefinitions
from scoring.rules.banks.search.hits import BankHit, media_of
from scoring.rules.banks.search.loading import load_history
from scoring.rules.banks.search.matching import BankTable, hits_among
from scoring.rules.banks.search.stored_videos import read_frames


class PastBanks:
    """Every item that there ever was in the banks that are looked up, in memory; a bank is read once."""

    def __init__(self) -> None:
        self._tables: dict[str, BankTable] = {}

    def find(
        self,
        event: Mapping[str, Any],
        *,
        banks: BankDefinitions,
        decision: Mapping[str, Any],
        version: int,
        now: datetime,
    ) -> list[BankHit]:
        """The hits of an event (data of the version that was decided) in the banks of a ruleset's version.

        `decision`: what was logged. Banks that it names as unseen were not looked up then.
        """
        media = media_of(event) if banks else []
        if not media:
            return []
        unseen = {each["name"] for each in decision.get("unseen", ()) if each["kind"] == "bank"}
        seen = {name: bank for name, bank in banks.items() if name not in unseen}
        self._tables |= load_history(seen.keys() - self._tables.keys())
        return hits_among(media, seen, self._tables, now=now, version=version, read_frames=read_frames)
