"""Plans about parts that have to come from somewhere else: asked for, or moved between vans and warehouses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from voice_agent import errors
from voice_agent.salesforce.bookings import stamp
from voice_agent.salesforce.catalogue import Catalogue
from voice_agent.salesforce.plans import Step, Touch, WritePlan, unchanged
from voice_agent.salesforce.records import Job, StockedPart, Technician


async def request(
    catalogue: Catalogue,
    technician: Technician,
    part: StockedPart,
    quantity: float,
    *,
    job: Job | None,
    source: StockedPart | None,
    need_by: datetime | None,
    rush: bool,
) -> WritePlan:
    """A ProductRequest with one line, to the technician's van. `source` only proposes; the org decides."""
    van = _van(technician)
    _positive(quantity)
    described = await catalogue.describe("ProductRequest")
    shared: dict[str, Any] = {"DestinationLocationId": str(van)}
    if source and source.location_id != van:
        shared["SourceLocationId"] = str(source.location_id)
    if job and job.appointment.work_order_id:
        shared["WorkOrderId"] = str(job.appointment.work_order_id)
    if need_by:
        shared["NeedByDate"] = stamp(need_by)
    if rush and "Rush" in described.picks("ShipmentType"):
        shared["ShipmentType"] = "Rush"
    line = {"ParentId": "@{request.id}", "Product2Id": str(part.product_id), "QuantityRequested": quantity, **shared}
    return WritePlan(
        name="part_request",
        steps=(
            Step("POST", "sobjects/ProductRequest", "request", shared, keyed=True),
            Step("POST", "sobjects/ProductRequestLineItem", "line", line, keyed=True),
            Step("GET", "sobjects/ProductRequest/@{request.id}?fields=ProductRequestNumber", "number"),
        ),
        touches=(
            Touch("ProductRequest", "@{request.id}", "request for parts", {}, shared),
            Touch("ProductRequestLineItem", "@{line.id}", f"{quantity:g} {part.name}", {}, line),
        ),
        facts={
            "part": part.name,
            "quantity": quantity,
            "unit": part.unit,
            "from": source.location if source else None,
            "job": job.work_order.number if job and job.work_order else None,
            "need_by": stamp(need_by) if need_by else None,
        },
        links=_links(job),
        serialise_on=(str(van),),
    )


async def transfer(technician: Technician, source: StockedPart, quantity: float, *, job: Job | None) -> WritePlan:
    """A ProductTransfer from another van or a warehouse; stock moves when it is marked as received (1.6)."""
    van = _van(technician)
    _positive(quantity)
    if source.location_id == van:
        raise errors.InvalidArguments("the part is in the technician's own van already")
    if quantity > source.on_hand:
        refused = errors.NotAllowed(f"{source.item_id} holds less than that")
        refused.for_model = f"{source.location} holds only {source.on_hand:g} of {source.name}. Say so and ask again."
        raise refused
    guard = unchanged("stock_as_read", "ProductItem", source.item_id, source.modified)
    body = {
        "Product2Id": str(source.product_id),
        "SourceProductItemId": guard.ref,
        "SourceLocationId": str(source.location_id),
        "DestinationLocationId": str(van),
        "QuantitySent": quantity,
    }
    shown = {**body, "SourceProductItemId": str(source.item_id)}
    return WritePlan(
        name="transfer",
        steps=(
            Step("POST", "sobjects/ProductTransfer", "transfer", body, keyed=True),
            Step("GET", "sobjects/ProductTransfer/@{transfer.id}?fields=ProductTransferNumber", "number"),
        ),
        touches=(Touch("ProductTransfer", "@{transfer.id}", f"{quantity:g} {source.name}", {}, shown),),
        guards=(guard,),
        facts={"part": source.name, "quantity": quantity, "unit": source.unit, "from": source.location},
        links=_links(job),
        serialise_on=(str(source.item_id),),
    )


def _van(technician: Technician) -> str:
    if technician.van_id is None:
        refused = errors.NotAllowed(f"{technician.id} has no van location")
        refused.for_model = "No van is on record for this technician, so no part can be sent there. Offer a dispatcher."
        raise refused
    return technician.van_id


def _positive(quantity: float) -> None:
    if not 0 < quantity <= 10000:
        raise errors.InvalidArguments("quantity must be a number above zero")


def _links(job: Job | None) -> dict[str, str]:
    order = job.appointment.work_order_id if job else None
    return {"Work_Order__c": str(order)} if order else {}
