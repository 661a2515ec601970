from scoring import discovery  # as a module: Django would take the class for a second config of this app


class ScoringConfig(discovery.AppWithRooms):
    """Events in, decisions out, labels back, models learned."""

    name = "scoring"
