"""`voice-agent check`: everything a start depends on, tried for real; a line each, and the mend where one is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voice_agent import lines as line_files
from voice_agent.clients import salesforce_of, twilio_of
from voice_agent.errors import ConfigurationError, TwilioRestError
from voice_agent.paging import on_call
from voice_agent.salesforce.check import Finding, check
from voice_agent.settings import Settings
from voice_agent.twilio.rest import TwilioRest

MARKS = {
    "ok": Text("ok", style="green"),
    "missing": Text("missing", style="bold red"),
    "note": Text("note", style="yellow"),
}
MODEL_SECONDS = 10.0


def run(settings: Settings) -> int:
    """Print every finding as it comes; 0 if nothing is missing, else 1."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> int:
    console = Console()
    wrong = 0
    for title, findings in (
        ("Settings", _settings(settings)),
        ("Twilio", _twilio(settings)),
        ("Salesforce", _salesforce(settings)),
        ("Model", _models(settings)),
    ):
        table = Table.grid(padding=(0, 2))
        async for finding in findings:
            wrong += finding.state == "missing"
            table.add_row(
                MARKS[finding.state],
                Text(finding.what, overflow="fold"),
                Text(finding.mend, style="dim", overflow="fold"),
            )
        console.print(Text(title, style="bold"))
        console.print(table)
    console.print(Text("Everything is in place." if not wrong else f"{wrong} missing.", style="bold"))
    return 1 if wrong else 0


async def _settings(settings: Settings) -> AsyncIterator[Finding]:
    yield Finding("ok", f"reached at {settings.public_url}, {settings.voice_transport}, phase {settings.rollout_phase}")
    try:
        lines = line_files.load(settings.prompts_dir or None, emergency_number=settings.emergency_number)
    except ConfigurationError as error:
        yield Finding("missing", str(error), "mend that file")
        return
    yield Finding("ok", f"{len(lines.lines)} lines, languages {', '.join(sorted(lines.phrases))}")
    yield _on_call(settings)


def _on_call(settings: Settings) -> Finding:
    try:
        on = on_call.load(settings.prompts_dir or None)
    except ConfigurationError as error:
        return Finding("missing", str(error), "mend the file")
    people = [person for rung in on.rungs for person in rung.people]
    if not people:
        return Finding(
            "missing", "nobody is on call: emergencies are recorded and nobody is paged", "write on_call.toml"
        )
    return Finding("ok", f"{len(people)} people on call, {len(on.rungs)} rungs")


async def _twilio(settings: Settings) -> AsyncIterator[Finding]:
    rest = twilio_of(settings)
    try:
        status = await rest.account_status()
        numbers = {number.number: number for number in await rest.numbers()}
    except TwilioRestError as error:
        mend = "TWILIO_ACCOUNT_SID and TWILIO_API_KEY_SID/_SECRET (or TWILIO_AUTH_TOKEN) must belong together"
        yield Finding(
            "missing", f"Twilio REST: {error}", mend if error.code == 20003 else "try again, or look at its status"
        )
        return
    yield Finding(
        "ok" if status == "active" else "missing", f"account is {status}", "" if status == "active" else "reopen it"
    )
    lines = line_files.load(settings.prompts_dir or None)
    wanted = f"{settings.public_url.rstrip('/')}/twilio/voice"
    for line in lines.lines:
        number = numbers.get(line.number)
        if number is None:
            yield Finding(
                "missing", f"line {line.name}: {line.number} is not of this account", "buy it, or mend lines.toml"
            )
        elif number.voice_url != wanted:
            yield Finding(
                "missing", f"line {line.name}: its calls go elsewhere", f"set the number's voice URL to {wanted}"
            )
        else:
            yield Finding("ok", f"line {line.name}: {line.number} calls us")
            if number.sms_url != wanted.replace("/voice", "/message"):
                yield Finding(
                    "note",
                    f"line {line.name}: texts to it go elsewhere, so STOP reaches only Twilio",
                    f"set the number's message URL to {wanted.replace('/voice', '/message')}",
                )
    async for finding in _codes(settings, rest):
        yield finding


async def _codes(settings: Settings, rest: TwilioRest) -> AsyncIterator[Finding]:
    """Who makes one-time codes, and whether texts leave."""
    if settings.twilio_verify_service_sid:
        try:
            name = await rest.verify_service(settings.twilio_verify_service_sid)
            yield Finding("ok", f"one-time codes by Verify service {name}")
        except TwilioRestError as error:
            yield Finding("missing", f"Verify service: {error}", "mend TWILIO_VERIFY_SERVICE_SID, or leave it out")
    else:
        yield Finding("note", "one-time codes are our own", "TWILIO_VERIFY_SERVICE_SID has Twilio make and check them")
    if not settings.autonomous_sends:
        yield Finding("note", "texts to customers are switched off", "AUTONOMOUS_SENDS=on")


async def _salesforce(settings: Settings) -> AsyncIterator[Finding]:
    salesforce = salesforce_of(settings)
    try:
        async for finding in check(salesforce):
            yield finding
    finally:
        await salesforce.close()


async def _models(settings: Settings) -> AsyncIterator[Finding]:
    """One short completion from each endpoint, through the `openai` package: nobody is waiting on the phone for it."""
    if not settings.model_endpoints:
        yield Finding(
            "note", "no model is set: the offline model answers alone", "set OPENAI_API_KEY for free conversation"
        )
        return
    from openai import AsyncOpenAI, OpenAIError

    for base, model, key in settings.model_endpoints:
        client = AsyncOpenAI(base_url=base, api_key=key or "none", timeout=MODEL_SECONDS, max_retries=0)
        try:
            await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "Say yes."}], max_completion_tokens=16
            )
            yield Finding("ok", f"{model} answers at {base}")
        except OpenAIError as error:
            yield Finding(
                "missing", f"{model} at {base}: {type(error).__name__}", "check the key, the model's name and the URL"
            )
        finally:
            await client.close()
