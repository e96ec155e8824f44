"""The tables of kinds, their schemas and their documentation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
import yaml

from config.reference import MARK, reference
from config.schema import SCHEMAS, config_schema
from config.settings import Config
from connectors import CONNECTORS
from connectors.settings import ConnectorSettings
from delivery import HELPDESKS, QUEUES
from delivery.settings import HelpdeskSettings, QueueSettings
from model.documentation import attribute_docs
from model.event import Event
from model.settings import Settings
from model.ticket import Channel, ConversationPart, Message, Requester, Ticket

ROOT = Path(__file__).parents[3]
TABLES = [(CONNECTORS, ConnectorSettings), (QUEUES, QueueSettings), (HELPDESKS, HelpdeskSettings)]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TICKET = Ticket(
    tracking_number="FN-0000-0000-S",
    conversation=ConversationPart(id="c", kind="new", sequence=1, visibility="private", transcript_url="/t"),
    channel=Channel(kind="email", connector="drop", account=""),
    requester=Requester(id="r"),
    message=Message(id="m", source_id="s", received_at=NOW),
)
EVENT = Event(
    id="e",
    source="/fanin/drop",
    subject="FN-0000-0000-S",
    time=NOW,
    partitionkey="c",
    sequence="00000000000000000001",
    lane="normal",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    data=TICKET,
)


def subclasses(cls: type) -> Iterator[type]:
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


@pytest.mark.parametrize(("table", "base"), TABLES)
def test_a_kind_is_what_its_settings_say(table, base):
    """Each kind's settings accept exactly the kind that the table names, and have the base of their table."""
    for kind, entry in table.items():
        assert issubclass(entry.settings, base)
        assert get_args(entry.settings.model_fields["kind"].annotation) == (kind,)


@pytest.mark.parametrize("settings", [Config, *subclasses(Settings)], ids=lambda cls: cls.__name__)
def test_every_setting_is_documented(settings):
    """Each setting has a text below it that says what it means, and each group of them a docstring."""
    undocumented = [name for name in settings.model_fields if not attribute_docs(settings).get(name)]
    assert (undocumented, bool(settings.__doc__)) == ([], True)


def test_the_reference_is_complete():
    """docs/configuration.md holds every setting as the models have it now."""
    assert (ROOT / "docs" / "configuration.md").read_text("utf-8").partition(MARK)[2] == reference()


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schemas_are_current(name):
    """The checked-in schema is valid and is the one that the models have now."""
    schema = SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads((ROOT / "docs" / "schema" / f"{name}.json").read_text("utf-8")) == schema


def test_checking_a_schema_finds_a_change(folder):
    """The check of the schemas fails where one differs, says which, and passes once they are written anew."""
    run = [sys.executable, "-m", "config.schema", str(folder)]
    for arguments, code in [(["--check"], 1), ([], 0), (["--check"], 0)]:
        done = subprocess.run([*run, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert (str(folder / "ticket.json") in done.stderr) == bool(code)


@pytest.mark.parametrize(("name", "value"), [("ticket", TICKET), ("event", EVENT)])
def test_what_is_sent_is_valid(name, value):
    """A ticket and an event as they are serialised satisfy their schemas."""
    jsonschema.validate(json.loads(msgspec.json.encode(value)), SCHEMAS[name]())


def example() -> Any:
    return yaml.safe_load((ROOT / "config" / "fanin.example.yaml").read_text("utf-8"))


def test_the_example_satisfies_the_schema():
    """The annotated example is valid by the schema that editors use."""
    jsonschema.validate(example(), config_schema())


def test_the_example_shows_every_setting():
    """Each key that can be set stands in an annotated example, as a setting or in a comment."""
    text = "".join(file.read_text("utf-8") for file in (ROOT / "config").glob("*.example.yaml"))
    shown = [cls for cls in [Config, *subclasses(Settings)] if not cls.__module__.startswith(("fanin.", "tests."))]
    names = {field.alias or name for cls in shown for name, field in cls.model_fields.items()}
    optional = {
        "topic",
        "lane",
        "language",
        "channel",
        "connector",
        "tenant",
        "scope",
        "token_url",
        "lifetime",
        "token",
    }
    assert sorted(name for name in names - optional if name not in text) == []
