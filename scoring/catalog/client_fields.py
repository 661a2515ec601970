"""Fields for what is known of a client: its IP address, its time zone, and what it says that it is."""

from typing import Any

from scoring.catalog.errors import FieldError
from scoring.catalog.fields import Canonical, Category, Entity, Field, References
from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.catalog.parsing.characters import clean_text
from scoring.catalog.signals.addresses import address_signals
from scoring.catalog.signals.reference_files import network_list
from scoring.catalog.signals.user_agents import user_agent_signals
from scoring.catalog.time_zones import time_zone_names
from scoring.declare import (
    ADDRESS_SIGNALS,
    USER_AGENT_SIGNALS,
    AddressVocabulary,
    Measured,
    Signal,
    UserAgentVocabulary,
    network_signal,
    part_of_vocabulary,
    reserve_names,
)

part_of_vocabulary(__name__)


class IpAddress(AddressVocabulary, Entity):
    """An IP address as an entity; personal by default.

    Its signals (`ip.is_private()`) are measured at receipt. `networks`: names of the installation's network
    lists that it is looked up in, for `ip.is_in("data_centers")`.
    """

    def __init__(
        self,
        *,
        optional: bool = False,
        personal: bool = True,
        kind: str = "",
        says: str = "",
        networks: tuple[str, ...] = (),
        verbose_name: str = "",
        help: str = "",
    ) -> None:
        super().__init__(
            optional=optional,
            personal=personal,
            format="ip",
            kind=kind,
            says=says,
            verbose_name=verbose_name,
            help=help,
        )
        for name in networks:
            if not name.isidentifier():
                raise self.origin.error(f"{name!r} cannot name a network list; use letters, digits and _")
        self.networks = tuple(networks)

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return (*ADDRESS_SIGNALS.values(), *map(network_signal, self.networks))

    def current_references(self) -> References:
        files = {name: network_list(name) for name in self.networks}
        return {name: loaded for name, file in files.items() if file and (loaded := file.current())}

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return address_signals(value, references)


reserve_names(dir(IpAddress()))


class TimeZoneName(Category):
    """The time zone of where an event took place, as an IANA name such as "America/New_York".

    An event type that names the field as its `time_zone_field` has hours and days by the clocks there.
    """

    def __init__(self, *, optional: bool = False, verbose_name: str = "", help: str = "") -> None:
        super().__init__(optional=optional, verbose_name=verbose_name, help=help)

    def parse(self, raw: object) -> str:
        name = super().parse(raw)
        if name not in time_zone_names():
            raise FieldError("is not an IANA time zone", "a name such as 'America/New_York'")
        return name

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "examples": ["America/New_York", "Europe/Vienna"]}


class UserAgent(UserAgentVocabulary, Field):
    """What a client says that it is, as in the header User-Agent; personal by default. It may be empty.

    Its signals (`agent.is_bot()`) are measured at receipt.
    """

    max_length = 2_000

    def __init__(
        self, *, optional: bool = False, personal: bool = True, verbose_name: str = "", help: str = ""
    ) -> None:
        super().__init__(optional=optional, personal=personal, verbose_name=verbose_name, help=help)

    def parse(self, raw: object) -> str:
        if not isinstance(raw, str):
            raise FieldError("must be a string", "string")
        if len(raw) > self.max_length:
            raise FieldError(
                f"is longer than {self.max_length} characters", f"at most {self.max_length} characters"
            )
        return mask_card_numbers(clean_text(raw).strip())

    @property
    def measured_signals(self) -> tuple[Signal, ...]:
        return tuple(USER_AGENT_SIGNALS.values())

    def measure_value(self, value: Canonical, references: References) -> Measured:
        return user_agent_signals(value)

    def json_schema(self) -> dict[str, Any]:
        return {**super().json_schema(), "type": "string", "maxLength": self.max_length}
