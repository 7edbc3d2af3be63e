"""Which resource answers which path (sheet 2.3 to 2.6)."""

from voice_agent.demo.salesforce.errors import ApiError, method_not_allowed, not_found
from voice_agent.demo.salesforce.rest import (
    booking,
    bulk,
    collections,
    composite,
    describe,
    graph,
    limits,
    query,
    search,
    sobjects,
)
from voice_agent.demo.salesforce.rest import tree as trees
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request, refused


def answer(context: Context, request: Request) -> Reply:
    """The reply to a request; refusals are replies too. Nothing of a refused request stays (savepoint)."""
    try:
        with context.database.savepoint():
            return dispatch(context, request)
    except ApiError as error:
        return refused(error)


def dispatch(context: Context, request: Request) -> Reply:
    """Raises ApiError for a refusal."""
    context.lock(request.method, "/".join((request.base, *request.path)))
    match request.path:
        case ():
            _only(request, "GET")
            return describe.resources(request)
        case ("sobjects",):
            _only(request, "GET")
            return describe.everything(context, request)
        case ("sobjects", name):
            if request.method == "GET":
                return describe.basic(context, request, name)
            _only(request, "GET", "POST")
            return sobjects.create(context, request, name)
        case ("sobjects", name, "describe"):
            _only(request, "GET")
            return describe.full(context, request, name)
        case ("sobjects", name, "deleted" | "updated" as what):
            _only(request, "GET")
            return sobjects.replicated(context, request, name, what)
        case ("sobjects", name, *rest):
            return sobjects.record(context, request, name, tuple(rest))
        case ("query" | "queryAll" as what,):
            _only(request, "GET")
            return query.first_page(context, request, deleted=what == "queryAll")
        case ("query" | "queryAll", locator):
            _only(request, "GET")
            return query.next_page(context, request, locator)
        case ("search",):
            _only(request, "GET")
            return search.sosl(context, request)
        case ("parameterizedSearch",):
            _only(request, "GET", "POST")
            return search.parameterized(context, request)
        case ("limits",):
            _only(request, "GET")
            return limits.limits(context)
        case ("limits", "recordCount"):
            _only(request, "GET")
            return limits.record_count(context, request)
        case ("actions", "standard", *rest):
            return booking.actions(context, request, tuple(rest))
        case ("scheduling", *rest):
            return booking.scheduler(context, request, tuple(rest))
        case ("composite",):
            if request.method == "GET":
                return composite.index(request)
            _only(request, "GET", "POST")
            return composite.composite(context, request, dispatch)
        case ("composite", "batch"):
            _only(request, "POST")
            return composite.batch(context, request, answer)
        case ("composite", "graph"):
            _only(request, "POST")
            return graph.graph(context, request, dispatch)
        case ("composite", "tree", name):
            _only(request, "POST")
            return trees.tree(context, request, name)
        case ("jobs", *rest):
            return bulk.bulk(context, request, tuple(rest))
        case ("composite", "sobjects", *rest):
            return collections.collection(context, request, tuple(rest))
        case _:
            raise not_found()


def _only(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise method_not_allowed(request.method, ",".join(methods))
