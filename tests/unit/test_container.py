"""The image and the composition of containers say what the daemon understands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from config.loader import load
from delivery.settings import ArqSettings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
SERVICE = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["fanin"]
FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
SETTINGS = dict(re.findall(r"\b(FANIN_\w+)=(\S+)", FINAL))


def test_the_image_starts_without_configuration() -> None:
    """What the image sets is a configuration: data in /data, the private listener for its health check alone."""
    config = load(None, SETTINGS)

    assert config.data_dir == Path("/data")
    assert not config.http.public.loopback
    assert config.http.private.loopback


def test_the_composition_opens_both_listeners(tmp_path: Path) -> None:
    """With its variables and secrets the private listener is reachable, and asks for its token."""
    secrets = {name: tmp_path / name for name in SERVICE["secrets"]}
    for path in secrets.values():
        path.write_text("0123456789abcdef" * 4)
    given = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in SERVICE["environment"].items()}

    config = load(None, SETTINGS | given)

    assert not config.http.private.loopback
    assert config.http.private_token is not None
    assert config.store.encryption_key is not None


def test_signals_reach_the_daemon() -> None:
    """Entry point, command and health check are lists of words, so that no shell stands before the process."""
    forms = re.findall(r"^(?:ENTRYPOINT|CMD|HEALTHCHECK.* CMD) (.*)$", FINAL, re.MULTILINE)

    assert [type(json.loads(form)) for form in forms] == [list, list, list]
    assert json.loads(forms[1]) == ["fanin"]


def test_the_daemon_has_no_rights() -> None:
    """The image's user is nobody in particular, and the container's file system is closed."""
    assert re.findall(r"^USER (\d+):\d+$", FINAL, re.MULTILINE)[-1] != "0"
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]


def test_the_composition_with_redis_splits_the_roles(tmp_path: Path) -> None:
    """Intake and delivery are hardened like the single container, and what they are told is a configuration."""
    services = yaml.safe_load((ROOT / "compose.redis.yaml").read_text())["services"]
    for name in ("private_token", "encryption_key"):
        (tmp_path / name).write_text("0123456789abcdef" * 4)
    for role in ("intake", "deliver"):
        service = services[role]
        same = SERVICE.keys() - {"environment", "ports"}
        assert {key: service[key] for key in same} == {key: SERVICE[key] for key in same}
        given = {name: value.replace("/run/secrets", str(tmp_path)) for name, value in service["environment"].items()}
        queue = load(None, SETTINGS | given).queue

        assert isinstance(queue, ArqSettings)
        assert queue.url == "redis://redis:6379/0"
        assert service["command"] == ["run", "--role", role]
    assert services["redis"]["read_only"] is True
