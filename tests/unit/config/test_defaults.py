"""Without any configuration."""

from pathlib import Path

from config.loader import load
from connectors.email.settings import EmailSettings, MaildirSource
from delivery.settings import FileSettings, Route


def test_default(tmp_path, monkeypatch):
    """Without any configuration a Maildir in the data folder is read, and tickets are files beside it."""
    monkeypatch.chdir(tmp_path)
    config = load(None, {})
    assert config.connectors == {
        "drop": EmailSettings(kind="email", source=MaildirSource(type="maildir", path=Path("data/inbox")))
    }
    assert config.helpdesks == {"archive": FileSettings(kind="file", path=Path("data/tickets"))}
    assert config.routes == (Route(to=("archive",)),)
    assert (str(config.http.public), str(config.http.private)) == ("127.0.0.1:8080", "127.0.0.1:9090")


def test_default_follows_the_data_folder(tmp_path, monkeypatch):
    """The default Maildir and ticket folder lie in the data folder that is configured."""
    monkeypatch.chdir(tmp_path)
    config = load(None, {"FANIN_DATA_DIR": "/srv/fanin"})
    assert config.connectors["drop"].source.path == Path("/srv/fanin/inbox")
    assert config.helpdesks["archive"].path == Path("/srv/fanin/tickets")
