"""Stock moves by itself: consuming, adjusting and transferring write the quantity and its transaction (sheet 1.6)."""

from typing import TYPE_CHECKING

from voice_agent.demo.salesforce.errors import ApiError
from voice_agent.demo.salesforce.values import Row, Stored

if TYPE_CHECKING:
    from voice_agent.demo.salesforce.records import Records


def before_item(records: "Records", new: Row) -> None:
    """Stock lies only at inventory locations, and never below zero."""
    location = records.parent(new["LocationId"])
    if location and not location[1]["IsInventoryLocation"]:
        reason = "Product items need a location that is an inventory location."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["LocationId"])
    if new["QuantityOnHand"] is not None and float(new["QuantityOnHand"]) < 0:
        reason = "Quantity On Hand cannot be less than zero."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["QuantityOnHand"])
    if new["QuantityUnitOfMeasure"] is None and (product := records.parent(new["Product2Id"])):
        new["QuantityUnitOfMeasure"] = product[1]["QuantityUnitOfMeasure"]


def after_item(records: "Records", old: Row | None, new: Row) -> None:
    """A new item is Replenished, an edited quantity Adjusted."""
    if old is None:
        _transact(records, new["Id"], "Replenished", _amount(new["QuantityOnHand"]))
    elif old["QuantityOnHand"] != new["QuantityOnHand"] and new["Id"] not in _moving(records):
        _transact(records, new["Id"], "Adjusted", _amount(new["QuantityOnHand"]) - _amount(old["QuantityOnHand"]))


def before_required(records: "Records", new: Row) -> None:
    parent = records.parent(new["ParentRecordId"])
    new["ParentRecordType"] = parent[0].name if parent else None
    if new["QuantityUnitOfMeasure"] is None and (product := records.parent(new["Product2Id"])):
        new["QuantityUnitOfMeasure"] = product[1]["QuantityUnitOfMeasure"]


def before_consumed(records: "Records", old: Row | None, new: Row) -> None:
    """Comes from a product item, whose stock must suffice, or from a price book entry."""
    if new["QuantityConsumed"] is not None and float(new["QuantityConsumed"]) <= 0:
        reason = "Quantity Consumed must be greater than zero."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["QuantityConsumed"])
    if new["ProductItemId"] is None and new["PricebookEntryId"] is None:
        reason = "Specify a product item or a price book entry."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["ProductItemId"])
    if entry := records.parent(new["PricebookEntryId"]):
        new["Product2Id"] = entry[1]["Product2Id"]
        new["ListPrice"] = entry[1]["UnitPrice"]
        new["UnitPrice"] = entry[1]["UnitPrice"] if new["UnitPrice"] is None else new["UnitPrice"]
    if item := records.parent(new["ProductItemId"]):
        new["Product2Id"] = item[1]["Product2Id"]
        new["QuantityUnitOfMeasure"] = item[1]["QuantityUnitOfMeasure"]
        already = _amount(old["QuantityConsumed"]) if old and old["ProductItemId"] == new["ProductItemId"] else 0.0
        on_hand = _amount(item[1]["QuantityOnHand"]) + already
        if _amount(new["QuantityConsumed"]) > on_hand:
            reason = (
                f"The quantity consumed ({_amount(new['QuantityConsumed']):g}) exceeds the quantity on hand "
                f"({on_hand:g}) of {item[1]['ProductItemNumber']}."
            )
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["QuantityConsumed"])
    if new["UnitPrice"] is not None and new["QuantityConsumed"] is not None:
        new["Subtotal"] = _amount(new["UnitPrice"]) * _amount(new["QuantityConsumed"])
        new["TotalPrice"] = _amount(new["Subtotal"]) * (1 - _amount(new["Discount"]) / 100)


def after_consumed(records: "Records", old: Row | None, new: Row) -> None:
    """Takes the parts from stock: Consumed with a negative quantity, a later change is Adjusted."""
    if old is None:
        if new["ProductItemId"]:
            _move(records, new["ProductItemId"], -_amount(new["QuantityConsumed"]), "Consumed", new["Id"])
        return
    if old["ProductItemId"] != new["ProductItemId"]:
        if old["ProductItemId"]:
            _move(records, old["ProductItemId"], _amount(old["QuantityConsumed"]), "Adjusted", new["Id"])
        if new["ProductItemId"]:
            _move(records, new["ProductItemId"], -_amount(new["QuantityConsumed"]), "Consumed", new["Id"])
    elif new["ProductItemId"] and old["QuantityConsumed"] != new["QuantityConsumed"]:
        change = _amount(old["QuantityConsumed"]) - _amount(new["QuantityConsumed"])
        _move(records, new["ProductItemId"], change, "Adjusted", new["Id"])


def before_consumed_deleted(records: "Records", row: Row) -> None:
    """The parts go back."""
    if row["ProductItemId"]:
        _move(records, row["ProductItemId"], _amount(row["QuantityConsumed"]), "Adjusted", row["Id"])


def before_transfer(records: "Records", old: Row | None, new: Row) -> None:
    """What is received must be known, and the source must have it."""
    if item := records.parent(new["SourceProductItemId"]):
        new["Product2Id"] = new["Product2Id"] or item[1]["Product2Id"]
        new["SourceLocationId"] = new["SourceLocationId"] or item[1]["LocationId"]
    if not _received_now(old, new):
        return
    if new["QuantityReceived"] is None:
        reason = "Enter the quantity received."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["QuantityReceived"])
    if new["DestinationLocationId"] is None or new["Product2Id"] is None:
        reason = "A received transfer needs a product and a destination location."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["DestinationLocationId"])
    new["ReceivedById"] = new["ReceivedById"] or records.viewer.user_id
    new["Status"] = "Completed"
    source = _stock(records, new["SourceLocationId"], new["Product2Id"], new["SourceProductItemId"])
    if source and _amount(source["QuantityOnHand"]) < _amount(new["QuantityReceived"]):
        reason = f"The quantity on hand at the source is only {_amount(source['QuantityOnHand']):g}."
        raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", reason, ["QuantityReceived"])


def after_transfer(records: "Records", old: Row | None, new: Row) -> None:
    """Setting IsReceived moves the stock from source to destination."""
    if not _received_now(old, new):
        return
    quantity = _amount(new["QuantityReceived"])
    source = _stock(records, new["SourceLocationId"], new["Product2Id"], new["SourceProductItemId"])
    if source:
        _move(records, source["Id"], -quantity, "Transferred", new["Id"])
    target = _stock(records, new["DestinationLocationId"], new["Product2Id"], None)
    if target is None:
        fields = {"Product2Id": new["Product2Id"], "LocationId": new["DestinationLocationId"], "QuantityOnHand": 0.0}
        made = records.create("ProductItem", fields)
        _move(records, made, quantity, "Transferred", new["Id"])
    else:
        _move(records, target["Id"], quantity, "Transferred", new["Id"])


def _received_now(old: Row | None, new: Row) -> bool:
    return bool(new["IsReceived"]) and not (old and old["IsReceived"])


def _stock(records: "Records", location: Stored, product: Stored, item: Stored) -> Row | None:
    if item:
        found = records.parent(item)
        return found[1] if found else None
    if not location:
        return None
    return next(
        (row for row in records.rows("ProductItem", "LocationId", location) if row["Product2Id"] == product), None
    )


def _move(records: "Records", item: Stored, change: float, kind: str, cause: Stored) -> None:
    found = records.parent(item)
    if found is None:
        return
    quantity = round(_amount(found[1]["QuantityOnHand"]) + change, 2)
    _moving(records).add(item)
    records.adjust("ProductItem", item, {"QuantityOnHand": quantity})
    _moving(records).discard(item)
    _transact(records, item, kind, change, cause)


def _moving(records: "Records") -> set[Stored]:
    """Items whose quantity a movement is changing: that change is no adjustment of its own."""
    return records.moving


def _transact(records: "Records", item: Stored, kind: str, quantity: float, cause: Stored = None) -> None:
    records.create(
        "ProductItemTransaction",
        {"ProductItemId": item, "TransactionType": kind, "Quantity": round(quantity, 2), "RelatedRecordId": cause},
    )


def _amount(value: Stored) -> float:
    return float(value or 0)
