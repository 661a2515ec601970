"""An event type with a field of every kind that has signals, and features of them."""

from scoring.catalog.client_fields import IpAddress, UserAgent
from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.event_type import EventType


class Join(EventType):
    name, lane = "join", "joins"
    email = Email()
    phone = Phone(optional=True)
    ip = IpAddress(optional=True, networks=("data_centers", "unset"))
    agent = UserAgent(optional=True)

    features = [
        email.count(over="1h"),
        email.is_valid(),
        email.domain(),
        email.is_disposable(),
        email.is_role_account(),
        email.is_tagged(),
        email.length(),
        email.digits(),
        phone.is_valid(),
        phone.country(),
        phone.type(),
        ip.is_private(),
        ip.is_ipv6(),
        ip.is_in("data_centers"),
        ip.is_in("unset"),
        agent.family(),
        agent.system(),
        agent.is_bot(),
        phone.changed(agent),
    ]
