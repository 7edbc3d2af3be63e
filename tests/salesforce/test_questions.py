"""What callers and technicians ask, answered from the emulated org over real HTTP, each within its round trips."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.salesforce.emulated_org import EmulatedOrg
from tests.salesforce.facade import PATIENT, live
from voice_agent import errors
from voice_agent.salesforce.changes import Change
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.limits import Timeouts
from voice_agent.salesforce.pins import verify_pin
from voice_agent.salesforce.records import RecordId, Technician
from voice_agent.salesforce.wishes import SlotWish

MARIA, HELEN, WALTER, NADIA = "+18475550103", "+16025550103", "+14805550103", "+16025550104"
ALEX, DANA = "+13125550103", "+13125550199"
CHICAGO = ZoneInfo("America/Chicago")


@asynccontextmanager
async def field_service(org: EmulatedOrg, *, timeouts: Timeouts = PATIENT) -> AsyncIterator[FieldService]:
    told = org.info["salesforce"]
    salesforce = Salesforce(
        Credentials(domain="brightwater.my", client_id=told["client_id"], client_secret=told["client_secret"]),
        api_base_url=org.url,
        timeouts=timeouts,
        jitter=lambda low, high: 0.0,
    )
    try:
        await salesforce.connect()
        yield FieldService(salesforce, now=lambda: org.now)
    finally:
        await salesforce.close()


def spent(service: FieldService) -> int:
    return service._salesforce.calls


async def alex_of(service: FieldService) -> Technician:
    (alex,) = (await service.caller_context(ALEX)).technicians
    return alex


@live
async def test_a_customers_context_is_one_round_trip(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        context = await service.caller_context(MARIA)
        assert spent(service) == 1
    (maria,) = context.matches
    assert (maria.name, maria.phone_e164) == ("Maria Gonzalez", MARIA)
    visit = context.appointments[0]
    assert (visit.number, visit.category, visit.zone) == ("SA-2305", "Scheduled", "America/Chicago")
    assert visit.work_order is not None
    assert visit.work_order.number == "00004521"
    assert visit.entitlement is not None
    assert visit.entitlement.name == "Gold service plan"
    assert visit.assignments[0].technician_name == "Dana Kowalski"


@live
async def test_a_technicians_context_is_one_round_trip_and_proves_the_pin(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        context = await service.caller_context(ALEX)
        assert spent(service) == 1
    (alex,) = context.technicians
    assert (alex.first_name, alex.employee_number, alex.zone) == ("Alex", "1042", "America/Chicago")
    assert verify_pin(alex.voice_pin, "482913")
    assert not verify_pin(alex.voice_pin, "482914")


@live
async def test_an_unknown_number_costs_one_search_more_and_finds_nobody(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        context = await service.caller_context("+17735550103")
        assert (context.matches, context.technicians, context.appointments) == ((), (), ())
        assert spent(service) == 2


@pytest.mark.parametrize("number", ["", "anonymous", "+266696687", "Restricted", "' OR Name != '", "+1"])
@live
async def test_a_number_that_is_none_asks_nothing(org: EmulatedOrg, number: str) -> None:
    async with field_service(org) as service:
        context = await service.caller_context(number)
        assert not context.matches
        assert spent(service) <= (2 if number == "+266696687" else 0)


@live
async def test_one_number_on_five_contacts_is_five_matches(org: EmulatedOrg) -> None:
    """7.2: two or more people means ask, never assume."""
    async with field_service(org) as service:
        assert len((await service.caller_context("+18475550113")).matches) == 5


@pytest.mark.parametrize("number", [NADIA, "+14805550104", "+13125550105", "+17735550105", "+18475550105"])
@live
async def test_one_person_is_found_by_any_of_her_numbers(org: EmulatedOrg, number: str) -> None:
    """Another number than the one on record is found by search and checked digit by digit."""
    async with field_service(org) as service:
        (nadia,) = (await service.caller_context(number)).matches
    assert nadia.name == "Nadia Haddad"
    assert nadia.phone_e164 == NADIA, "a code still goes to the number on record"


@pytest.mark.parametrize(
    "stored",
    [
        "(847) 555-0150",
        "847-555-0150",
        "847.555.0150",
        "847 555 0150",
        "8475550150",
        "18475550150",
        "+1 847 555 0150",
        "847-555-0150 x12",
    ],
)
@live
async def test_eight_spellings_of_a_number_are_one_number(org: EmulatedOrg, stored: str) -> None:
    made = org.rest("POST", "sobjects/Contact", {"LastName": "Spelled", "HomePhone": stored})
    org.rest("PATCH", f"sobjects/Contact/{made['id']}", {"Phone_E164__c": None})
    async with field_service(org) as service:
        (found,) = (await service.caller_context("+18475550150")).matches
    assert found.name.endswith("Spelled")


@live
async def test_text_from_the_org_is_data(org: EmulatedOrg) -> None:
    """Quotes and backslashes survive, invisible and direction-changing characters do not."""
    odd = 'O\'Neil "Mac" \\ S\u200bo\u202ens @{visit.id}'
    maria = org.rows(f"SELECT Id FROM Contact WHERE Phone_E164__c = '{MARIA}'")[0]["Id"]
    org.rest("PATCH", f"sobjects/Contact/{maria}", {"LastName": odd})
    async with field_service(org) as service:
        (found,) = (await service.caller_context(MARIA)).matches
    assert found.name == 'Maria O\'Neil "Mac" \\ Sons @ {visit.id}'


@live
async def test_a_technician_elsewhere_gives_the_employee_number(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await service.technician_by_employee_number("1042")
        assert alex is not None
        assert alex.name == "Alex Rivera"
        assert await service.technician_by_employee_number("9999") is None
        assert await service.technician_by_employee_number("' OR Name != '") is None


@live
async def test_a_customer_elsewhere_names_the_work_order(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        for said in ("4521", "00004521", "4 5 2 1"):
            order = await service.work_order_for_stranger(said)
            assert order is not None
            assert (order.contact.name, order.number_on_record) == ("Maria Gonzalez", MARIA)
            assert [visit.number for visit in order.appointments] == ["SA-2305"]
        for unknown in ("", "1", "999999", "12345678901234567890", "%"):
            assert await service.work_order_for_stranger(unknown) is None


@live
async def test_a_technicians_day_is_in_order(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        jobs = await service.day(alex, date(2026, 11, 23))
        assert [job.appointment.number for job in jobs] == ["SA-2301", "SA-2302", "SA-2303", "SA-2304"]
        assert jobs[1].customer == "Bianca Bauer"
        assert await service.day(alex, date(2026, 11, 22)) == ()
        assert spent(service) == 1, "read along with who is calling, yesterday and tomorrow too"
        assert [job.appointment.number for job in await service.day(alex, date(2026, 11, 25))] == ["SA-2313"]


@pytest.mark.parametrize("said", ["4512", "00004512", "4 5 1 2", "2302", "SA-2302", "512"])
@live
async def test_a_job_is_found_by_either_number(org: EmulatedOrg, said: str) -> None:
    async with field_service(org) as service:
        (job,) = await service.find_job(await alex_of(service), said)
    assert job.work_order is not None
    assert (job.work_order.number, job.appointment.number) == ("00004512", "SA-2302")


@live
async def test_a_job_of_another_week_is_found_at_the_cost_of_a_call(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        (later,) = await service.find_job(alex, "2313")
        assert later.appointment.category == "Scheduled"
        assert spent(service) == 2


@live
async def test_a_job_of_somebody_else_is_not_found(org: EmulatedOrg) -> None:
    """4521 is Dana's."""
    async with field_service(org) as service:
        alex = await alex_of(service)
        for said in ("4521", "2305", "0", "", "12", "99999"):
            assert await service.find_job(alex, said) == ()


@live
async def test_minutes_are_said_only_with_a_fresh_location(org: EmulatedOrg) -> None:
    """3.2: Helen's technician was seen minutes ago, Walter's hours ago."""
    async with field_service(org) as service:
        helen = await service.eta((await service.caller_context(HELEN)).appointments[0])
        walter = await service.eta((await service.caller_context(WALTER)).appointments[0])
        maria = await service.eta((await service.caller_context(MARIA)).appointments[0])
    assert helen.category == walter.category == "Dispatched"
    assert helen.minutes is not None
    assert helen.minutes % 5 == 0
    assert walter.minutes is None
    assert walter.location_age_minutes is not None
    assert walter.location_age_minutes > 60
    assert maria.minutes is None, "scheduled: nobody is on the way yet"
    for eta in (helen, walter, maria):
        assert eta.window is not None
        assert "." not in (eta.technician or ""), "a first name"


@live
async def test_a_context_of_a_minute_ago_is_read_again_for_an_eta(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(MARIA)).appointments[0]
        await service.eta(visit)
        assert spent(service) == 1
        org.somebody_else_changes("ServiceAppointment", visit.id, Status="Dispatched")
        org.advance(60)
        eta = await service.eta(visit)
        assert (eta.category, spent(service)) == ("Dispatched", 2)


@live
async def test_stops_before_a_visit_of_today_are_counted_in_the_same_round_trip(org: EmulatedOrg) -> None:
    """What the technician has still to do before it that day; never where they are."""
    rows = org.rows(
        "SELECT Id, SchedStartTime, StatusCategory FROM ServiceAppointment WHERE SchedStartTime = TODAY AND Id IN "
        "(SELECT ServiceAppointmentId FROM AssignedResource WHERE ServiceResource.Name = 'Alex Rivera') "
        "ORDER BY SchedStartTime"
    )
    last, before = rows[-1], [r for r in rows[:-1] if r["StatusCategory"] in ("Scheduled", "Dispatched", "InProgress")]
    assert last["StatusCategory"] == "Scheduled", "the seed: a last job that nobody has begun"
    assert before
    async with field_service(org) as service:
        visit = await service.appointment(last["Id"])
        assert visit is not None
        asked = spent(service)
        assert (await service.eta(visit)).stops_before == len(before)
        assert spent(service) == asked + 1
        under_way = next(row for row in before if row["StatusCategory"] == "InProgress")
        org.somebody_else_changes("ServiceAppointment", under_way["Id"], Status="Completed")
        org.advance(60)
        assert (await service.eta(visit)).stops_before == len(before) - 1
        assert spent(service) == asked + 2
        tomorrow = (await service.caller_context(MARIA)).appointments[0]
        assert (await service.eta(tomorrow)).stops_before is None, "only of the day itself"


@live
async def test_a_lost_count_of_stops_leaves_the_window(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(HELEN)).appointments[0]
        org.fault("POST .*/composite.*", "503", times=9)
        org.fault("GET .*/query.*", "503", times=9)
        eta = await service.eta(visit)
    assert (eta.window, eta.stops_before) == (visit.window, None)


@live
async def test_visits_read_with_the_caller_are_not_read_again_until_something_changes(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        context = await service.caller_context(MARIA)
        (maria,) = context.matches
        assert await service.appointments_of(maria) == context.of(maria)
        assert spent(service) == 1
        visit = context.of(maria)[0]
        service.note(Change("ServiceAppointment", "UPDATE", (visit.id,), {}, org.now, ours=False))
        await service.appointments_of(maria)
        assert spent(service) == 2
        whose, made = {"AccountId": maria.account_id}, ("08p000000000001AAA",)
        service.note(Change("ServiceAppointment", "CREATE", made, whose, org.now, ours=False))
        await service.appointments_of(maria)
        assert spent(service) == 3
        await service.commit(await service.plan_arrival_note(visit, "the bell is broken"), key="n", audit={})
        await service.appointments_of(maria)
        assert spent(service) == 5


@live
async def test_slots_are_one_round_trip_in_the_territorys_zone(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        await service.warm_up()
        visit = (await service.caller_context(MARIA)).appointments[0]
        before = spent(service)
        slots = await service.slots(visit, SlotWish())
        assert spent(service) == before + 1
    assert 1 < len(slots) <= 6
    assert len({slot.window_start.astimezone(CHICAGO).date() for slot in slots}) >= 2
    for slot in slots:
        assert slot.zone == "America/Chicago"
        assert slot.window_end - slot.window_start == timedelta(hours=2)
        assert slot.window_start >= org.now
        assert slot.window_start.astimezone(CHICAGO).hour in (8, 10, 12, 13, 14)
        assert (slot.window_start, slot.window_end) != visit.window


@live
async def test_no_offered_slot_overlaps_a_visit_or_an_absence(org: EmulatedOrg) -> None:
    """Checked against the org's own rows, not against what we read."""
    async with field_service(org) as service:
        visit = (await service.caller_context(MARIA)).appointments[0]
        slots = await service.slots(visit, SlotWish())
    for slot in slots:
        start, end = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (slot.start, slot.end))
        assert not org.rows(
            f"SELECT Id FROM AssignedResource WHERE ServiceResourceId = '{slot.technician_id}' "
            f"AND ServiceAppointmentId != '{visit.id}' AND ServiceAppointment.SchedStartTime < {end} "
            f"AND ServiceAppointment.SchedEndTime > {start} "
            "AND ServiceAppointment.StatusCategory NOT IN ('Canceled', 'CannotComplete', 'None')"
        )
        assert not org.rows(
            f"SELECT Id FROM ResourceAbsence WHERE ResourceId = '{slot.technician_id}' "
            f"AND Start < {end} AND End > {start}"
        )


@live
async def test_a_territory_without_hours_is_a_dispatchers_business(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(MARIA)).appointments[0]
        for row in org.rows(f"SELECT Id FROM TimeSlot WHERE OperatingHoursId = '{visit.territory_hours_id}'"):
            org.rest("DELETE", f"sobjects/TimeSlot/{row['Id']}")
        with pytest.raises(errors.NotAllowed) as refused:
            await service.slots(visit, SlotWish())
    assert "dispatcher" in refused.value.for_model


@pytest.mark.parametrize(
    ("spoken", "name"),
    [
        ("flame sensor", "Flame sensor"),
        ("flame censor", "Flame sensor"),
        ("KX2210", "Flame sensor"),
        ("k x 2 2 1 0", "Flame sensor"),
        ("gallons of refrigerant", "R-410A refrigerant"),
        ("r 410 a", "R-410A refrigerant"),
        ("blower belts", "Blower belt"),
        ("contactor", "Two-pole contactor"),
        ("igniters", "Hot surface igniter"),
    ],
)
@live
async def test_a_part_is_found_by_words_or_number(org: EmulatedOrg, spoken: str, name: str) -> None:
    async with field_service(org) as service:
        found = await service.match_part(await alex_of(service), spoken)
    assert found[0].name == name
    assert found[0].mine


@live
async def test_words_that_name_no_part_find_none(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        for spoken in ("", "a", "the", "birthday cake", "' OR Name != '", "%"):
            assert await service.match_part(alex, spoken) == ()


@live
async def test_the_van_is_read_once_for_several_parts(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        alex = await alex_of(service)
        for spoken in ("flame sensor", "blower belt", "igniter"):
            await service.match_part(alex, spoken)
        assert spent(service) == 2


@live
async def test_stock_is_listed_nearest_first(org: EmulatedOrg) -> None:
    """Alex is in Chicago: its warehouse is nearer than the one in Phoenix."""
    async with field_service(org) as service:
        alex = await alex_of(service)
        (part, *_) = await service.match_part(alex, "flame sensor")
        stock = await service.part_stock(alex, part)
    assert stock.van is not None
    assert stock.van.on_hand == 5
    assert [place.location for place in stock.warehouses] == ["Chicago North Warehouse", "Phoenix Valley Warehouse"]
    kilometres = [place.km for place in stock.others if place.km is not None]
    assert kilometres == sorted(kilometres)
    assert kilometres[0] < 50
    assert all(place.on_hand > 0 for place in (*stock.others, *stock.warehouses))


@live
async def test_a_problem_is_matched_to_a_kind_of_work_and_a_machine(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        (maria,) = (await service.caller_context(MARIA)).matches
        assert (await service.work_types_like("my heating needs a repair"))[0].name == "Heating Repair"
        assert (await service.work_types_like("seasonal tune up please"))[0].name == "Seasonal Tune-up"
        assert await service.work_types_like("xyzzy") == ()
        assert [asset.serial for asset in await service.assets_like(maria, "the rooftop unit")] == ["SN7000"]
        assert [asset.serial for asset in await service.assets_like(maria, "serial s n 7 0 0 0")] == ["SN7000"]
        assert await service.assets_like(maria, "the dishwasher") == ()


@live
async def test_technicians_are_suggested_with_reasons(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        visit = (await service.caller_context(MARIA)).appointments[0]
        found = await service.candidates(visit)
    assert found
    assert [candidate.score for candidate in found] == sorted(candidate.score for candidate in found)
    assert all("drive" in candidate.reasons[0] for candidate in found)


@live
async def test_who_was_there_before_is_suggested_earlier(org: EmulatedOrg) -> None:
    """Skill, distance, load and history."""
    async with field_service(org) as service:
        visit = (await service.caller_context(MARIA)).appointments[0]
        last = (await service.candidates(visit))[-1]
        for hour in (8, 10, 12):
            past = {
                "ParentRecordId": visit.work_order_id,
                "EarliestStartTime": f"2026-10-05T{hour:02}:00:00Z",
                "DueDate": "2026-10-30T22:00:00Z",
                "SchedStartTime": f"2026-10-05T{hour:02}:00:00Z",
                "SchedEndTime": f"2026-10-05T{hour:02}:30:00Z",
                "Status": "Completed",
            }
            made = org.rest("POST", "sobjects/ServiceAppointment", past)["id"]
            given = {"ServiceAppointmentId": made, "ServiceResourceId": last.technician_id}
            org.rest("POST", "sobjects/AssignedResource", given)
        now = next(one for one in await service.candidates(visit) if one.technician_id == last.technician_id)
    assert now.score == last.score - 15
    assert "was there 3 times" in now.reasons


@live
async def test_a_job_names_the_parts_it_calls_for(org: EmulatedOrg) -> None:
    async with field_service(org) as service:
        (job,) = await service.find_job(await alex_of(service), "4512")
        rows = org.rows(
            f"SELECT ProductName, QuantityRequired FROM ProductRequired WHERE ParentRecordId = '{job.work_order.id}' "
            "ORDER BY ProductName"
            if job.work_order
            else ""
        )
        found = await service.parts_required(job)
    assert rows
    assert [(part.name, part.quantity) for part in found] == [
        (row["ProductName"], row["QuantityRequired"]) for row in rows
    ]


@pytest.mark.parametrize("wrong", ["003Hq0000000001IAA", "08pHq0000000zzzIAA", "nonsense", "", "' OR Name != '"])
@live
async def test_an_id_of_the_wrong_type_finds_nothing(org: EmulatedOrg, wrong: str) -> None:
    async with field_service(org) as service:
        try:
            assert await service.appointment(RecordId(wrong)) is None
        except errors.InvalidInput as refused:
            assert wrong not in str(refused) or not wrong


@live
async def test_an_org_that_stalls_is_named_within_the_time_out(org: EmulatedOrg) -> None:
    short = Timeouts(connect=1.0, read=0.5, write=0.5, sign_in=5.0)
    async with field_service(org, timeouts=short) as service:
        org.fault("POST .*/composite", "latency", ms=1500, times=1)
        with pytest.raises(errors.SalesforceTimeout):
            await service.caller_context(MARIA)
        assert (await service.caller_context(MARIA)).matches
