"""`voice-agent audit ...`: check the chain, read a call, and do what a person may ask: tell them, forget them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voice_agent.errors import ConfigurationError
from voice_agent.refusing import refusals

if TYPE_CHECKING:  # the database's library takes a fifth of a second to import: only when a command needs it
    from voice_agent.audit import Audit, Verdict
    from voice_agent.erasure import Person
    from voice_agent.store import Store

SECONDS_A_DAY = 86_400.0

commands = typer.Typer(help="The audit log: verify, read, export and erase.", no_args_is_help=True)

Database = Annotated[str, typer.Option("--database", help="DATABASE_URL to read instead of the settings' one.")]
Contact = Annotated[str, typer.Option(help="The org's id of the person.")]
Number = Annotated[str, typer.Option(help="The person's number, +13125550100.")]


@commands.command()
def verify(database: Database = "") -> None:
    """Walks the whole chain; exit code 1 and the place if an entry was changed, removed or slipped in."""
    with log_at(database) as (store, audit):
        verdict = store.now(audit.verify)
    _print(told(verdict))
    raise typer.Exit(0 if verdict.sound else 1)


@commands.command()
def show(call_sid: Annotated[str, typer.Argument(help="CallSid of the call.")], database: Database = "") -> None:
    """Everything that was decided in one call, oldest first."""
    from rich.table import Table

    from voice_agent.audit import of_call

    with log_at(database) as (store, _):
        kept = store.now(lambda connection: of_call(connection, call_sid))
        if not kept:
            raise ConfigurationError(f"no entry of a call {call_sid!r}; a CallSid is CA and 32 hex digits")
    table = Table("entry", "when", "what", "facts", "words", box=None, pad_edge=False, header_style="bold")
    for entry in kept:
        when = datetime.fromtimestamp(entry.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        words = {**entry.personal, **dict.fromkeys(entry.erased, "(erased)")}
        table.add_row(str(entry.seq), when, entry.kind, _lines(entry.facts), _lines(words))
    _print(table)


@commands.command()
def export(contact: Contact = "", number: Number = "", database: Database = "") -> None:
    """Everything kept about a person, as JSON on standard output."""
    import orjson

    from voice_agent import erasure

    with log_at(database) as (store, _):
        person = _person(contact, number)
        found = store.now(lambda connection: erasure.export(connection, person))
    typer.echo(orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


@commands.command()
def erase(
    contact: Contact = "",
    number: Number = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = "",
) -> None:
    """Deletes everything kept here about a person. The org's own records are the org's to delete."""
    from voice_agent import erasure

    with log_at(database) as (store, audit):
        person = _person(contact, number)
        if not yes:
            found = store.now(lambda connection: erasure.export(connection, person))
            typer.confirm(f"Delete {sum(map(len, found.values()))} rows for good?", abort=True)
        gone = store.now(lambda c: erasure.erase(c, audit, person, by="command line", wall=time.time()))
    _print(_counted(gone) or "There was nothing to delete.")


@commands.command()
def prune(
    days: Annotated[int, typer.Option(help="Keep personal rows this long.", min=1)] = 90, database: Database = ""
) -> None:
    """Deletes personal rows older than the retention; what was decided stays in the chain."""
    from voice_agent import erasure

    now = time.time()
    with log_at(database) as (store, audit):
        gone = store.now(lambda c: erasure.prune(c, audit, before=now - days * SECONDS_A_DAY, wall=now))
    _print(_counted(gone) or "Nothing is that old.")


def told(verdict: Verdict) -> str:
    if not verdict.sound:
        return f"[red]broken at entry {verdict.broken_at}[/]: {verdict.why}; {verdict.entries} entries before it hold"
    erased = f", {verdict.erased} words erased since" if verdict.erased else ""
    return f"[green]sound[/]: {verdict.entries} entries{erased}; head {verdict.head[:16]}"


@contextmanager
def log_at(database: str) -> Iterator[tuple[Store, Audit]]:
    """The store and the log under the settings' key, every refusal told. There must be such a database already."""
    from voice_agent import settings as settings_file
    from voice_agent.audit import Audit
    from voice_agent.store import Store

    with refusals():
        settings = settings_file.parse(settings_file.read())
        store = Store(database or settings.database_url)
        try:
            if store.dialect == "sqlite" and not Path(str(store.url.database)).is_file():
                raise ConfigurationError(
                    f"DATABASE_URL: there is no file {store.url.database}; name it in DATABASE_URL or with --database"
                )
            store.prepare()
            yield store, Audit(settings.secret_key or settings_file.DEMO_SECRET)
        finally:
            store.close()


def _person(contact: str, number: str) -> Person:
    from voice_agent.erasure import Person

    if not contact and not number:
        raise ConfigurationError("whom? Give --contact with the org's id, --number with a number, or both")
    return Person(contact, number)


def _counted(gone: Mapping[str, int]) -> str:
    return ", ".join(f"{count} rows of {table}" for table, count in gone.items())


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items())


def _print(what: object) -> None:
    from rich.console import Console

    Console(highlight=False).print(what)
