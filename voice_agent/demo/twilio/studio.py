"""Studio flows as a call meets them: a webhook of Twilio's own that a `<Redirect>` leads to (sheet section 5.1).

A flow here says something and connects the call to a phone; what a flow can do besides is not emulated. Flows are made
over the controls, since Studio's REST API is not built.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from .exchange import Exchange

HOST = "webhooks.twilio.com"


@dataclass(frozen=True, slots=True)
class Flow:
    sid: str
    says: str = ""
    connects_to: str = ""
    """A number that the flow's "connect call" widget dials; "" for none."""

    def twiml(self) -> str:
        response = Element("Response")
        if self.says:
            SubElement(response, "Say").text = self.says
        if self.connects_to:
            SubElement(SubElement(response, "Dial"), "Number").text = self.connects_to
        SubElement(response, "Hangup")
        return tostring(response, encoding="unicode")


def routes() -> list[Route]:
    return [
        Route("/emulator/flows", _flows, methods=["GET", "POST"]),
        Route(f"/{HOST}/v1/Accounts/{{account}}/Flows/{{flow}}", _enter, methods=["GET", "POST"]),
    ]


async def _flows(request: Request) -> Response:
    """`{"sid": "FW...", "says": "...", "connects_to": "+1..."}` makes or changes one."""
    exchange: Exchange = request.app.state.exchange
    if request.method == "POST":
        given = await request.json()
        sid = str(given.get("sid", ""))
        if not sid.startswith("FW"):
            return JSONResponse({"error": "a flow's sid begins with FW"}, 400)
        exchange.flows[sid] = Flow(sid, str(given.get("says", "")), str(given.get("connects_to", "")))
    return JSONResponse([{"sid": each.sid, "says": each.says} for each in exchange.flows.values()])


async def _enter(request: Request) -> Response:
    """A call enters the flow; only `Trigger=incomingCall` begins one."""
    exchange: Exchange = request.app.state.exchange
    flow = exchange.flows.get(request.path_params["flow"])
    ours = request.path_params["account"] == exchange.credentials.account_sid
    if flow is None or not ours or request.query_params.get("Trigger") != "incomingCall":
        return JSONResponse({"code": 20404, "message": "there is no such flow", "status": 404}, 404)
    form = await request.form()
    exchange.ledger.enter("flow_entered", flow_sid=flow.sid, call_sid=str(form.get("CallSid", "")))
    return Response(flow.twiml(), media_type="text/xml")
