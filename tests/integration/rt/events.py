"""Events of conversations of their own."""

from __future__ import annotations

from typing import Any

import msgspec

from model.event import Event
from model.ticket import Address, Identity, Requester
from tests.support.events import MemoryPlace, event

ANN = Requester(id="r", name="Ann 王小明", identities=(Identity(kind="email", value="ann@customers.test"),))


def said(
    number: int, *, case: int = 1, requester: Requester = ANN, files: tuple[bytes, ...] = (), **message: Any
) -> Event:
    """A message of a case; `message` changes what was said."""
    made = event(number, files=files)
    ticket = made.data
    ticket = msgspec.structs.replace(
        ticket,
        tracking_number=f"FN-CASE-{case:04d}-X",
        requester=requester,
        message=msgspec.structs.replace(
            ticket.message,
            **{
                "subject": f"subject {number}",
                "from_": (Address(name="Ann", address="ann@customers.test"),),
                **message,
            },
        ),
    )
    return msgspec.structs.replace(made, subject=ticket.tracking_number, data=ticket)


def keep(place: MemoryPlace, *contents: bytes) -> None:
    """Put contents where the helpdesk finds them."""
    place._contents |= MemoryPlace(*contents)._contents
