"""Lists that a channel gives newest first, a page at a time: read back to what is known, handed over oldest first.

What was bought must not be bought again, and nothing may be passed over.  So when reading back has to end before it
has reached what is known, for want of budget, what was read is handed over all the same, and the **gap** behind it is
remembered: it is read first when reading goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Generic, TypeVar

from msgspec import Struct, ValidationError, convert, to_builtins
from msgspec.structs import replace

from model.json import Json

T = TypeVar("T")


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a list was read (its cursor): ids are numbers that grow with time."""

    known: int = 0
    """Everything up to this id was handed over; 0: nothing was."""
    gap: int = 0
    """What lies between `known` and this id is still to be read; 0: there is no gap."""
    top: int = 0
    """Everything from `gap` up to this id was handed over."""
    token: str = ""
    """The page at which the gap begins, for channels that go on by such a token alone."""

    def json(self) -> Json:
        """As a cursor."""
        found: Json = to_builtins(self)
        return found

    @classmethod
    def read(cls, cursor: Json | None) -> Place:
        """The place that a cursor says; the beginning where it says none."""
        try:
            return convert(cursor, cls)
        except ValidationError:
            return cls()

    def wants(self, number: int) -> bool:
        """Whether what has this id lies where this reading looks."""
        return number > self.known and (not self.gap or number < self.gap)


class Page(Struct, Generic[T], frozen=True):
    """A page of a list: what is in it, by id, and every id that it names."""

    found: dict[int, T]
    seen: Sequence[int] = ()
    """All ids of the page, where more were seen than can be used."""
    following: str = ""
    """The token of the page behind it, where there is one."""


class Reading(Generic[T]):
    """What was read back so far, from one place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.found: dict[int, T] = {}
        self._following = ""
        self.reached = False
        """Whether it has come to what is known, or to the end of the list."""

    async def back(self, pages: AsyncIterator[Page[T]]) -> None:
        """Read pages until what is known is reached; what was found is kept whatever the iterator raises.

        Pages may be short, empty, out of order within themselves, and repeat one another.
        """
        async for page in pages:
            self.found.update({number: one for number, one in page.found.items() if self.place.wants(number)})
            self._following = page.following
            ids = [*page.found, *page.seen]
            if self.place.known and ids and min(ids) <= self.place.known:
                break
        self.reached = True

    def in_order(self) -> list[tuple[int, T]]:
        """What was found, oldest first."""
        return sorted(self.found.items())

    def after(self, number: int) -> Place:
        """The place when everything up to this id, of what was found, was handed over in order.

        Only where what is known was reached: then the list can be handed over in parts.
        """
        return self._closed() if self.place.gap and number >= max(self.found) else self._at(number)

    def left(self) -> Place:
        """The place when all that was found was handed over."""
        if self.reached:
            return self.after(max(self.found)) if self.found else self._closed()
        token = self._following or self.place.token
        if not self.found:
            return replace(self.place, token=token) if self.place.gap else self.place
        top = self.place.top or max(self.found)
        return Place(known=self.place.known, gap=min(self.found), top=top, token=token)

    def _at(self, number: int) -> Place:
        return Place(known=number, gap=self.place.gap, top=self.place.top)

    def _closed(self) -> Place:
        """The gap was read: all up to its top was handed over."""
        return Place(known=max(self.place.top, self.place.known)) if self.place.gap else self.place
