"""No mistake ever shows a value that may be a secret."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from config.loader import load
from model.errors import Misconfigured
from model.settings import Secret

MARK = "hunter2 in clear"
EXAMPLE = yaml.load((Path(__file__).parents[3] / "config" / "fanin.example.yaml").read_text("utf-8"), yaml.BaseLoader)


def leaves(node: Any, keys: tuple = ()):
    if isinstance(node, str):
        yield keys
    else:
        for key, each in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(each, (*keys, key))


def replaced(node: Any, keys: tuple, value: Any) -> Any:
    if not keys:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[keys[0]] = replaced(node[keys[0]], keys[1:], value)
    return copy


@pytest.mark.parametrize("keys", list(leaves(EXAMPLE)), ids=lambda keys: ".".join(map(str, keys)))
def test_no_value_is_shown(keys, folder):
    """A wrong value at any key, with a misspelt neighbour that holds a secret, is never repeated."""
    wrong = replaced(EXAMPLE, keys, MARK) | {"pasword": MARK, "log": {"level": MARK, "format": [MARK]}}
    (folder / "wrong.yaml").write_text(yaml.safe_dump(wrong), "utf-8")
    with pytest.raises(Misconfigured) as caught:
        load(Path("wrong.yaml"), {"FANIN_PASWORD": MARK, "FANIN_HTTP__PUBLIC": MARK, "FANIN_ROUTES": f'["{MARK}"]'})
    assert "log.level" in str(caught.value)
    assert MARK not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_secret_does_not_show_itself():
    """Neither the text of a secret nor that of settings that hold it shows the value."""
    environ = {
        "FANIN_CONNECTORS__A__KIND": "email",
        "FANIN_CONNECTORS__A__SOURCE": '{"type": "imap", "host": "h", "user": "u"}',
        "FANIN_CONNECTORS__A__SOURCE__PASSWORD": MARK,
    }
    config = load(None, environ)
    assert config.connectors["a"].source.password.read() == MARK
    shown = [repr(config), str(config), str(config.model_dump()), config.model_dump_json(), repr(Secret(MARK))]
    assert not [text for text in shown if MARK in text]
