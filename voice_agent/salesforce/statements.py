"""The SOQL that several questions share: what is selected of a person, a visit, a technician."""

from __future__ import annotations

OPEN = ("None", "Scheduled", "Dispatched", "InProgress")
"""ServiceAppointment categories in which something may still happen."""

CONTACT = "Id, Name, FirstName, AccountId, Account.Name, Phone_E164__c, Email, DoNotCall, SystemModstamp"

WORK_ORDER = (
    "WorkOrderNumber, Subject, Description, Status, StatusCategory, Priority, AccountId, ContactId, WorkTypeId, "
    "AssetId, EntitlementId, ServiceAppointmentCount, SystemModstamp"
)

LINE_ITEM = (
    "LineItemNumber, Subject, Status, StatusCategory, ServiceAppointmentCount, SystemModstamp, WorkOrderId, "
    + ", ".join(f"WorkOrder.{name}" for name in WORK_ORDER.split(", "))
)

APPOINTMENT = f"""Id, AppointmentNumber, Subject, Status, StatusCategory, EarliestStartTime, DueDate, SchedStartTime,
    SchedEndTime, ArrivalWindowStartTime, ArrivalWindowEndTime, ActualStartTime, DurationInMinutes, AccountId,
    Account.Name, ContactId, Contact.Name, ParentRecordId, ParentRecordType, WorkTypeId, WorkType.Name,
    ServiceTerritoryId, ServiceTerritory.OperatingHoursId, ServiceTerritory.OperatingHours.TimeZone,
    ServiceTerritory.TypicalInTerritoryTravelTime, ServiceTerritory.AvgTravelTime,
    Street, City, PostalCode, Latitude, Longitude, SystemModstamp,
    TYPEOF ParentRecord WHEN WorkOrder THEN Id, {WORK_ORDER} WHEN WorkOrderLineItem THEN Id, {LINE_ITEM} END,
    (SELECT Id, ServiceResourceId, ServiceResource.Name, ServiceResource.LastKnownLatitude,
            ServiceResource.LastKnownLongitude, ServiceResource.LastKnownLocationDate, EstimatedTravelTime,
            SystemModstamp FROM ServiceResources)"""

TECHNICIAN = """Id, Name, Employee_Number__c, Phone_E164__c, Voice_Pin__c, IsActive, LocationId,
    (SELECT ServiceTerritoryId, TerritoryType, ServiceTerritory.OperatingHours.TimeZone FROM ServiceTerritories
     WHERE EffectiveStartDate <= {now} AND (EffectiveEndDate = null OR EffectiveEndDate > {now}))"""

ENTITLEMENT = "Id, Name, Status, EndDate, AccountId, SvcApptBookingWindowsId"

STOCK = """Id, Product2Id, Product2.Name, Product2.ProductCode, LocationId, Location.Name, Location.IsMobile,
    Location.Latitude, Location.Longitude, QuantityOnHand, QuantityUnitOfMeasure, SystemModstamp"""
