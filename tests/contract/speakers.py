"""What every connector that answers must do (`connectors.base.Speaker`)."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from contextlib import suppress

import pytest

from connectors.base import Speaker
from model.errors import CredentialsRejected, Permanent, Transient, Uncertain
from model.reply import Reply
from tests.support.memory import MemoryState


class Channel:
    """The other side of a speaker, as a test drives it."""

    @abstractmethod
    def speaker(self) -> Speaker:
        """A speaker as a process that was just started makes it."""

    @abstractmethod
    def reply(self, number: int) -> Reply:
        """An answer with an id of its own and `number <n>;` in its text, which the channel takes."""

    @abstractmethod
    def received(self) -> list[str]:
        """The texts that the requester has received, in order; nobody else may have received anything."""

    @abstractmethod
    def stumble(self, times: int) -> None:
        """Let the channel refuse the next answers for a moment, before it does anything."""

    @abstractmethod
    def refuse(self) -> None:
        """Let the channel refuse this requester for good."""

    @abstractmethod
    def reject(self) -> None:
        """Let the channel refuse our credentials."""

    @abstractmethod
    def lose_answer(self) -> None:
        """Let the channel take the next answer and the connection break before it says so."""


class SpeakerContract:
    """Inherit, and give the channel."""

    @pytest.fixture
    @abstractmethod
    def channel(self) -> Channel:
        """A channel on which a requester waits."""

    @pytest.fixture
    def state(self) -> MemoryState:
        """What the speaker keeps: it outlives it."""
        return MemoryState()

    async def test_an_answer_reaches_the_requester_once(self, channel: Channel, state: MemoryState) -> None:
        """Answers arrive in the order in which they were sent, and each has a name."""
        speaker = channel.speaker()
        refs = [await speaker.send(channel.reply(number), state) for number in range(3)]

        assert len({ref.value for ref in refs}) == 3
        assert _numbers(channel) == [0, 1, 2]

    async def test_a_refusal_for_a_moment_may_be_repeated(self, channel: Channel, state: MemoryState) -> None:
        """Transient means that nothing was sent: sent again, it arrives once."""
        channel.stumble(1)
        with pytest.raises(Transient):
            await channel.speaker().send(channel.reply(1), state)
        assert channel.received() == []
        await channel.speaker().send(channel.reply(1), state)

        assert _numbers(channel) == [1]

    async def test_a_refusal_for_good_tells_the_agent_why(self, channel: Channel, state: MemoryState) -> None:
        """Permanent, with a text; nothing was sent."""
        channel.refuse()
        with pytest.raises(Permanent, match=r"\w{3,}"):
            await channel.speaker().send(channel.reply(1), state)

        assert channel.received() == []

    async def test_refused_credentials_name_the_remedy(self, channel: Channel, state: MemoryState) -> None:
        """CredentialsRejected, with what to do."""
        channel.reject()
        with pytest.raises(CredentialsRejected) as caught:
            await channel.speaker().send(channel.reply(1), state)

        assert caught.value.remedy
        assert channel.received() == []

    async def test_what_may_have_been_sent_is_not_said_twice(self, channel: Channel, state: MemoryState) -> None:
        """Where the channel's answer is lost, who asks again is told that it is uncertain; nothing is said twice."""
        channel.lose_answer()
        with suppress(Uncertain, Transient):
            await channel.speaker().send(channel.reply(1), state)
        if channel.speaker().repeatable:
            with suppress(Uncertain):
                await channel.speaker().send(channel.reply(1), state)

        assert _numbers(channel) == [1]

    async def test_cancelled_anywhere_nothing_is_said_twice(self, channel: Channel, state: MemoryState) -> None:
        """Cancelled at any await and, where that may be, sent again, an answer arrives once or is uncertain."""
        dice = random.Random(5)
        for number in range(12):
            task = asyncio.create_task(channel.speaker().send(channel.reply(number), state))
            await asyncio.sleep(dice.uniform(0, 0.006))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if channel.speaker().repeatable:
                with suppress(Uncertain):
                    await channel.speaker().send(channel.reply(number), state)

        found = _numbers(channel)
        assert len(found) == len(set(found))


def _numbers(channel: Channel) -> list[int]:
    """The numbers of what was received."""
    return [int(text.partition("number ")[2].partition(";")[0]) for text in channel.received()]
