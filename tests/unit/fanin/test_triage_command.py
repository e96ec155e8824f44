"""`fanin triage` shows why a message is what it is, and tries rules on a table."""

from __future__ import annotations

import json

import pytest

from fanin.cli import normalize
from fanin.cli.triage import explain
from fanin.cli.triage import test as run_table
from model.errors import Misconfigured


def test_a_file_is_the_text_of_a_chat_message(tmp_path, capfdbinary):
    """`--channel chat` makes the ticket of a chat message of each file, triage included, in order."""
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    files[0].write_text("勝手に送金されてる")
    files[1].write_text("From a friend, 2024: how do I add a token?")

    assert normalize.run([*map(str, files)], "chat", None) == 0
    tickets = [json.loads(line)["ticket"] for line in capfdbinary.readouterr().out.splitlines()]
    assert [ticket["channel"]["kind"] for ticket in tickets] == ["chat", "chat"]
    assert [ticket["message"]["text"] for ticket in tickets] == [file.read_text() for file in files]
    assert [ticket["triage"]["lane"] for ticket in tickets] == ["urgent", "normal"]


def test_an_unknown_channel_is_refused(capsys):
    """A channel that files cannot be read of is named, with those that can."""
    assert normalize.run(["x"], "smoke", None) == 2
    assert "expected one of email, chat" in capsys.readouterr().err


def test_explaining_names_rules_words_and_fragments(tmp_path, capsys):
    """A text, and the same in a file, is explained by its rules, its meanings and the model."""
    file = tmp_path / "message.txt"
    file.write_text("someone stole my coins")
    explain("someone stole my coins", [])
    told = capsys.readouterr().out
    explain(str(file), [])

    assert capsys.readouterr().out == told
    assert told.startswith("critical  security/theft  lane urgent  route security")
    assert "assets_stolen" in told
    assert "model" in told


RULES = "words: {vip: [platinum]}\nrules: [{name: vip, all: $vip, urgency: high, route: vips, tags: [vip]}]\n"


@pytest.mark.parametrize(
    ("case", "status", "told"),
    [
        ("{text: platinum here, urgency: high, route: vips, tags: vip, rule: vip}", 0, "1 of 1 as expected"),
        ("{text: platinum here, urgency: low}", 1, "urgency: expected low, found high"),
        ("{text: hello, rule: vip}", 1, "the rule vip did not fire"),
        ("{text: hello, tags: vip}", 1, "tags: expected vip, found"),
    ],
)
def test_a_table_of_expectations_is_run(tmp_path, capsys, case, status, told):
    """Each case that is not as expected is shown with the difference, and makes the status 1."""
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "cases.yaml").write_text(f"cases:\n  - {case}\n")

    assert run_table(tmp_path / "rules.yaml", tmp_path / "cases.yaml") == status
    assert told in capsys.readouterr().out


def test_a_mistake_in_the_table_is_told_by_line(tmp_path):
    """An unknown key of a case is refused with its line."""
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "cases.yaml").write_text("cases:\n  - text: a\n    urgent: high\n")
    with pytest.raises(Misconfigured, match=r"cases.yaml:3: cases\[0\].urgent: unknown key; did you mean urgency"):
        run_table(tmp_path / "rules.yaml", tmp_path / "cases.yaml")
