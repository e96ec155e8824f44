"""Which helpdesks a message goes to."""

import pytest
from pydantic import ValidationError

from config.settings import Config
from delivery.settings import Route, When

DESKS = {"desk": {"kind": "file", "path": "a"}, "archive": {"kind": "file", "path": "b"}}


def test_without_routes_everything_goes_to_the_first_helpdesk():
    """Without routes, one is made that takes everything to the first helpdesk."""
    assert Config(helpdesks=DESKS).routes == (Route(to=("desk",)),)


def test_what_no_route_takes_goes_to_the_first_helpdesk():
    """A last route that takes everything is added where there is none: no message is without a way."""
    config = Config(helpdesks=DESKS, routes=[{"when": {"lane": "urgent"}, "to": "archive"}])
    assert config.routes == (Route(when=When(lane=("urgent",)), to=("archive",)), Route(to=("desk",)))


def test_a_last_route_that_takes_everything_stays_the_last():
    """Nothing is added after a route that takes everything."""
    config = Config(helpdesks=DESKS, routes=[{"to": ["archive"]}], also=["desk"])
    assert config.routes == (Route(to=("archive",)),)
    assert config.also == ("desk",)


def test_mistakes_in_routes_are_found_beside_others():
    """A route to a helpdesk that does not exist is named although a connector is wrong as well."""
    with pytest.raises(ValidationError) as caught:
        Config(helpdesks=DESKS, connectors={"drop": {"kind": "email"}}, routes=[{"to": ["nobody"]}])
    assert [error["loc"] for error in caught.value.errors()] == [
        ("connectors", "drop", "email", "source"),
        ("routes", 0, "to", 0),
    ]
