"""Lists that come newest first are read back to what is known, without a gap."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from connectors.paging import Page, Place, Reading


async def _pages(numbers: Sequence[int], size: int = 3, most: int = 10**6) -> AsyncIterator[Page[str]]:
    """A list newest first; it breaks off after so many pages."""
    newest_first = sorted(numbers, reverse=True)
    for count, at in enumerate(range(0, len(newest_first), size)):
        if count == most:
            raise ConnectionError
        yield Page({number: str(number) for number in newest_first[at : at + size]})


async def _round(place: Place, numbers: Sequence[int], most: int = 10**6) -> tuple[list[int], Place]:
    """What a round hands over, and where it leaves off."""
    reading = Reading[str](place)
    with suppress(ConnectionError):
        await reading.back(_pages([n for n in numbers if not place.gap or n < place.gap], most=most))
    return [number for number, _ in reading.in_order()], reading.left()


async def test_everything_new_is_handed_over_oldest_first() -> None:
    """What is above the known id is found, in order, and the place moves to the newest."""
    found, place = await _round(Place(known=4), range(1, 12))

    assert found == [5, 6, 7, 8, 9, 10, 11]
    assert place == Place(known=11)


async def test_reading_ends_where_something_known_is_seen() -> None:
    """The page that holds a known id is the last that is asked for."""
    asked: list[int] = []

    async def pages() -> AsyncIterator[Page[str]]:
        async for page in _pages(range(1, 31)):
            asked.append(min(page.found))
            yield page

    reading = Reading[str](Place(known=25))
    await reading.back(pages())

    assert asked == [28, 25]


async def test_a_reading_that_broke_off_leaves_a_gap_that_is_read_first() -> None:
    """What was read is handed over; then the gap, then what came meanwhile."""
    first, place = await _round(Place(known=2), range(1, 12), most=2)
    second, gap_closed = await _round(place, range(1, 15))
    third, end = await _round(gap_closed, range(1, 15))

    assert (first, place) == ([6, 7, 8, 9, 10, 11], Place(known=2, gap=6, top=11))
    assert (second, gap_closed) == ([3, 4, 5], Place(known=11))
    assert (third, end) == ([12, 13, 14], Place(known=14))


async def test_where_only_a_token_leads_on_the_gap_keeps_it() -> None:
    """The page behind the last one that was read is where the gap begins; it is forgotten when the gap is closed."""

    async def pages() -> AsyncIterator[Page[str]]:
        yield Page({9: ""}, following="b")
        yield Page({8: ""}, following="c")
        raise ConnectionError

    first, second = Reading[str](Place(known=2)), Reading[str](Place(known=2, gap=8, top=9, token="c"))
    with suppress(ConnectionError):
        await first.back(pages())
    await second.back(_pages([1, 3, 4]))

    assert first.left() == Place(known=2, gap=8, top=9, token="c")
    assert second.left() == Place(known=9)


async def test_pages_that_repeat_or_are_out_of_order_change_nothing() -> None:
    """Each id is handed over once, in order."""

    async def pages() -> AsyncIterator[Page[str]]:
        for ids in ([9, 11, 10], [10, 9, 8], [], [7, 6]):
            yield Page(dict.fromkeys(ids, ""))

    reading = Reading[str](Place(known=5))
    await reading.back(pages())

    assert [number for number, _ in reading.in_order()] == [6, 7, 8, 9, 10, 11]


async def test_in_parts_the_place_follows_what_was_handed_over() -> None:
    """After a part, everything up to its end is known; after the last part of a gap, all up to the gap's top."""
    news, gap = Reading[str](Place(known=2)), Reading[str](Place(known=2, gap=6, top=11))
    await news.back(_pages(range(1, 6)))
    await gap.back(_pages(range(1, 6)))

    assert news.after(4) == Place(known=4)
    assert gap.after(4) == Place(known=4, gap=6, top=11)
    assert gap.after(5) == Place(known=11)


async def test_broken_off_anywhere_nothing_is_missing_or_repeated() -> None:
    """Over many seeded lists that grow while readings break off, each id is handed over exactly once."""
    for seed in range(200):
        dice, place, newest = random.Random(seed), Place(known=1), 1
        handed: list[int] = []
        for _ in range(12):
            newest += dice.randrange(10)
            found, place = await _round(place, range(1, newest + 1), most=dice.randrange(4))
            handed += found
            place = Place.read(place.json())
        for _ in range(2):
            found, place = await _round(place, range(1, newest + 1))
            handed += found

        assert sorted(handed) == list(range(2, newest + 1)), seed


def test_a_cursor_that_says_nothing_is_the_beginning() -> None:
    """None, and whatever is no place."""
    assert Place.read(None) == Place.read({"known": "x"}) == Place()
