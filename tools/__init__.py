"""What the agent may do for a caller: thin typed verbs. The tuple below is the whole list; nothing registers itself."""

from tools.asking import ask_dispatcher
from tools.controls import CONTROLS
from tools.details import text_details, visit_details
from tools.job_updates import job_note, running_late, update_job
from tools.jobs import find_job, job_details, my_day
from tools.messages import take_message
from tools.more_work import add_work
from tools.parts import part_stock, request_part, transfer_part
from tools.problems import report_problem
from tools.proving import identify
from tools.rescheduling import free_slots, reschedule
from tools.visit_changes import cancel_visit, confirm_visit, preferred_times, visit_note
from tools.visits import eta, my_visits
from voice_agent.agent.tool import Tool

__all__ = ["CONTROLS", "TOOLS"]

TOOLS: tuple[Tool, ...] = (
    my_visits,
    visit_details,
    text_details,
    eta,
    free_slots,
    reschedule,
    cancel_visit,
    confirm_visit,
    visit_note,
    preferred_times,
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
    add_work,
    ask_dispatcher,
    identify,
    take_message,
)
