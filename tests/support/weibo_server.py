"""An emulated Weibo beside the test, for daemons in processes of their own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from tests.support.beside import Beside
from tests.support.daemon import Daemon
from tests.support.weibo_emulator import Emulator, served


class Server(Beside[Emulator]):
    """The emulator in a thread."""

    def settings(self, **more: Any) -> dict[str, Any]:
        """The configuration of a connector that reads the account from its beginning."""
        given = {
            "kind": "weibo",
            "uid": self.emulator.world.uid,
            "access_token": self.emulator.token,
            "push_secret": self.emulator.secret,
            "api_base": self.emulator.world.base,
            "loopback_media": True,
            "start": "all",
            "poll": "100 ms",
            "reconcile": "1 s",
            "calls_per_hour": self.emulator.limit,
        }
        return given | more

    def read_by(self, daemon: Daemon, **more: Any) -> None:
        """Let the daemon read nothing but the account, as connector `weibo_official`."""
        daemon.configuration["connectors"] = {"weibo_official": self.settings(**more)}


def serving(emulator: Emulator) -> AbstractContextManager[Server]:
    """Serve while the block lasts."""
    return Server(emulator).running(served(emulator))
