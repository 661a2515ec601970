"""Words for the links of an event: `links.number()`, `links.sites()`."""

from dataclasses import dataclass
from typing import cast

from scoring.declare.protocols.fields import NamedField
from scoring.declare.signals import LINK_SIGNALS
from scoring.declare.words.signals import FieldSignal


@dataclass(frozen=True)
class LinkSignal(FieldSignal):
    """A number that was counted when the links were received; NaN without any."""

    known = LINK_SIGNALS
    types = ("Links",)


class LinkVocabulary:
    """The words of a field with links."""

    def number(self) -> LinkSignal:
        """The number of links."""
        return self._link_signal("number")

    def sites(self) -> LinkSignal:
        """The number of different registered domains that they lead to."""
        return self._link_signal("sites")

    def addresses(self) -> LinkSignal:
        """The number of links to bare IP addresses."""
        return self._link_signal("addresses")

    def foreign(self) -> LinkSignal:
        """The number of links to hosts in other scripts than Latin."""
        return self._link_signal("foreign")

    def insecure(self) -> LinkSignal:
        """The number of links without encryption."""
        return self._link_signal("insecure")

    def _link_signal(self, signal: str) -> LinkSignal:
        return LinkSignal(cast(NamedField, self), signal)
