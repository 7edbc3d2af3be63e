"""Territories, hours, technicians with vans and skills, parts and stock (sheet 6.3)."""

from random import Random

from voice_agent.demo.salesforce.seed.loader import SeedRecord
from voice_agent.demo.salesforce.seed.variant import Place, Technician, Variant

Records = dict[str, list[SeedRecord]]
SKILLS = {
    "hvac": "Air Conditioning",
    "heating": "Heating",
    "gas": "Gas Certified",
    "refrigeration": "Refrigeration",
    "electrical": "Electrical",
    "controls": "Controls",
}
WORK_TYPES: tuple[tuple[str, str, float, dict[str, float], dict[str, float]], ...] = (
    ("ac-repair", "AC Repair", 2, {"hvac": 40}, {"r410a": 2, "capacitor": 1}),
    ("heating-repair", "Heating Repair", 2, {"heating": 50}, {"flame": 1}),
    ("tune-up", "Seasonal Tune-up", 1, {"hvac": 30}, {"filter": 1}),
    ("thermostat-install", "Thermostat Installation", 1.5, {"controls": 50}, {"thermostat": 1, "wire": 20}),
    ("refrigeration-repair", "Refrigeration Repair", 3, {"refrigeration": 60}, {"r410a": 3}),
    ("no-heat", "Emergency No Heat", 2, {"heating": 50, "gas": 50}, {"igniter": 1}),
    ("callback", "Callback Visit", 1, {"hvac": 30}, {}),
)
"""Key, name, hours, skill levels, parts."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def generate(variant: Variant, random: Random, numbers: dict[str, str]) -> Records:
    """Everything that work is planned with."""
    records: Records = {name: [] for name in _ORDER}
    _users(records, variant)
    _hours(records, variant)
    for place in variant.places:
        _place(records, place)
    for key, label in SKILLS.items():
        records["Skill"].append({"key": f"skill-{key}", "MasterLabel": label, "DeveloperName": label.replace(" ", "_")})
    _parts(records, variant)
    for index, technician in enumerate(variant.technicians):
        _technician(records, variant, technician, index, random, numbers)
    _irregular(records, variant)
    _work_types(records)
    return records


def _users(records: Records, variant: Variant) -> None:
    records["Organization"].append(
        {"key": "org", "Name": variant.name, "TimeZoneSidKey": variant.zone, "LanguageLocaleKey": "en_US"}
    )
    records["Profile"] += [
        {"key": "profile-admin", "Name": "System Administrator"},
        {"key": "profile-api", "Name": "Minimum Access - API Only Integrations"},
        {"key": "profile-field", "Name": "Field Service Mobile"},
    ]
    records["Group"].append({"key": "queue-dispatch", "Name": "Dispatch", "DeveloperName": "Dispatch", "Type": "Queue"})
    records["QueueSobject"] += [
        {"QueueId": "#queue-dispatch", "SobjectType": name} for name in ("Case", "Task", "WorkOrder", "Lead")
    ]
    admin = ("admin", "Org", "Administrator", f"admin@{variant.domain}", "profile-admin")
    full = ("integration", "Voice", "Integration", variant.username, "profile-api")
    poor = ("limited", "Limited", "Integration", f"limited.{variant.username}", "profile-api")
    desk = ("dispatcher", "Dispatch", "Desk", f"dispatch@{variant.domain}", "profile-field")
    for key, first, last, username, profile in (admin, full, poor, desk):
        records["User"].append(user(variant, key, first, last, username, profile))


def user(variant: Variant, key: str, first: str, last: str, username: str, profile: str) -> SeedRecord:
    return {
        "key": key,
        "FirstName": first,
        "LastName": last,
        "Username": username,
        "Email": username,
        "Alias": key[:8],
        "ProfileId": f"#{profile}",
        "TimeZoneSidKey": variant.zone,
        "LocaleSidKey": variant.locale,
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    }


def _hours(records: Records, variant: Variant) -> None:
    for place in variant.places:
        key = f"hours-{place.key}"
        records["OperatingHours"].append({"key": key, "Name": f"{place.name} Hours", "TimeZone": place.zone})
        for day in _WEEKDAYS:
            for start, end in (("08:00", "12:00"), ("12:30", "17:30")):
                records["TimeSlot"].append(_slot(key, day, start, end))
        records["TimeSlot"].append(_slot(key, "Saturday", "09:00", "13:00", kind="Extended"))
    windows = f"windows-{variant.places[0].key}"
    records["OperatingHours"].append(
        {"key": windows, "Name": "Gold Appointment Windows", "TimeZone": variant.places[0].zone}
    )
    for day in _WEEKDAYS:
        for hour in (8, 10, 12, 14, 16):
            slot = _slot(windows, day, f"{hour:02d}:00", f"{hour + 2:02d}:00")
            records["TimeSlot"].append({**slot, "MaxAppointments": 2})
    records["Holiday"].append(
        {"key": "founders", "Name": "Founders' Day", "ActivityDate": "@date+17", "IsAllDay": True}
    )
    records["Holiday"].append(
        {
            "key": "stocktaking",
            "Name": "Stocktaking",
            "ActivityDate": "@date+9",
            "IsAllDay": False,
            "StartTimeInMinutes": 13 * 60,
            "EndTimeInMinutes": 17 * 60 + 30,
        }
    )
    for place in variant.places:
        records["OperatingHoursHoliday"].append({"OperatingHoursId": f"#hours-{place.key}", "HolidayId": "#founders"})
    records["OperatingHoursHoliday"].append(
        {"OperatingHoursId": f"#hours-{variant.places[1].key}", "HolidayId": "#stocktaking"}
    )


def _slot(hours: str, day: str, start: str, end: str, kind: str = "Normal") -> SeedRecord:
    return {
        "OperatingHoursId": f"#{hours}",
        "DayOfWeek": day,
        "StartTime": f"{start}:00.000Z",
        "EndTime": f"{end}:00.000Z",
        "Type": kind,
    }


def _place(records: Records, place: Place) -> None:
    records["ServiceTerritory"].append(
        {
            "key": f"territory-{place.key}",
            "Name": place.name,
            "OperatingHoursId": f"#hours-{place.key}",
            "IsActive": True,
            "City": place.city,
            "State": place.state,
            "Country": place.country,
            "Latitude": place.latitude,
            "Longitude": place.longitude,
            "TypicalInTerritoryTravelTime": 20,
        }
    )
    records["Location"].append(
        {
            "key": f"warehouse-{place.key}",
            "Name": f"{place.name} Warehouse",
            "LocationType": "Warehouse",
            "IsInventoryLocation": True,
            "IsMobile": False,
            "Latitude": place.latitude + 0.03,
            "Longitude": place.longitude - 0.05,
            "TimeZone": place.zone,
        }
    )
    records["ServiceTerritoryLocation"].append(
        {"LocationId": f"#warehouse-{place.key}", "ServiceTerritoryId": f"#territory-{place.key}"}
    )


def _parts(records: Records, variant: Variant) -> None:
    records["Pricebook2"].append({"key": "prices", "Name": "Standard Price Book", "IsActive": True, "IsStandard": True})
    for part in variant.parts:
        records["Product2"].append(
            {
                "key": f"part-{part.key}",
                "Name": part.name,
                "ProductCode": part.code,
                "Family": part.family,
                "IsActive": True,
                "QuantityUnitOfMeasure": part.unit,
                "StockKeepingUnit": f"SKU-{part.code}",
            }
        )
        records["PricebookEntry"].append(
            {
                "key": f"price-{part.key}",
                "Pricebook2Id": "#prices",
                "Product2Id": f"#part-{part.key}",
                "UnitPrice": part.price,
                "IsActive": True,
            }
        )
        for place in variant.places:
            _item(records, part.key, f"warehouse-{place.key}", part.warehouse)


def _item(records: Records, part: str, location: str, quantity: float) -> None:
    records["ProductItem"].append(
        {
            "key": f"item-{part}-{location}",
            "Product2Id": f"#part-{part}",
            "LocationId": f"#{location}",
            "QuantityOnHand": quantity,
        }
    )


def _technician(
    records: Records,
    variant: Variant,
    technician: Technician,
    index: int,
    random: Random,
    numbers: dict[str, str],
) -> None:
    place = next(place for place in variant.places if place.key == technician.place)
    key, van = technician.key, f"van-{technician.key}"
    pin = variant.pins[index]
    username = f"{technician.first}.{technician.last}@{variant.domain}".lower()
    records["User"].append(
        {
            **user(variant, f"user-{key}", technician.first, technician.last, username, "profile-field"),
            "MobilePhone": numbers[key],
            "TimeZoneSidKey": place.zone,
        }
    )
    records["Location"].append(
        {
            "key": van,
            "Name": f"Van {10 + index} ({technician.first})",
            "LocationType": "Van",
            "IsInventoryLocation": True,
            "IsMobile": True,
            "TimeZone": place.zone,
        }
    )
    records["ServiceTerritoryLocation"].append(
        {"LocationId": f"#{van}", "ServiceTerritoryId": f"#territory-{place.key}"}
    )
    minutes = {"dana": 3, "marcus": 190}.get(key, 12)
    records["ServiceResource"].append(
        {
            "key": key,
            "Name": f"{technician.first} {technician.last}",
            "ResourceType": "T",
            "IsActive": True,
            "IsOptimizationCapable": True,
            "RelatedRecordId": f"#user-{key}",
            "LocationId": f"#{van}",
            "Phone_E164__c": numbers[key],
            "Employee_Number__c": technician.employee_number,
            "Voice_Pin__c": pin.hashed,
            "LastKnownLatitude": round(place.latitude + random.uniform(-0.04, 0.04), 5),
            "LastKnownLongitude": round(place.longitude + random.uniform(-0.04, 0.04), 5),
            "LastKnownLocationDate": f"@now-{minutes}m",
        }
    )
    records["ServiceTerritoryMember"].append(
        {
            "ServiceResourceId": f"#{key}",
            "ServiceTerritoryId": f"#territory-{place.key}",
            "TerritoryType": "P",
            "EffectiveStartDate": f"@day-400 00:00 {place.zone}",
            "City": place.city,
            "Latitude": round(place.latitude + random.uniform(-0.08, 0.08), 5),
            "Longitude": round(place.longitude + random.uniform(-0.08, 0.08), 5),
        }
    )
    for skill, level in technician.skills.items():
        records["ServiceResourceSkill"].append(
            {
                "ServiceResourceId": f"#{key}",
                "SkillId": f"#skill-{skill}",
                "SkillLevel": level,
                "EffectiveStartDate": f"@day-400 00:00 {place.zone}",
            }
        )
    for part in variant.parts:
        quantity = part.van if key == "alex" else float(random.choice((0, 1, part.van, part.van + 1)))
        _item(records, part.key, van, quantity)


def _irregular(records: Records, variant: Variant) -> None:
    """What makes planning interesting: absences, a lapsed and a relocating membership, one who left."""
    first, second = variant.places
    records["ResourceAbsence"] += [
        _absence("dana", "Vacation", f"@work+1 00:00 {first.zone}", f"@work+2 00:00 {first.zone}", "Approved"),
        _absence("marcus", "Training", f"@work+2 13:00 {first.zone}", f"@work+2 17:30 {first.zone}", "Approved"),
        _absence("priya", "Medical", f"@work+3 08:00 {first.zone}", f"@work+3 10:00 {first.zone}", "Open"),
        _absence("luis", "Meeting", f"@work+1 09:00 {second.zone}", f"@work+1 10:00 {second.zone}", "Approved"),
    ]
    records["ServiceTerritoryMember"] += [
        {
            "ServiceResourceId": "#tomas",
            "ServiceTerritoryId": f"#territory-{second.key}",
            "TerritoryType": "S",
            "EffectiveStartDate": f"@day-200 00:00 {second.zone}",
            "EffectiveEndDate": f"@day-20 00:00 {second.zone}",
        },
        {
            "ServiceResourceId": "#priya",
            "ServiceTerritoryId": f"#territory-{second.key}",
            "TerritoryType": "R",
            "EffectiveStartDate": f"@day+14 00:00 {second.zone}",
            "EffectiveEndDate": f"@day+21 00:00 {second.zone}",
        },
    ]
    records["ServiceResource"].append(
        {"key": "former", "Name": "Former Technician", "ResourceType": "T", "IsActive": False}
    )


def _absence(key: str, kind: str, start: str, end: str, approval: str) -> SeedRecord:
    return {"ResourceId": f"#{key}", "Type": kind, "Start": start, "End": end, "ApprovalStatus": approval}


def _work_types(records: Records) -> None:
    for key, name, hours, skills, parts in WORK_TYPES:
        records["WorkType"].append(
            {
                "key": key,
                "Name": name,
                "EstimatedDuration": hours,
                "DurationType": "Hours",
                "ShouldAutoCreateSvcAppt": key == "callback",
            }
        )
        for skill, level in skills.items():
            records["SkillRequirement"].append(
                {"RelatedRecordId": f"#{key}", "SkillId": f"#skill-{skill}", "SkillLevel": level}
            )
        for part, quantity in parts.items():
            records["ProductRequired"].append(
                {"ParentRecordId": f"#{key}", "Product2Id": f"#part-{part}", "QuantityRequired": quantity}
            )


_ORDER = (
    "Organization",
    "Profile",
    "Group",
    "QueueSobject",
    "User",
    "OperatingHours",
    "TimeSlot",
    "Holiday",
    "OperatingHoursHoliday",
    "ServiceTerritory",
    "Location",
    "ServiceTerritoryLocation",
    "Skill",
    "Pricebook2",
    "Product2",
    "PricebookEntry",
    "ProductItem",
    "ServiceResource",
    "ServiceTerritoryMember",
    "ServiceResourceSkill",
    "ResourceAbsence",
    "WorkType",
    "SkillRequirement",
    "ProductRequired",
)
