"""From the console to a record in the org: the address of the org is known to the server, not to the pages."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from voice_agent.console.guard import Guard, Refused
from voice_agent.console.users import Visitor
from voice_agent.errors import SalesforceError
from voice_agent.salesforce.client import Salesforce

RECORD = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)


def routes(guard: Guard, salesforce: Salesforce) -> list[Route]:
    async def record(request: Request, visitor: Visitor) -> Response:
        wanted = request.path_params["record"]
        if not RECORD.fullmatch(wanted):
            raise Refused(404, "There is no record of that name.")
        try:
            return RedirectResponse(f"{await salesforce.origin()}/{wanted}", 303)
        except SalesforceError:
            raise Refused(503, "The records cannot be reached right now.") from None

    return [Route("/console/records/{record}", guard.page(record))]
