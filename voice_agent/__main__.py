"""The command line. Every refusal is one sentence that names the thing and the mend, with exit code 2."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from voice_agent.auditing import commands as audit
from voice_agent.errors import ConfigurationError
from voice_agent.refusing import refusals

app = typer.Typer(
    name="voice-agent",
    help="A voice agent for companies that run Salesforce Field Service and Twilio.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
emulate = typer.Typer(help="One emulator alone, for other people's tests.", no_args_is_help=True)
app.add_typer(emulate, name="emulate")
app.add_typer(audit, name="audit")

console_user = typer.Typer(help="Accounts of the dispatch console.", no_args_is_help=True)
app.add_typer(console_user, name="console-user")

Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 8000 without it.", min=1, max=65535)] = None,
    host: Host = "127.0.0.1",
    seed: Annotated[Path | None, typer.Option(help="Another org to emulate: a folder of seed files.")] = None,
) -> None:
    """The whole product offline, no accounts: server, emulated org and Twilio, offline model, phone page."""
    with refusals():
        from voice_agent import settings as settings_file
        from voice_agent.demo.offline import run

        given = settings_file.read(dotenv=None)
        chosen = port if port is not None else settings_file.parse(given, demo=True).port
        run(given, host=host, port=chosen, seed=str(seed) if seed else None)


@app.command()
def serve(
    workers: Annotated[int, typer.Option(help="Processes; more than one needs a shared store.", min=1)] = 1,
) -> None:
    """Production: settings from the environment and .env."""
    with refusals():
        from voice_agent import settings as settings_file
        from voice_agent.keeping import keep
        from voice_agent.logs import set_up
        from voice_agent.serving import listen

        if workers > 1:
            raise ConfigurationError(
                "--workers: calls live in one process until the shared store is built; run one, or several behind "
                "numbers of their own"
            )
        settings = settings_file.for_serve(settings_file.read())
        set_up(settings.log_level)
        listener = listen(settings.host, settings.port)

        def web(ready: Callable[[], None]) -> None:
            try:
                with refusals():
                    from voice_agent.app import build
                    from voice_agent.serving import run

                    run(build(settings), listener, ready)
            except typer.Exit as refused:
                raise SystemExit(refused.exit_code) from None

        def worker() -> None:
            from voice_agent.worker import run

            listener.close()
            run(settings)

        raise typer.Exit(keep(web, worker))


@app.command()
def talk(
    url: Annotated[str, typer.Option(help="The running server.")] = "http://127.0.0.1:8000",
    caller: Annotated[str, typer.Option("--as", help="customer, technician, unknown, or a number.")] = "customer",
    line: Annotated[str | None, typer.Option(help="Which line to call, by name.")] = None,
    script: Annotated[Path | None, typer.Option(help="A call script to play instead of typing.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="How much faster than life people speak: 1 typed, 20 in a script.")
    ] = None,
    attestation: Annotated[
        str, typer.Option(help="The carrier's word on the caller's number, as Twilio's StirVerstat.")
    ] = "TN-Validation-Passed-A",
) -> None:
    """A call in the terminal: type to speak, /1 presses a key, Enter while it talks barges in.

    A script is a text file of these lines; the exit code is 1 at the first one that does not hold.

    \b
      say TEXT                  speak, once the agent has finished
      press KEYS                0-9 * # and w for half a second
      bargein TEXT              speak while the agent is talking
      expect REGEX              in what the agent said since the last say or press
      text REGEX                in a text message sent during the call
      attestation VALUE         the carrier's word on the caller's number
      record OBJECT KEY FIELD VALUE
                                a record of the org comes to have a value
      let NAME SOQL             {NAME} stands for what the query finds
      drop                      break the websocket
      hangup                    put the phone down
      # comment

    \b
    KEY    a number or name, "quoted" if it has blanks, zeros in front do not
           count; FIELD=VALUE; an Id; `new`: the newest one made since the call began
    VALUE  a value, "" for none, ~REGEX, or `by -2` for the change since then
    {pin} and {name} are the caller's; {code} in `press` is the code texted last.
    """
    with refusals():
        from voice_agent.talk import run

        raise typer.Exit(run(url, caller=caller, line=line, script=script, speed=speed, attestation=attestation))


@app.command()
def understand(
    role: Annotated[str, typer.Option(help="customer, technician, dispatcher or unknown.")] = "unknown",
    now: Annotated[str | None, typer.Option(help="The moment relative dates refer to, ISO with its zone.")] = None,
) -> None:
    """Sentences on standard input, each a fresh call; one JSON object per line on standard output."""
    with refusals():
        from voice_agent.language.understand import understand as read_all

        if role not in ("customer", "technician", "dispatcher", "unknown"):
            raise ConfigurationError(f"--role is {role!r}; it must be customer, technician, dispatcher or unknown")
        try:
            moment = datetime.now().astimezone() if now is None else datetime.fromisoformat(now)
        except ValueError:
            raise ConfigurationError(f"--now is {now!r}; write it as 2026-11-23T09:00:00-06:00") from None
        if moment.tzinfo is None:
            moment = moment.astimezone()
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # a recogniser's bytes are not always text
        for reading in read_all(sys.stdin, role=role, now=moment):
            typer.echo(json.dumps(reading, ensure_ascii=False))


@app.command()
def bench(
    calls: Annotated[
        list[int] | None, typer.Option(help="Calls at once; give it again for another level. 1, 20 and 100 without it.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="How long each level is measured.", min=2, max=3600)] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per level instead of a table.")] = False,
) -> None:
    """Load on this machine: added latency p50/p95/p99, CPU per turn, memory per call, calls per core."""
    with refusals():
        from dataclasses import asdict

        from voice_agent.bench.running import run, show

        levels = calls or [1, 20, 100]
        if min(levels) < 1 or max(levels) > 2000:
            raise ConfigurationError("--calls must be from 1 to 2000")
        results = run(levels, seconds)
        if as_json:
            for result in results:
                typer.echo(json.dumps({**asdict(result), "calls_a_core": result.calls_a_core}))
        else:
            show(results, seconds)
        raise typer.Exit(1 if any(result.failed or not result.turns for result in results) else 0)


@app.command()
def check() -> None:
    """Verifies settings, Twilio, Salesforce and the model, a line each with the mend; exit code 1 if one is missing."""
    with refusals():
        from voice_agent import settings as settings_file
        from voice_agent.checking import run

        raise typer.Exit(run(settings_file.for_serve(settings_file.read())))


@app.command("salesforce-package")
def salesforce_package(
    out: Annotated[Path, typer.Option(help="Folder to write; must be empty or new.")] = Path("salesforce-package"),
) -> None:
    """Writes the deployable sfdx source: custom objects, permission sets, flows, the Apex slot class."""
    with refusals():
        from voice_agent.salesforce.deployable import write

        try:
            files = write(out)
        except FileExistsError:
            raise ConfigurationError(f"--out {out} is not empty; name a new folder") from None
        typer.echo(f"{len(files)} files written to {out}; how to deploy them stands in {out}/README.md")


@console_user.command("add")
def console_user_add(
    name: Annotated[str, typer.Argument(help="How they sign in.")],
    role: Annotated[str, typer.Option(help="dispatcher, supervisor or admin.")] = "dispatcher",
    phone: Annotated[str, typer.Option(help="Rung when they accept a caller, as +13125550142.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="A new password and role for one that exists.")] = False,
) -> None:
    """Makes an account; the password is asked for, or read from a pipe."""
    with refusals():
        from voice_agent import settings as settings_file
        from voice_agent.console.users import Role, add
        from voice_agent.store import Store

        chosen = Role.named(role)
        store = Store(settings_file.parse(settings_file.read()).database_url)
        store.prepare()
        if sys.stdin.isatty():
            password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        else:
            password = sys.stdin.readline().rstrip("\n")
        add(store, name, chosen, password, phone=phone, replace=replace)
        typer.echo(f"{name} may sign in as {chosen.word}")


@emulate.command("salesforce")
def emulate_salesforce(
    port: Port = 8010,
    host: Host = "127.0.0.1",
    seed: Annotated[Path | None, typer.Option(help="Folder of seed files; the demo org without it.")] = None,
    db: Annotated[Path | None, typer.Option(help="SQLite file to keep the org in; memory without it.")] = None,
    now: Annotated[str | None, typer.Option(help="Freeze the org's clock at this ISO moment.")] = None,
) -> None:
    """A Salesforce org with Field Service: REST, SOQL, composite, change events, faults on demand."""
    with refusals():
        _end_with_parent()
        from voice_agent.demo.salesforce.server import serve as serve_org

        try:
            serve_org(port, host, seed, db, datetime.fromisoformat(now) if now else None)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"emulate salesforce: {error}") from None


@emulate.command("twilio")
def emulate_twilio(
    port: Port = 8020,
    host: Host = "127.0.0.1",
    account_sid: Annotated[str | None, typer.Option(help="Account to emulate.")] = None,
    auth_token: Annotated[str | None, typer.Option(help="Its auth token, which signs webhooks.")] = None,
    speed: Annotated[float, typer.Option(help="How much faster than life time passes.")] = 1.0,
) -> None:
    """Twilio: REST, TwiML, signed webhooks, and the caller's side of ConversationRelay."""
    with refusals():
        _end_with_parent()
        from voice_agent.demo.twilio.exchange import Credentials
        from voice_agent.demo.twilio.server import Setup
        from voice_agent.demo.twilio.server import serve as serve_twilio

        chosen = {
            name: value
            for name, value in (("account_sid", account_sid), ("auth_token", auth_token))
            if value is not None
        }
        try:
            serve_twilio(port, host, setup=Setup(credentials=Credentials(**chosen), speed=speed))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"emulate twilio: {error}") from None


def _end_with_parent() -> None:
    """An emulator that was started by the demo ends with it, even if that was killed."""
    parent = os.environ.get("VOICE_AGENT_PARENT", "")
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    app()


if __name__ == "__main__":
    main()
