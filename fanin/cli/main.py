"""The command `fanin`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from model.errors import FaninError

T = TypeVar("T")

app = typer.Typer(
    name="fanin",
    help="Read every channel on which customers write, and hand each message to any helpdesk as one ticket format.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
dead_letters = typer.Typer(no_args_is_help=True, help="Look at what was given up, and bring it back.")
app.add_typer(dead_letters, name="dead-letters")
triage = typer.Typer(no_args_is_help=True, help="See why a message is urgent or not, and try rules.")
app.add_typer(triage, name="triage")

original = typer.Typer(no_args_is_help=True, help="Open a message as it came; who does is on record.")
app.add_typer(original, name="original")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="The configuration; else FANIN_CONFIG, else fanin.yaml."),
]


class Role(StrEnum):
    """Which part of the daemon a process is."""

    ALL = "all"
    INTAKE = "intake"
    DELIVER = "deliver"


class Document(StrEnum):
    """What `fanin schema` prints."""

    TICKET = "ticket"
    EVENT = "event"
    CONFIG = "config"
    OPENAPI = "openapi"


def main() -> None:
    """Run the command line; an operator's mistake is a line, never a traceback."""
    try:
        app()
    except FaninError as error:
        for line in str(error).splitlines():
            print(f"fanin: {line}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


@app.callback(invoke_without_command=True)
def root(
    *, show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False
) -> None:
    """Say the version."""
    if show_version:
        print(f"fanin {version('fanin')}")
        raise typer.Exit


@app.command()
def run(
    config: ConfigFile = None,
    role: Annotated[Role, typer.Option(help="Read channels, deliver to helpdesks, or both.")] = Role.ALL,
) -> None:
    """Run the daemon.

    It stops at SIGTERM or SIGINT; at SIGHUP it reads the configuration again.
    """
    from fanin.cli.run import run as run_daemon  # noqa: PLC0415  each command loads only what it needs

    run_daemon(config, role.value)


@app.command()
def check(config: ConfigFile = None) -> None:
    """Prove every connector, the queue and every helpdesk.

    A line for each says whether it can be reached and allows what is needed, and what to do if not; then the
    command exits with 1.  Nothing is changed.
    """
    from fanin.cli.check import check as check_all  # noqa: PLC0415

    raise typer.Exit(_run(check_all(config)))


@app.command()
def normalize(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Mails, folders, mboxes; - is standard input.")],
    channel: Annotated[str, typer.Option(help="email, or chat: then each file is the text of one message.")] = "email",
    attachments: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each decoded attachment to DIR/<sha256>.")
    ] = None,
) -> None:
    """Print the ticket of each mail file.

    A line of JSON for each, in order.  Needs no configuration.
    """
    from fanin.cli.normalize import run as normalize_files  # noqa: PLC0415

    raise typer.Exit(normalize_files(files, channel, attachments))


@app.command()
def audit(
    config: ConfigFile = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the sources what they hold.")] = False,
) -> None:
    """Count what became of everything.

    A line for each state of messages and deliveries, and what each source still holds; exits with 1 if the books
    do not balance.
    """
    from fanin.cli.audit import audit as print_account  # noqa: PLC0415

    raise typer.Exit(_run(print_account(config, offline=offline)))


@app.command()
def backfill(
    connector: Annotated[str, typer.Argument(help="The connector's configured name.")],
    since: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"], metavar="TIME", help="2026-11-01 or 2026-11-01T12:00:00Z; UTC."
        ),
    ],
    folder: Annotated[str | None, typer.Option(help="Only this folder of the mailbox.")] = None,
    rate: Annotated[int, typer.Option(min=1, help="Messages a second, at the most.")] = 100,
    config: ConfigFile = None,
) -> None:
    """Read older messages of a connector.

    What it has passed, or ignored because it lay before its start.  What is known stays one ticket.
    """
    from fanin.cli.backfill import backfill as read_again  # noqa: PLC0415

    moment = since if since.tzinfo else since.replace(tzinfo=UTC)
    raise typer.Exit(_run(read_again(config, connector, moment, folder, rate)))


@app.command()
def schema(document: Annotated[Document, typer.Argument(help="What to print.")]) -> None:
    """Print a JSON Schema.

    Of a ticket, of the event that carries it, or of the configuration.
    """
    from fanin.cli.schema import print_schema  # noqa: PLC0415

    print_schema(document.value)


@app.command()
def migrate(config: ConfigFile = None) -> None:
    """Bring the database to this version.

    After a copy beside it; `fanin run` does the same by itself.
    """
    from fanin.cli.books import migrate as migrate_store  # noqa: PLC0415

    _run(migrate_store(config))


RuleFiles = Annotated[
    list[Path] | None, typer.Option("--rules", metavar="FILE", help="A file of rules, besides the shipped ones.")
]


@triage.command("explain")
def explain_triage(
    message: Annotated[
        str, typer.Argument(metavar="FILE|TEXT", help="A mail, the text of a message, or a file of it.")
    ],
    rules: RuleFiles = None,
) -> None:
    """Show which rules and fragments fire, and what follows."""
    from fanin.cli.triage import explain  # noqa: PLC0415

    explain(message, rules or [])


@triage.command("test")
def test_triage(
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="A file of rules, besides the shipped ones.")],
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="A table of messages and what is expected of them.")],
) -> None:
    """Try rules on a table of expectations; exits with 1 if one is not met."""
    from fanin.cli.triage import test  # noqa: PLC0415

    raise typer.Exit(test(rules, cases))


Letter = Annotated[str, typer.Argument(metavar="ID", help="The dead letter's id, or the beginning of it.")]


@dead_letters.command("list")
def list_letters(config: ConfigFile = None) -> None:
    """List what was given up, newest first."""
    from fanin.cli.books import list_letters as print_letters  # noqa: PLC0415

    _run(print_letters(config))


@dead_letters.command("show")
def show_letter(
    letter: Letter,
    original: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the message as it came.")] = None,
    config: ConfigFile = None,
) -> None:
    """Show a dead letter."""
    from fanin.cli.books import show_letter as print_letter  # noqa: PLC0415

    _run(print_letter(config, letter, original))


@dead_letters.command("retry")
def retry_letter(letter: Letter, config: ConfigFile = None) -> None:
    """Deliver it again, with all its tries; `all` does so with every one."""
    from fanin.cli.books import retry_letter as bring_back  # noqa: PLC0415

    _run(bring_back(config, letter))


@dead_letters.command("drop")
def drop_letter(letter: Letter, config: ConfigFile = None) -> None:
    """Give it up for good; that it existed stays on the account."""
    from fanin.cli.books import drop_letter as give_up  # noqa: PLC0415

    _run(give_up(config, letter))


@original.command("show")
def show_original(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The id of the message in its ticket.")],
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; else standard output.")] = None,
    config: ConfigFile = None,
) -> None:
    """Write a message as it came.

    It may hold secrets of a customer that its ticket does not: that it was opened, by whom and when, is remembered.
    """
    from fanin.cli.original import show  # noqa: PLC0415

    _run(show(config, event, output))


@original.command("log")
def list_openings(config: ConfigFile = None) -> None:
    """Print who opened which message, and when."""
    from fanin.cli.original import openings  # noqa: PLC0415

    _run(openings(config))


def _run(command: Coroutine[Any, Any, T]) -> T:
    """Run a command that prints its findings: only warnings are logged, on standard error."""
    from fanin import log  # noqa: PLC0415

    log.set_up("warning", "auto")
    return asyncio.run(command)
