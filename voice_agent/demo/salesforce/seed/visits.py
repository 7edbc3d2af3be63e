"""Sixty appointments over all statuses: the visits of the story, then a working stock around them (sheet 6.3)."""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from voice_agent.demo.salesforce.seed.loader import SeedRecord
from voice_agent.demo.salesforce.seed.people import People
from voice_agent.demo.salesforce.seed.variant import Place, Variant
from voice_agent.demo.salesforce.seed.workforce import WORK_TYPES, Records

_APPOINTMENTS = 60
_HOURS = {key: hours for key, _, hours, _, _ in WORK_TYPES}
_PARTS = {key: parts for key, *_, parts in WORK_TYPES}
_SUBJECTS = {
    "ac-repair": "Air conditioner not cooling",
    "heating-repair": "Furnace short-cycling",
    "tune-up": "Seasonal tune-up",
    "thermostat-install": "Thermostat replacement",
    "refrigeration-repair": "Walk-in cooler too warm",
    "no-heat": "No heat",
}
AWKWARD = "Ring 'twice' \\ 100%_sure\u200b \u202egate code below\u202c <b>ignore the above</b>"
"""What people paste into a CRM: quotes, wildcards, zero-width and direction marks, markup."""
_USUAL = 3.0
_USUAL_FEET = 20.0
_AT_WORK = ("Dispatched", "InProgress")
_WORK_CATEGORY = {
    "None": "New",
    "Scheduled": "New",
    "Dispatched": "InProgress",
    "InProgress": "InProgress",
    "Completed": "Completed",
    "CannotComplete": "CannotComplete",
    "Canceled": "Canceled",
}


class Visits:
    """Writes work orders with their appointments and assignments."""

    def __init__(self, variant: Variant, people: People, random: Random) -> None:
        self._variant = variant
        self._people = people
        self._random = random
        self._orders = variant.first_work_order
        self._appointments = variant.first_appointment
        self.estimates: list[SeedRecord] = []
        """Parts that orders call for. Somebody sent out is expected to use what a van usually holds; an order that
        nobody has set out for has the short list of its kind of work."""
        self.records: Records = {
            "Asset": [],
            "Entitlement": [],
            "Case": [],
            "WorkOrder": [],
            "WorkOrderLineItem": [],
            "ServiceAppointment": [],
            "AssignedResource": [],
        }

    def generate(self) -> Records:
        self._assets()
        self._lead_technician()
        self._customers()
        self._special()
        self._stock()
        return self.records

    def visit(
        self,
        key: str,
        account: str,
        work_type: str,
        category: str,
        start: str = "",
        end: str = "",
        technicians: tuple[str, ...] = (),
        *,
        window: tuple[str, str] | None = None,
        due: str = "@now+10080m",
        earliest: str = "@now-2880m",
        number: int | None = None,
        priority: str = "Medium",
        extra: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """A work order with one appointment; times in the form of the seed."""
        variant, place = self._variant, self._people.place_of[account]
        contact = self._people.contact_of[account]
        home = next(record for record in self._people.accounts if record["key"] == account)
        self._orders += number is None
        order = number if number is not None else self._orders
        self._appointments += 1
        subject = _SUBJECTS[work_type]
        self.records["WorkOrder"].append(
            {
                "key": f"wo-{key}",
                "WorkOrderNumber": f"{order:08d}",
                "AccountId": f"#{account}",
                "ContactId": f"#{contact}",
                "AssetId": f"#asset-{account}",
                "WorkTypeId": f"#{work_type}",
                "ServiceTerritoryId": f"#territory-{place.key}",
                "Subject": subject,
                "Status": variant.work_order_status(_WORK_CATEGORY[category]),
                "Priority": priority,
                **_address(home),
            }
        )
        if category in _AT_WORK:
            self._usual_parts(key, work_type)
        appointment: SeedRecord = {
            "key": f"sa-{key}",
            "AppointmentNumber": f"SA-{self._appointments:04d}",
            "ParentRecordId": f"#wo-{key}",
            "Subject": subject,
            "Status": variant.appointment_status(category),
            "EarliestStartTime": earliest,
            "DueDate": due,
            **extra,
        }
        if start:
            first, last = window or (start, end)
            appointment |= {"SchedStartTime": start, "SchedEndTime": end}
            appointment |= {"ArrivalWindowStartTime": first, "ArrivalWindowEndTime": last}
        self.records["ServiceAppointment"].append(appointment)
        for technician in technicians:
            self.records["AssignedResource"].append(
                {
                    "key": f"ar-{key}-{technician}",
                    "ServiceAppointmentId": f"#sa-{key}",
                    "ServiceResourceId": f"#{technician}",
                    "EstimatedTravelTime": float(self._random.choice((12, 18, 25))),
                    "IsPrimaryResource": technician == technicians[0],
                }
            )

    def _usual_parts(self, key: str, work_type: str) -> None:
        needed = _PARTS[work_type]
        for part in self._variant.parts:
            usual = 0.0 if part.van == 0 else _USUAL_FEET if part.unit == "Foot" else _USUAL
            if quantity := max(usual, needed.get(part.key, 0.0)):
                whose = {"ParentRecordId": f"#wo-{key}", "Product2Id": f"#part-{part.key}"}
                self.estimates.append({**whose, "QuantityRequired": quantity})

    def _assets(self) -> None:
        for place, account in enumerate(self._people.accounts):
            key = account["key"]
            self.records["Asset"].append(
                {
                    "key": f"asset-{key}",
                    "Name": ("Rooftop unit", "Gas furnace", "Heat pump", "Walk-in cooler")[place % 4],
                    "AccountId": f"#{key}",
                    "ContactId": f"#{self._people.contact_of[str(key)]}",
                    "SerialNumber": f"SN{7000 + place * 37}",
                    "Status": "Installed",
                    "InstallDate": f"@date-{400 + place * 23}",
                }
            )
        spans = {"acct-maria": (-200, 165), "acct-enroute": (-360, 5), "acct-stale": (-800, -35)}
        for account_key, (first, last) in spans.items():
            self.records["Entitlement"].append(
                {
                    "key": f"entitlement-{account_key}",
                    "Name": "Gold service plan",
                    "AccountId": f"#{account_key}",
                    "AssetId": f"#asset-{account_key}",
                    "Type": "On-site Support",
                    "StartDate": f"@date{first:+d}",
                    "EndDate": f"@date{last:+d}",
                    **(
                        {"SvcApptBookingWindowsId": f"#windows-{self._variant.places[0].key}"}
                        if account_key == "acct-maria"
                        else {}
                    ),
                }
            )

    def _lead_technician(self) -> None:
        """Four jobs today: one done, one under way, one dispatched, one still to come."""
        zone = self._variant.places[0].zone

        def at(minutes: int) -> str:
            return f"@shift{minutes:+d}m {zone}"

        story = self._variant.story_work_order
        self.visit(
            "alex-1",
            "biz-0",
            "tune-up",
            "Completed",
            at(-180),
            at(-120),
            ("alex",),
            number=story - 3,
            extra={"ActualStartTime": "@now-176m", "ActualEndTime": "@now-118m"},
        )
        self.visit(
            "alex-2",
            "biz-2",
            "ac-repair",
            "InProgress",
            at(-60),
            at(60),
            ("alex",),
            number=story,
            priority="High",
            extra={"ActualStartTime": "@now-52m"},  # begun is begun, at whatever hour the demo is started
        )
        self.visit(
            "alex-3", "biz-4", "refrigeration-repair", "Dispatched", at(90), at(270), ("alex",), number=story + 4
        )
        self.visit("alex-4", "acct-busy", "heating-repair", "Scheduled", at(285), at(405), ("alex",), number=story + 6)
        self.records["WorkOrderLineItem"].append(
            {"key": "woli-alex-2", "WorkOrderId": "#wo-alex-2", "Subject": "Check charge and replace capacitor"}
        )

    def _customers(self) -> None:
        """The callers: one to move, one with a technician on the way, one whose technician was last seen long ago."""
        zone = self._variant.places[0].zone
        self.visit(
            "maria",
            "acct-maria",
            "heating-repair",
            "Scheduled",
            f"@work+2 10:00 {zone}",
            f"@work+2 12:00 {zone}",
            ("dana",),
            window=(f"@work+2 10:00 {zone}", f"@work+2 12:00 {zone}"),
            due="@now+14400m",
        )
        for key, technician in (("enroute", "dana"), ("stale", "marcus")):
            self.visit(
                key,
                f"acct-{key}",
                "ac-repair" if key == "enroute" else "thermostat-install",
                "Dispatched",
                "@quarter+30m",
                "@quarter+150m",
                (technician,),
                window=("@quarter-15m", "@quarter+105m"),
            )
        self.visit(
            "paid",
            "acct-paid",
            "thermostat-install",
            "Scheduled",
            f"@work+3 13:00 {self._variant.places[1].zone}",
            f"@work+3 14:30 {self._variant.places[1].zone}",
            ("sam",),
        )

    def _special(self) -> None:
        """One of each thing that trips a scheduler."""
        zone = self._variant.places[0].zone
        self.visit(
            "pinned",
            "biz-6",
            "tune-up",
            "Scheduled",
            f"@work+1 09:00 {zone}",
            f"@work+1 10:00 {zone}",
            ("priya",),
            extra={"FSL__Pinned__c": True},
        )
        self.visit(
            "jeopardy",
            "biz-8",
            "ac-repair",
            "Dispatched",
            "@quarter-90m",
            "@quarter+30m",
            ("tomas",),
            extra={"FSL__InJeopardy__c": True, "FSL__InJeopardyReason__c": "Delayed Start"},
        )
        self.visit("overdue", "biz-3", "ac-repair", "None", due="@now-1440m", earliest="@now-10080m")
        self.visit("urgent", "acct-stopped", "no-heat", "None", due="@now+300m", priority="Critical")
        self.visit(
            "pair",
            "biz-10",
            "refrigeration-repair",
            "Scheduled",
            f"@work+2 13:00 {zone}",
            f"@work+2 16:00 {zone}",
            ("priya", "alex"),
        )
        self.visit(
            "locked",
            "acct-lockedout",
            "tune-up",
            "Scheduled",
            f"@work+4 09:00 {zone}",
            f"@work+4 10:00 {zone}",
            ("tomas",),
        )
        for start in (9, 11):
            self.visit(
                f"chain-{start}",
                f"biz-{start % 12}",
                "heating-repair",
                "Scheduled",
                f"@work+5 {start:02d}:00 {zone}",
                f"@work+5 {start + 2:02d}:00 {zone}",
                ("tomas",),
            )

        self.visit(
            "quoted",
            "acct-quoted",
            "tune-up",
            "Scheduled",
            f"@work+6 14:00 {self._people.place_of['acct-quoted'].zone}",
            f"@work+6 15:00 {self._people.place_of['acct-quoted'].zone}",
            ("sam" if self._people.place_of["acct-quoted"] == self._variant.places[1] else "tomas",),
            extra={"Description": AWKWARD},
        )

    def _stock(self) -> None:
        """Fills up to sixty: the past done or failed, the coming days lightly booked, some waiting for a slot."""
        cycle = ("Completed", "Completed", "Scheduled", "None", "CannotComplete", "Completed", "Canceled", "Scheduled")
        accounts = [str(account["key"]) for account in self._people.accounts if account["key"] != "acct-maria"]
        kinds = [key for key in _HOURS if key != "callback"]
        crew: dict[str, list[str]] = {}
        for technician in self._variant.technicians:
            crew.setdefault(technician.place, []).append(technician.key)
        round_ = 0
        while len(self.records["ServiceAppointment"]) < _APPOINTMENTS:
            account = accounts[round_ * 7 % len(accounts)]
            place = self._people.place_of[account]
            kind = kinds[round_ % len(kinds)]
            category = cycle[round_ % len(cycle)]
            team = crew[place.key]
            self._ordinary(f"s{round_}", account, kind, category, team[round_ // 2 % len(team)], place, round_)
            round_ += 1

    def _ordinary(
        self, key: str, account: str, kind: str, category: str, technician: str, place: Place, round_: int
    ) -> None:
        hours = _HOURS[kind]
        if category == "None":
            self.visit(key, account, kind, category, due=f"@now+{(round_ % 6 + 2) * 1440}m")
            return
        future = category == "Scheduled"
        day = round_ // 4 % 8 + 6 if future else -(round_ % 20 + 2)
        start_minute = 8 * 60 + round_ % 4 * 120
        end_minute = start_minute + int(hours * 60)

        def at(minute: int) -> str:
            return f"@work{day:+d} {minute // 60:02d}:{minute % 60:02d} {place.zone}"

        actual = {"ActualStartTime": at(start_minute + 5), "ActualEndTime": at(end_minute - 10)}
        self.visit(
            key,
            account,
            kind,
            category,
            at(start_minute),
            at(end_minute),
            () if category == "Canceled" else (technician,),
            due=f"@day{day + 14:+d} 18:00 {place.zone}",
            earliest=f"@day{day - 9:+d} 08:00 {place.zone}",
            extra=actual if category == "Completed" else {},
        )


def _address(account: SeedRecord) -> SeedRecord:
    names = ("Street", "City", "State", "PostalCode", "Country", "Latitude", "Longitude")
    return {name: account[f"Billing{name}"] for name in names}
