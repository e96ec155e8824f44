"""The file helpdesk puts right what it wrote before."""

from __future__ import annotations

from pathlib import Path

import msgspec

from delivery.helpdesks.file import FileHelpdesk
from model.event import REDACTED, Event
from tests.support.events import MemoryFiles, event


def redacted(number: int, of: Event) -> Event:
    """The event that tells how the message of another must be."""
    said = msgspec.structs.replace(of.data.message, text="[seed phrase removed]")
    data = msgspec.structs.replace(of.data, message=said)
    return msgspec.structs.replace(event(number), type=REDACTED, data=data)


async def test_a_redacted_message_is_replaced_where_it_stands(tmp_path: Path) -> None:
    """The line of the message loses its text, keeps its id and place, and the event that says so is added."""
    desk = FileHelpdesk(tmp_path, MemoryFiles())
    for number in (1, 2, 3):
        await desk.submit(event(number), None, {})

    await desk.submit(redacted(9, event(2)), None, {})
    await FileHelpdesk(tmp_path, MemoryFiles()).submit(redacted(9, event(2)), None, {})

    content = (tmp_path / "tickets.jsonl").read_text()
    lines = [msgspec.json.decode(line, type=Event) for line in content.splitlines()]
    assert [line.id for line in lines] == [event(number).id for number in (1, 2, 3, 9)]
    assert [line.data.message.text[:6] for line in lines] == ["text 1", "[seed ", "text 3", "[seed "]
    assert "text 2" not in content
    assert {file.name for file in tmp_path.iterdir()} == {".lock", "tickets.jsonl"}
