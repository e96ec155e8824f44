"""Which helpdesks a message goes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from delivery.settings import Route
from store.arrival import Target


def targets(traits: Mapping[str, str | None], routes: Iterable[Route], also: Iterable[str]) -> tuple[Target, ...]:
    """The helpdesks of the first route whose conditions hold, and those that receive everything.

    `traits` are what a message is to a route: category, topic, route, urgency, lane, language, channel, connector.
    """
    route = next((route for route in routes if _holds(route, traits)), None)
    chosen = {name: Target(helpdesk=name, options=dict(route.options)) for name in route.to} if route else {}
    for name in also:
        chosen.setdefault(name, Target(helpdesk=name))
    return tuple(chosen.values())


def _holds(route: Route, traits: Mapping[str, str | None]) -> bool:
    return all(traits.get(trait) in wanted for trait, wanted in route.when.conditions.items())
