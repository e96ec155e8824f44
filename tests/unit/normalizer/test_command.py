"""`fanin normalize`: files in, a line of JSON out for each."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from fanin.cli.normalize import run
from model.errors import Misconfigured
from tests.unit.normalizer.understood import HEAD, mail, multipart

FANIN = [sys.executable, "-c", "from fanin.cli.main import main; main()", "normalize"]


def lines(*arguments: str, stdin: bytes = b"", status: int = 0) -> list[dict]:
    """What the command prints."""
    done = subprocess.run([*FANIN, *arguments], input=stdin, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (status, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_file_has_its_line_in_order(tmp_path):
    """Also where there are more files than one process takes."""
    files = [tmp_path / f"{number}.eml" for number in range(40)]
    for number, file in enumerate(files):
        file.write_bytes(HEAD + b"\r\nmail %d" % number)
    found = lines(*map(str, files))
    assert [line["input"] for line in found] == [str(file) for file in files]
    assert [line["ticket"]["message"]["text"] for line in found] == [f"mail {number}" for number in range(40)]


def test_the_same_file_is_the_same_ticket(tmp_path):
    """Ids and the tracking number follow from the mail."""
    (tmp_path / "a.eml").write_bytes(HEAD + b"\r\nhi")
    assert lines(str(tmp_path / "a.eml")) == lines(str(tmp_path / "a.eml"))


def test_a_missing_file_is_an_error_and_the_others_are_read(tmp_path):
    """One bad file stops nothing."""
    (tmp_path / "a.eml").write_bytes(HEAD + b"\r\nhi")
    missing, good = lines(str(tmp_path / "no.eml"), str(tmp_path / "a.eml"), status=1)
    assert missing["error"]["code"] == "unreadable"
    assert "ticket" in good


def test_standard_input_is_a_mail():
    """The name of it is a dash."""
    (line,) = lines("-", stdin=HEAD + b"\r\nhi")
    assert (line["input"], line["ticket"]["message"]["subject"]) == ("-", "Hello")


@pytest.mark.parametrize("name", ["mbox", "-"])
def test_an_mbox_is_many_mails(tmp_path, name):
    """Each is named by its number; a From inside a text begins no mail."""
    mbox = b"".join(
        b"From ann Sun Mar  1 11:00:0%d 2026\n" % n + HEAD + b"\nFrom here on, %d\n\n" % n for n in range(3)
    )
    (tmp_path / "mbox").write_bytes(mbox)
    found = lines("-" if name == "-" else str(tmp_path / name), stdin=mbox)
    assert [line["input"].rpartition("#")[2] for line in found] == ["1", "2", "3"]
    assert [line["ticket"]["message"]["text"].strip() for line in found] == [f"From here on, {n}" for n in range(3)]


def test_a_folder_is_all_its_files(tmp_path):
    """A Maildir too, without what is still being written."""
    for name in ("new/1", "cur/2", "tmp/3"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(HEAD + b"\r\nhi")
    assert [line["input"] for line in lines(str(tmp_path))] == [str(tmp_path / "cur/2"), str(tmp_path / "new/1")]


def test_attachments_are_written_by_their_digest(tmp_path):
    """With the bytes that the ticket speaks of."""
    raw = multipart("mixed", b"\r\nhi", b"Content-Type: image/png; name=a.png\r\n\r\nnot really")
    (tmp_path / "a.eml").write_bytes(raw)
    (line,) = lines("--attachments", str(tmp_path / "files"), str(tmp_path / "a.eml"))
    (attachment,) = line["ticket"]["attachments"]
    content = (tmp_path / "files" / attachment["sha256"]).read_bytes()
    assert (content, hashlib.sha256(content).hexdigest()) == (b"not really", attachment["sha256"])


def test_a_reader_that_goes_is_no_error(tmp_path):
    """`| head -1` ends the command with status 1 and without a traceback."""
    for number in range(200):
        (tmp_path / f"{number}.eml").write_bytes(mail("text/plain", b"x" * 5000))
    command = subprocess.Popen([*FANIN, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert command.stdout
    assert command.stderr
    command.stdout.readline()
    command.stdout.close()
    errors = command.stderr.read()
    command.stderr.close()
    assert (command.wait(), errors) == (1, b"")


def test_a_folder_for_attachments_that_cannot_be_is_named(tmp_path):
    """In one line, and with it the command ends."""
    (tmp_path / "a.eml").write_bytes(multipart("mixed", b"\r\nhi", b"Content-Type: image/png\r\n\r\nnot really"))
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "full" / hashlib.sha256(b"not really").hexdigest()).with_suffix(f".{os.getpid()}").mkdir(parents=True)
    for folder in (tmp_path / "file", tmp_path / "full"):
        with pytest.raises(Misconfigured, match=f"^--attachments {folder}: cannot be written: "):
            run([str(tmp_path / "a.eml")], "email", folder)
