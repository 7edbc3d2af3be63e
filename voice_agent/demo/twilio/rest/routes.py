"""Where each resource of the REST API answers: Twilio's host is the first part of the path."""

from starlette.routing import BaseRoute, Route

from . import (
    calls,
    conferences,
    lookup,
    messages,
    numbers,
    queues,
    recordings,
    taskrouter,
    taskrouter_shapes,
    tasks,
    verify,
)
from .gate import Handler, resource, unknown

API_HOST = "api.twilio.com"
HOSTS = (API_HOST, "verify.twilio.com", "lookups.twilio.com", "taskrouter.twilio.com", "conversations.twilio.com")
ACCOUNT = "/2010-04-01/Accounts/{account}"


def rest_routes() -> list[BaseRoute]:
    """The api host's resources under its name and, without a host in the path, under `/2010-04-01` itself."""
    routes: list[BaseRoute] = [*_api(f"/{API_HOST}"), *_api("")]
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes += _verify(f"/{verify.HOST}") + _lookup(f"/{lookup.HOST}")
    routes += _taskrouter(f"/{taskrouter_shapes.HOST}")
    routes += [Route(f"/{host}/{{rest:path}}", unknown, methods=every) for host in HOSTS]
    return [*routes, Route("/2010-04-01/{rest:path}", unknown, methods=every)]


def _api(prefix: str) -> list[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return resource(API_HOST, prefix, path, **handlers)

    return [
        at("/2010-04-01/Accounts.json", GET=numbers.list_accounts),
        at(ACCOUNT + ".json", GET=numbers.fetch_account),
        at(ACCOUNT + "/Calls.json", GET=calls.list_all, POST=calls.create),
        at(ACCOUNT + "/Calls/{sid}.json", GET=calls.fetch, POST=calls.update, DELETE=calls.delete),
        at(ACCOUNT + "/Calls/{call}/Recordings.json", GET=recordings.list_all, POST=recordings.start),
        at(
            ACCOUNT + "/Calls/{call}/Recordings/{sid}.json",
            GET=recordings.fetch,
            POST=recordings.update,
            DELETE=recordings.delete,
        ),
        at(ACCOUNT + "/Recordings.json", GET=recordings.list_all),
        at(ACCOUNT + "/Recordings/{sid}.json", GET=recordings.fetch, DELETE=recordings.delete),
        at(ACCOUNT + "/Recordings/{sid}.wav", GET=recordings.fetch_wav),
        at(ACCOUNT + "/Recordings/{sid}.mp3", GET=recordings.fetch_mp3),
        at(ACCOUNT + "/Messages.json", GET=messages.list_all, POST=messages.create),
        at(ACCOUNT + "/Messages/{sid}.json", GET=messages.fetch, POST=messages.update, DELETE=messages.delete),
        at(ACCOUNT + "/Queues.json", GET=queues.list_all, POST=queues.create),
        at(ACCOUNT + "/Queues/{sid}.json", GET=queues.fetch, POST=queues.update, DELETE=queues.delete),
        at(ACCOUNT + "/Queues/{sid}/Members.json", GET=queues.list_members),
        at(ACCOUNT + "/Queues/{sid}/Members/{member}.json", GET=queues.fetch_member, POST=queues.dequeue),
        at(ACCOUNT + "/Conferences.json", GET=conferences.list_all),
        at(ACCOUNT + "/Conferences/{conference}.json", GET=conferences.fetch, POST=conferences.update),
        at(
            ACCOUNT + "/Conferences/{conference}/Participants.json",
            GET=conferences.list_participants,
            POST=conferences.add_participant,
        ),
        at(
            ACCOUNT + "/Conferences/{conference}/Participants/{participant}.json",
            GET=conferences.fetch_participant,
            POST=conferences.update_participant,
            DELETE=conferences.remove_participant,
        ),
        at(ACCOUNT + "/IncomingPhoneNumbers.json", GET=numbers.list_all, POST=numbers.create),
        at(
            ACCOUNT + "/IncomingPhoneNumbers/{sid}.json",
            GET=numbers.fetch,
            POST=numbers.update,
            DELETE=numbers.delete,
        ),
    ]


def _verify(prefix: str) -> list[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return resource(verify.HOST, prefix, "/v2/Services" + path, **handlers)

    return [
        at("", GET=verify.list_services, POST=verify.create_service),
        at("/{service}", GET=verify.fetch_service),
        at("/{service}/Verifications", POST=verify.create),
        at("/{service}/Verifications/{sid}", GET=verify.fetch, POST=verify.update),
        at("/{service}/VerificationCheck", POST=verify.check),
    ]


def _lookup(prefix: str) -> list[Route]:
    return [resource(lookup.HOST, prefix, "/v2/PhoneNumbers/{number}", GET=lookup.fetch)]


def _taskrouter(prefix: str) -> list[Route]:
    def at(path: str, **handlers: Handler) -> Route:
        return resource(taskrouter_shapes.HOST, prefix, "/v1/Workspaces" + path, **handlers)

    one = "/{workspace}"
    return [
        at("", GET=taskrouter.list_workspaces, POST=taskrouter.create_workspace),
        at(one, GET=taskrouter.fetch_workspace, POST=taskrouter.update_workspace),
        at(one + "/Activities", GET=taskrouter.list_activities, POST=taskrouter.create_activity),
        at(one + "/Workers", GET=taskrouter.list_workers, POST=taskrouter.create_worker),
        at(one + "/Workers/{sid}", GET=taskrouter.fetch_worker, POST=taskrouter.update_worker),
        at(one + "/TaskQueues", GET=taskrouter.list_queues, POST=taskrouter.create_queue),
        at(one + "/TaskQueues/{sid}", GET=taskrouter.fetch_queue),
        at(one + "/Workflows", GET=taskrouter.list_workflows, POST=taskrouter.create_workflow),
        at(one + "/Workflows/{sid}", GET=taskrouter.fetch_workflow, POST=taskrouter.update_workflow),
        at(one + "/Tasks", GET=tasks.list_tasks, POST=tasks.create_task),
        at(one + "/Tasks/{sid}", GET=tasks.fetch_task, POST=tasks.update_task, DELETE=tasks.delete_task),
        at(one + "/Tasks/{task}/Reservations", GET=tasks.list_reservations),
        at(one + "/Tasks/{task}/Reservations/{sid}", GET=tasks.fetch_reservation, POST=tasks.update_reservation),
    ]
