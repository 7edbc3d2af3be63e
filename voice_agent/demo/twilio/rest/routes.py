"""Where each resource of the REST API answers: Twilio's host is the first part of the path."""

from starlette.routing import BaseRoute


def rest_routes() -> list[BaseRoute]:
    return []
