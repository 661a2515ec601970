from scoring import discovery  # as a module: Django would take the class for a second config of this app


class ReviewsConfig(discovery.AppWithRooms):
    """Cases and verdicts; consumes scoring's log and writes labels through its services."""

    name = "reviews"
