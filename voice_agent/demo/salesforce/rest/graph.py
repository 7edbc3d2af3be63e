"""composite/graph: several graphs, each atomic, of plain record operations only (sheet 2.6)."""

from collections.abc import Mapping

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.rest.composite import Dispatch, run
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request

_MOST_NODES = 500


def graph(context: Context, request: Request, dispatch: Dispatch) -> Reply:
    """Raises ApiError for a body that is malformed as a whole."""
    graphs = request.fields().get("graphs")
    if not isinstance(graphs, list) or not all(isinstance(one, Mapping) for one in graphs):
        raise ApiError(400, "JSON_PARSER_ERROR", "graphs must be a list")
    if sum(len(_nodes(one)) for one in graphs) > _MOST_NODES:
        raise ApiError(400, "INVALID_INPUT", f"Limit exceeded: at most {_MOST_NODES} nodes are allowed")
    answers = []
    for one in graphs:
        replies = run(context, request, _nodes(one), _records_only(dispatch), all_or_none=True)
        fine = all(isinstance(r["httpStatusCode"], int) and r["httpStatusCode"] < 300 for r in replies)
        answers.append(
            {
                "graphId": str(one.get("graphId", "")),
                "graphResponse": {"compositeResponse": replies},
                "isSuccessful": fine,
            }
        )
    return Reply(body={"graphs": answers})


def _nodes(one: Mapping[str, object]) -> list[Mapping[str, object]]:
    listed = one.get("compositeRequest")
    if not isinstance(listed, list) or not all(isinstance(part, Mapping) and "referenceId" in part for part in listed):
        raise ApiError(400, "JSON_PARSER_ERROR", "compositeRequest must be a list of subrequests")
    return listed


def _records_only(dispatch: Dispatch) -> Dispatch:
    def checked(context: Context, inner: Request) -> Reply:
        if inner.path[:1] != ("sobjects",):
            raise ApiError(400, "INVALID_INPUT", "A composite graph takes only sObject resources")
        return dispatch(context, inner)

    return checked
