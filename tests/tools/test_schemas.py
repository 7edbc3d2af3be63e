"""What the model may pass to a tool, and what it is told about it."""

from __future__ import annotations

import orjson
import pytest

from tools import CONTROLS, TOOLS
from voice_agent.agent.tool import Tool
from voice_agent.errors import InvalidArguments
from voice_agent.language.reading import LIFE_HAZARDS, URGENT_HAZARDS
from voice_agent.salesforce.field_service import FieldService

NAMES = [tool.name for tool in TOOLS]
MOST_BYTES_A_LINE = 10_000
"""About 2,400 tokens: the tools are sent with every request of a call."""


def tool(name: str) -> Tool:
    return next(tool for tool in TOOLS if tool.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_takes_no_argument_that_its_schema_does_not_name(name: str) -> None:
    parameters = tool(name).schema["function"]["parameters"]
    assert parameters["additionalProperties"] is False
    with pytest.raises(InvalidArguments):
        tool(name).parse('{"record_id": "08pHq0000000002IAA"}')


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_tells_the_model_what_to_put_there(name: str) -> None:
    parameters = tool(name).schema["function"]["parameters"]
    for argument, schema in parameters["properties"].items():
        assert schema.get("description"), f"{name}.{argument}"


@pytest.mark.parametrize("name", NAMES)
def test_a_tool_says_when_to_use_it(name: str) -> None:
    description = tool(name).description
    assert "Use " in description or "Not needed" in description
    assert len(description) < 400


@pytest.mark.parametrize("role", ["customer", "technician", "after_hours"])
def test_the_tools_of_a_line_stay_small_enough_to_be_sent_every_time(role: str) -> None:
    schemas = [tool.schema for tool in TOOLS if role in tool.lines]
    assert len(orjson.dumps([*schemas, *CONTROLS])) < MOST_BYTES_A_LINE


def test_names_are_unique_and_none_is_a_control() -> None:
    controls = [schema["function"]["name"] for schema in CONTROLS]
    assert len(set(NAMES) | set(controls)) == len(NAMES) + len(controls)


def test_only_a_message_a_proof_and_a_text_to_the_number_on_record_need_no_identity() -> None:
    assert [tool.name for tool in TOOLS if tool.level == 0] == ["text_details", "identify", "take_message"]
    assert all(tool.level == 2 for tool in TOOLS if tool.lines == {"technician"})
    assert tool("cancel_visit").level == 2


def test_what_changes_the_org_is_marked_as_a_write() -> None:
    reads = {tool.name for tool in TOOLS if not tool.writes}
    assert reads == {
        "my_visits",
        "visit_details",
        "eta",
        "free_slots",
        "my_day",
        "find_job",
        "job_details",
        "part_stock",
        "identify",
    }


def test_every_hazard_with_guidance_can_be_reported() -> None:
    report = next(schema for schema in CONTROLS if schema["function"]["name"] == "report_emergency")
    assert set(report["function"]["parameters"]["properties"]["hazard"]["enum"]) == {*LIFE_HAZARDS, *URGENT_HAZARDS}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("update_job", '{"job": "4512", "status": "done"}'),
        ("update_job", '{"job": "4512", "parts": [{"part": "flame sensor", "quantity": -1}]}'),
        ("update_job", '{"job": "4512", "parts": [{"part": "flame sensor", "quantity": 1e9}]}'),
        ("update_job", '{"job": ""}'),
        ("free_slots", '{"date_from": "thursday"}'),
        ("free_slots", '{"not_weekdays": ["thursdays"]}'),
        ("running_late", '{"job": "next", "minutes": 0}'),
        ("running_late", '{"job": "next", "minutes": "soon"}'),
        ("take_message", '{"desk": "the boss", "message": "hello"}'),
        ("reschedule", "{}"),
        ("reschedule", '["slot 1"]'),
        ("eta", "not json"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_a_reason(name: str, arguments: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        tool(name).parse(arguments)
    assert refused.value.for_model


def test_tools_ask_the_field_service_for_nothing_it_does_not_offer() -> None:
    for method in (
        "appointments_of day find_job eta slots match_part part_stock work_types_like assets_like plan_reschedule "
        "plan_cancel plan_confirm plan_arrival_note plan_job_update plan_running_late plan_note plan_part_request "
        "plan_transfer plan_new_problem plan_message plan_line_item plan_question plan_preferred_times "
        "plan_details_sent assets_at parts_required"
    ).split():
        assert hasattr(FieldService, method), method
