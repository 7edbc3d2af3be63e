"""What the agent may do for a caller: thin typed verbs. The tuple below is the whole list; nothing registers itself."""

from tools.controls import CONTROLS
from tools.job_updates import job_note, running_late, update_job
from tools.jobs import find_job, job_details, my_day
from tools.messages import take_message
from tools.parts import part_stock, request_part, transfer_part
from tools.problems import report_problem
from tools.proving import identify
from tools.rescheduling import free_slots, reschedule
from tools.visit_changes import cancel_visit, confirm_visit, visit_note
from tools.visits import eta, my_visits
from voice_agent.agent.tool import Tool

__all__ = ["CONTROLS", "TOOLS"]

TOOLS: tuple[Tool, ...] = (
    my_visits,
    eta,
    free_slots,
    reschedule,
    cancel_visit,
    confirm_visit,
    visit_note,
    report_problem,
    my_day,
    find_job,
    job_details,
    update_job,
    part_stock,
    request_part,
    transfer_part,
    job_note,
    running_late,
    identify,
    take_message,
)
