"""What each scripted call may do to the org's records: these changes, and nothing else whatsoever."""

from __future__ import annotations

from tests.end_to_end.running import Change


def created(name: str, records: int = 1) -> Change:
    return Change(name, "CREATE", records, frozenset())


def updated(name: str, *fields: str, records: int = 1) -> Change:
    return Change(name, "UPDATE", records, frozenset(fields))


NOTHING: frozenset[Change] = frozenset()
PARTS_BOOKED = {created("ProductConsumed"), updated("ProductItem", "QuantityOnHand"), created("ProductItemTransaction")}
"""The stock and its transaction are the org's own work: the agent writes ProductConsumed alone."""
VISIT_ENDED = ("Status", "StatusCategory", "ActualEndTime", "ActualDuration", "ParentRecordStatusCategory")
STATUS_ALONE = {
    updated("ServiceAppointment", *VISIT_ENDED),
    updated("WorkOrder", "Status", "StatusCategory", "IsClosed"),
    created("AI_Interaction__c"),
}
ONE_SENTENCE = PARTS_BOOKED | STATUS_ALONE
STEP_BY_STEP = PARTS_BOOKED | {
    updated("ServiceAppointment", *VISIT_ENDED, "ActualStartTime"),
    updated("WorkOrder", "Status", "StatusCategory", "IsClosed"),
    created("AI_Interaction__c", 3),
}
MOVED = {
    updated("ServiceAppointment", "SchedStartTime", "SchedEndTime", "ArrivalWindowStartTime", "ArrivalWindowEndTime"),
    created("AI_Interaction__c"),
}
EMERGENCY = {created("Case"), created("WorkOrder"), created("AI_Interaction__c")}
MESSAGE = {created("Case"), created("AI_Interaction__c")}

REASSIGNED = updated("AssignedResource", "ServiceResourceId")
"""Beside MOVED, when the chosen slot is another technician's."""

EFFECTS: dict[str, set[Change] | frozenset[Change]] = {
    "after_hours_gas": EMERGENCY,
    "after_hours_message": MESSAGE,
    "barge_in_on_read_back": NOTHING,
    "customer_code": NOTHING,
    "customer_details_by_text": {created("AI_Interaction__c")},
    "customer_eta": NOTHING,
    "customer_eta_on_the_way": NOTHING,
    "customer_keys_only": MOVED,
    "customer_no_i_said": MOVED,
    "customer_other_phone": NOTHING,
    "customer_reschedule_keypad": MOVED,
    "customer_reschedule_voice": MOVED,
    "dropped_line": MOVED,
    "hang_up_at_read_back": NOTHING,
    "no_to_read_back": NOTHING,
    "person": NOTHING,
    "technician_keys_only": STATUS_ALONE,
    "technician_more_work": {created("WorkOrderLineItem"), created("Task"), created("AI_Interaction__c", 2)},
    "technician_one_sentence": ONE_SENTENCE,
    "technician_step_by_step": STEP_BY_STEP,
    "wrong_pin": NOTHING,
}
