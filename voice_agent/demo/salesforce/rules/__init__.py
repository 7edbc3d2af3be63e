"""What the org does by itself when records are saved: the order is before, checks, write, after (as triggers run)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.rules import activity, customer, inventory, work, workforce
from voice_agent.demo.salesforce.values import Row

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


def before_save(records: "Records", obj: SObject, old: Row | None, new: Row) -> None:
    """Fills what is derived and refuses what the rules forbid; may change `new`."""
    activity.check_owner(records, obj.name, old, new)
    match obj.name:
        case "Account" | "Contact" | "User" | "Individual":
            customer.before_person(records, obj, old, new)
        case "Case":
            customer.before_case(records, old, new)
        case "Entitlement":
            customer.before_entitlement(records, new)
        case "WorkType":
            work.set_duration(new, "EstimatedDuration")
        case "WorkOrder" | "WorkOrderLineItem":
            work.before_work_order(records, obj, old, new)
        case "ServiceAppointment":
            work.before_appointment(records, old, new)
        case "AssignedResource":
            workforce.before_assignment(records, old, new)
        case "ServiceResource":
            workforce.before_resource(records, old, new)
        case "ResourceAbsence":
            workforce.check_span(new, "Start", "End")
        case "ServiceTerritoryMember":
            workforce.before_member(records, old, new)
        case "TimeSlot":
            workforce.before_time_slot(new)
        case "ProductItem":
            inventory.before_item(records, new)
        case "ProductRequired":
            inventory.before_required(records, new)
        case "ProductConsumed":
            inventory.before_consumed(records, old, new)
        case "ProductTransfer":
            inventory.before_transfer(records, old, new)
        case "Task":
            activity.before_task(records, old, new)
        case _:
            pass


def after_save(records: "Records", obj: SObject, old: Row | None, new: Row) -> None:
    """The org's own follow-up writes, in the same transaction."""
    match obj.name:
        case "WorkOrder" | "WorkOrderLineItem":
            work.after_work_order(records, obj, old, new)
        case "ProductItem":
            inventory.after_item(records, old, new)
        case "ProductConsumed":
            inventory.after_consumed(records, old, new)
        case "ProductTransfer":
            inventory.after_transfer(records, old, new)
        case _:
            pass


def before_delete(records: "Records", obj: SObject, row: Row) -> None:
    """Takes back what the record did to others."""
    if obj.name == "ProductConsumed":
        inventory.before_consumed_deleted(records, row)
