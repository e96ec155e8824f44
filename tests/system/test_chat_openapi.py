"""The chat API is what its OpenAPI document says, whatever it is asked."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from config.schema import SCHEMAS
from connectors.chat.operations import OPERATIONS
from tests.support.chat import GENEROUS
from tests.support.daemon import Daemon

EXAMPLES = 500 if os.environ.get("FANIN_SOAK") else 12

SAY_LESS = {"post_message", "upload_file", "mark_read"}
"""A schema cannot say that a message needs a text or a file, which contents are taken, and that 1.0 is no place."""


def _opened(base: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{base}/sessions", b"{}", {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a daemon's public listener is."""
    chat = {"kind": "chat", "rates": GENEROUS, "allow": {"file": "100 KiB"}}
    daemon = Daemon(tmp_path_factory.mktemp("openapi"), connectors={"web": chat})
    daemon.start()
    try:
        daemon.wait_ready()
        yield f"http://{daemon.configuration['http']['public']}"
    finally:
        daemon.kill()
    assert "chat.defect" not in daemon.log


def _operation(name: str) -> Any:
    schema = schemathesis.openapi.from_dict(SCHEMAS["openapi"]())
    schema.config.generation.update(allow_extra_parameters=False)  # what is not known is ignored
    return next(one.ok() for one in schema.get_all_operations() if one.ok().definition.raw["operationId"] == name)


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_the_document_is_kept(address: str, name: str, mode: GenerationMode) -> None:
    """Valid and invalid requests are answered with what the document allows, and never with a defect."""
    session = _opened(f"{address}/v1/chat")
    strategy = _operation(name).as_strategy(generation_mode=mode)

    @given(case=strategy)
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any) -> None:
        if "session_id" in case.path_parameters and mode is GenerationMode.POSITIVE:
            case.path_parameters["session_id"] = session["session_id"]
        headers = {"Authorization": f"Bearer {session['session_token']}"}
        excluded = [positive_data_acceptance] if name in SAY_LESS else []
        case.call_and_validate(base_url=address, headers=headers, timeout=20, excluded_checks=excluded)

    ask()
