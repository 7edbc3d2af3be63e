"""`GET /{record id}`: the page that a link to a record opens. The emulated org shows the fields, to anybody here."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from voice_agent.demo.salesforce.ids import normalise
from voice_agent.demo.salesforce.service import Service

STYLE = "body{font:15px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem}td{padding:.15rem 1rem .15rem 0}"


def route(service: Service) -> Route:
    async def page(request: Request) -> Response:
        record_id = normalise(request.path_params["record"])
        obj = service.database.schema.of_id(record_id) if record_id else None
        if record_id is None or obj is None:
            return Response("there is no such page", 404)
        cursor = service.database.connection.execute(f'SELECT * FROM "{obj.name}" WHERE "Id" = ?', [record_id])
        found = cursor.fetchone()
        if found is None:
            return Response("there is no such record", 404)
        names = [column[0] for column in cursor.description]
        fields = [(name, str(value)) for name, value in zip(names, found, strict=True) if value not in (None, "")]
        title = escape(f"{obj.label} {dict(fields).get('Name', record_id)}")
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in fields)
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>'
            f"<p>A record of the emulated org.</p><table>{rows}</table></html>"
        )

    return Route("/{record}", page, methods=["GET"])
