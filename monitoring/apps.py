from scoring import discovery  # as a module: Django would take the class for a second config of this app


class MonitoringConfig(discovery.AppWithRooms):
    """Windows over what happened; consumes the log of every other app."""

    name = "monitoring"
