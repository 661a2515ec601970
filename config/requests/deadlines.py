"""How long requests may wait for the database and other threads."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from scoring import deadlines

# Seconds, unless a view sets its own. For events: until the client's wait is known.
BUDGETS = (
    ("/api/v1/events", 0.9),
    ("/api/", 5.0),
    ("/healthz", 0.5),
    ("/readyz", 0.9),
    ("/metrics", 2.0),
)
PAGE_SECONDS, FORM_SECONDS = 30.0, 300.0  # a form may upload a hundred thousand labels


class Deadlines:
    """Middleware: sets the deadline of each request, so that its waits end before the client gives up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        deadlines.allow(budget_of(request.path_info, request.method))
        try:
            return self.get_response(request)
        finally:
            deadlines.lift()


def budget_of(path: str, method: str | None) -> float:
    of_page = FORM_SECONDS if method == "POST" else PAGE_SECONDS
    return next((seconds for prefix, seconds in BUDGETS if path.startswith(prefix)), of_page)
