from scoring import discovery  # as a module: Django would take the class for a second config of this app


class ExperimentsConfig(discovery.AppWithRooms):
    """Comparisons of models on split traffic: design, exposures, statistics, pages."""

    name = "experiments"
