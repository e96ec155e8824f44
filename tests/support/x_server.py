"""An emulated X beside the test, for daemons in processes of their own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from tests.support.beside import Beside
from tests.support.daemon import Daemon
from tests.support.x_emulator import Emulator
from tests.support.x_world import ACCOUNT


class Server(Beside[Emulator]):
    """The emulator in a thread."""

    def settings(self, **more: Any) -> dict[str, Any]:
        """The configuration of a connector that reads the account from its beginning."""
        given = {
            "kind": "x",
            "user_id": ACCOUNT,
            "bearer_token": "app-token",
            "api_base": self.emulator.url,
            "start": "all",
            "poll": "100 ms",
            "loopback_media": True,
            "budget": {"per_day": None, "per_month": "1000 USD"},
        }
        return given | more

    def read_by(self, daemon: Daemon, **more: Any) -> None:
        """Let the daemon read nothing but the account, as connector `x_official`."""
        daemon.configuration["connectors"] = {"x_official": self.settings(**more)}


def serving(emulator: Emulator) -> AbstractContextManager[Server]:
    """Serve while the block lasts."""
    return Server(emulator).running(emulator.serving())
