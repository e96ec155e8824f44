"""Which helpdesks a message goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from model.json import Json
from store.arrival import Target


class Route(Protocol):
    """A line of `routes`: conditions that must all hold, the helpdesks, and how they are to treat it."""

    @property
    def when(self) -> Mapping[str, str]: ...

    @property
    def to(self) -> Iterable[str]: ...

    @property
    def options(self) -> Mapping[str, Json]: ...


def targets(traits: Mapping[str, str | None], routes: Iterable[Route], also: Iterable[str]) -> tuple[Target, ...]:
    """The helpdesks of the first route whose conditions hold, and those that receive everything.

    `traits` are what a message is to a route: category, topic, urgency, lane, language, channel, connector.
    """
    route = next((route for route in routes if _holds(route, traits)), None)
    chosen = {name: Target(helpdesk=name, options=dict(route.options)) for name in route.to} if route else {}
    for name in also:
        chosen.setdefault(name, Target(helpdesk=name))
    return tuple(chosen.values())


def _holds(route: Route, traits: Mapping[str, str | None]) -> bool:
    return all(traits.get(trait) == wanted for trait, wanted in route.when.items())
