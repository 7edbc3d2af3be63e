"""What the integration user must see and do, object by object: the source of `check` and of the permission sets.

Required and master-detail fields must not stand in a permission set (a deploy error) and system fields need no right;
they are left out here or marked (sheet 1.8).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """`read`, `create` and `edit` are field names; `fixed` ones are required or system fields that need no grant.

    `optional` objects and fields are used where the org has them and done without where not.
    """

    object: str
    read: str = ""
    create: str = ""
    edit: str = ""
    fixed: str = ""
    optional: str = ""
    mend: str = ""
    missing_is_fine: bool = False

    @property
    def readable(self) -> frozenset[str]:
        return frozenset(f"{self.read} {self.create} {self.edit}".split())

    @property
    def settable(self) -> frozenset[str]:
        return frozenset(f"{self.create} {self.edit}".split())

    @property
    def fields(self) -> frozenset[str]:
        return self.readable | frozenset(self.fixed.split())

    @property
    def optional_fields(self) -> frozenset[str]:
        return frozenset(self.optional.split())


PACKAGE = "deploy the package (voice-agent salesforce-package) and assign its permission set"
FIELD_SERVICE = "switch on Field Service and assign the user its agent or dispatcher permission set"

NEEDS: tuple[Need, ...] = (
    Need(
        "Contact",
        read="FirstName AccountId Phone MobilePhone HomePhone OtherPhone AssistantPhone Email DoNotCall Phone_E164__c",
        fixed="Name LastName",
    ),
    Need("Account", read="Phone OperatingHoursId Phone_E164__c", fixed="Name"),
    Need(
        "Case",
        create="Subject Description Origin Priority ContactId AccountId AssetId SuppliedPhone SuppliedName "
        "Agent_Key__c",
        fixed="CaseNumber",
    ),
    Need("Asset", read="AccountId SerialNumber Product2Id InstallDate Status", fixed="Name"),
    Need("Entitlement", read="Status EndDate SvcApptBookingWindowsId", fixed="Name AccountId", missing_is_fine=True),
    Need("Product2", read="ProductCode", fixed="Name"),
    Need(
        "WorkOrder",
        read="StatusCategory EntitlementId ServiceAppointmentCount",
        create="Subject Description Priority CaseId AccountId ContactId AssetId WorkTypeId ServiceTerritoryId "
        "Street City PostalCode Agent_Key__c",
        edit="Status",
        fixed="WorkOrderNumber",
        optional="FSL__Emergency__c",
        mend=FIELD_SERVICE,
    ),
    Need(
        "WorkOrderLineItem",
        read="StatusCategory ServiceAppointmentCount",
        create="Subject Description WorkTypeId AssetId Agent_Key__c",
        edit="Status",
        fixed="WorkOrderId LineItemNumber",
        mend=FIELD_SERVICE,
    ),
    Need(
        "WorkType",
        read="Description ShouldAutoCreateSvcAppt",
        fixed="Name EstimatedDuration DurationType",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ServiceAppointment",
        read="StatusCategory AccountId ParentRecordType DurationInMinutes Latitude Longitude",
        create="ParentRecordId ContactId Duration DurationType Subject ServiceTerritoryId WorkTypeId Street City "
        "PostalCode Agent_Key__c",
        edit="Status SchedStartTime SchedEndTime ArrivalWindowStartTime ArrivalWindowEndTime ActualStartTime "
        "ActualEndTime",
        fixed="AppointmentNumber EarliestStartTime DueDate",
        optional="CancellationReason FSL__Pinned__c FSL__InJeopardy__c FSL__InJeopardyReason__c",
        mend=FIELD_SERVICE,
    ),
    Need(
        "AssignedResource",
        read="EstimatedTravelTime",
        create="Agent_Key__c",
        fixed="ServiceAppointmentId ServiceResourceId",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ServiceResource",
        read="IsActive ResourceType IsCapacityBased LocationId LastKnownLatitude LastKnownLongitude "
        "LastKnownLocationDate Employee_Number__c Phone_E164__c Voice_Pin__c",
        fixed="Name",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ServiceTerritory",
        read="TypicalInTerritoryTravelTime AvgTravelTime",
        fixed="Name OperatingHoursId",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ServiceTerritoryMember",
        read="TerritoryType EffectiveEndDate OperatingHoursId Latitude Longitude",
        fixed="ServiceResourceId ServiceTerritoryId EffectiveStartDate",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ServiceResourceSkill",
        read="SkillLevel EffectiveEndDate",
        fixed="ServiceResourceId SkillId EffectiveStartDate",
        mend=FIELD_SERVICE,
    ),
    Need("SkillRequirement", read="SkillLevel", fixed="RelatedRecordId SkillId", mend=FIELD_SERVICE),
    Need("ResourceAbsence", read="Latitude Longitude", fixed="ResourceId Start End", mend=FIELD_SERVICE),
    Need(
        "ResourcePreference",
        read="PreferenceType",
        fixed="ServiceResourceId RelatedRecordId",
        mend=FIELD_SERVICE,
        missing_is_fine=True,
    ),
    Need(
        "ServiceResourceCapacity",
        read="TimePeriod CapacityInHours CapacityInWorkItems EndDate",
        fixed="ServiceResourceId StartDate",
        mend="grant Read on it, or nobody is booked by amount",
        missing_is_fine=True,
    ),
    Need("OperatingHours", fixed="Name TimeZone", mend=FIELD_SERVICE),
    Need(
        "TimeSlot",
        read="MaxAppointments",
        fixed="OperatingHoursId DayOfWeek StartTime EndTime Type",
        mend=FIELD_SERVICE,
    ),
    Need("OperatingHoursHoliday", fixed="OperatingHoursId HolidayId", mend=FIELD_SERVICE),
    Need("Location", read="IsMobile Latitude Longitude", fixed="Name", mend=FIELD_SERVICE),
    Need(
        "ProductItem",
        read="QuantityUnitOfMeasure",
        create="SerialNumber",
        fixed="Product2Id LocationId QuantityOnHand",
        mend="grant Read and Create on ProductItem: consuming a part needs Create (1.6)",
    ),
    Need(
        "ProductConsumed",
        create="ProductItemId WorkOrderLineItemId Agent_Key__c",
        fixed="WorkOrderId QuantityConsumed",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ProductRequired", read="ProductName QuantityUnitOfMeasure", fixed="ParentRecordId Product2Id QuantityRequired"
    ),
    Need(
        "ProductRequest",
        create="DestinationLocationId SourceLocationId WorkOrderId NeedByDate ShipmentType Agent_Key__c",
        fixed="ProductRequestNumber",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ProductRequestLineItem",
        create="DestinationLocationId SourceLocationId WorkOrderId NeedByDate ShipmentType Agent_Key__c",
        fixed="ParentId Product2Id QuantityRequested",
        mend=FIELD_SERVICE,
    ),
    Need(
        "ProductTransfer",
        create="Product2Id SourceProductItemId SourceLocationId DestinationLocationId Agent_Key__c",
        fixed="QuantitySent ProductTransferNumber",
        mend=FIELD_SERVICE,
    ),
    Need(
        "Task",
        create="Subject Description WhatId WhoId TaskSubtype CallType CallObject CallDisposition CallDurationInSeconds",
        fixed="Status Priority",
    ),
    Need("FeedItem", create="Type", fixed="ParentId Body", missing_is_fine=True),
    Need(
        "AI_Interaction__c",
        create="Agent_Key__c Kind__c Call_Sid__c Tool__c Request__c Decision__c Before__c After__c Summary__c "
        "Outcome__c Verified_Level__c Contact__c Account__c Case__c Work_Order__c Service_Appointment__c Model__c "
        "Prompt_Version__c Channel__c From_Number__c Started__c Ended__c Escalated__c Transcript_Ref__c Tokens__c",
        mend=PACKAGE,
    ),
    Need(
        "Pending_AI_Action__c",
        create="Action__c Target_Object__c Target_Id__c Payload__c Idempotency_Key__c Expires__c Interaction__c",
        edit="Status__c Error__c",
        mend=PACKAGE,
    ),
    Need(
        "Opt_In__c",
        create="Contact__c Phone_E164__c Channel__c Status__c Source__c Captured__c Wording_Version__c Interaction__c",
        mend=PACKAGE,
    ),
)

EDITED: frozenset[str] = frozenset(
    {"WorkOrder", "WorkOrderLineItem", "ServiceAppointment", "AssignedResource", "Pending_AI_Action__c"}
)
"""Objects whose records are changed and not only made."""

STATUS_TABLES: tuple[str, ...] = ("ServiceAppointmentStatus", "WorkOrderStatus")
"""Setup objects that everybody may query; they need no right of their own."""
