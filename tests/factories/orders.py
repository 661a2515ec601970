"""An event type with external signals, whose services a test names."""

from typing import Any

from scoring.catalog.client_fields import IpAddress
from scoring.catalog.event_type import EventType
from scoring.catalog.external_signals import ExternalSignal
from scoring.catalog.fields import Category, Entity, Flag, Number

NOWHERE = "http://127.0.0.1:9/"


class Order(EventType):
    name, lane = "order", "orders"
    device = Entity()
    ip = IpAddress(optional=True)
    note = Entity(optional=True)
    risk = ExternalSignal(url=NOWHERE, send=(device, ip), gives=Number(minimum=0), cache="1m")
    tier = ExternalSignal(url=NOWHERE, send=(device,), gives=Category(), cache="1m")
    proxy = ExternalSignal(url=NOWHERE, send=(ip,), gives=Flag(), cache="1m")

    features: Any = [device.count(over="1h"), risk, tier, proxy]
