"""Where the configuration comes from, and which source goes before which."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.loader import load
from connectors.chat.settings import ChatSettings
from connectors.email.settings import EmailSettings, ImapSource, MaildirSource
from delivery.settings import FileSettings, Route, When
from model.errors import Misconfigured
from model.settings import Secret

ROOT = Path(__file__).parents[3]
MAILBOX = """
connectors:
  support_mail:
    kind: email
    source: {type: imap, host: imap.example.com, user: support, password: from-file}
    folders: [INBOX, Spam]
"""


def configured(text: str, **environ: str):
    Path("given.yaml").write_text(text, "utf-8")
    return load(Path("given.yaml"), environ)


def test_without_anything():
    """Without any configuration a Maildir in the data folder is read, and tickets are files beside it."""
    config = load(None, {})
    source = MaildirSource(type="maildir", path=Path("data/inbox"))
    assert config.connectors == {
        "drop": EmailSettings(kind="email", source=source),
        "chat": ChatSettings(kind="chat"),
    }
    assert config.helpdesks == {"archive": FileSettings(kind="file", path=Path("data/tickets"))}
    assert config.routes == (Route(to=("archive",)),)
    assert (str(config.http.public), str(config.http.private)) == ("127.0.0.1:8080", "127.0.0.1:9090")
    assert config.http.links == "http://127.0.0.1:8080"


def test_defaults_follow_the_data_folder():
    """The default Maildir and ticket folder lie in the data folder that is configured."""
    config = load(None, {"FANIN_DATA_DIR": "/srv/fanin"})
    assert config.connectors["drop"].source.path == Path("/srv/fanin/inbox")
    assert config.helpdesks["archive"].path == Path("/srv/fanin/tickets")


def test_an_empty_file_is_no_configuration():
    """A file with nothing but comments counts as none."""
    assert configured("# nothing yet\n") == load(None, {})


def test_the_example_is_valid():
    """The annotated example loads as it is."""
    config = load(ROOT / "config" / "fanin.example.yaml", {})
    assert {"support_mail", "drop", "web_chat", "x_official"} <= set(config.connectors)
    assert config.connectors["support_mail"].source.port == 993
    assert config.routes[0].when == When(category=("security",), urgency=("critical", "high"))


def test_the_file_that_is_named_goes_first():
    """`path` goes before FANIN_CONFIG, which goes before fanin.yaml in the working directory."""
    for name in ("path", "variable", "fanin"):
        Path(f"{name}.yaml").write_text(f"data_dir: {name}", "utf-8")
    variable = {"FANIN_CONFIG": "variable.yaml"}
    assert load(Path("path.yaml"), variable).data_dir == Path("path")
    assert load(None, variable).data_dir == Path("variable")
    assert load(None, {}).data_dir == Path("fanin")


def test_a_file_that_cannot_be_read_is_named():
    """A file that was asked for and cannot be read is a mistake, not the default."""
    with pytest.raises(Misconfigured, match=r"^nowhere.yaml: cannot read the configuration: No such file"):
        load(None, {"FANIN_CONFIG": "nowhere.yaml"})


def test_not_more_is_said_than_can_be_read():
    """Of very many mistakes the first fifty are told, and how many there are besides."""
    with pytest.raises(Misconfigured) as caught:
        configured("".join(f"key{number}: 1\n" for number in range(60)))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("given.yaml:1: key0: unknown key")
    assert (len(lines), lines[-1]) == (51, "and 10 more")


def test_the_environment_alone_is_enough():
    """A connector can be configured by variables alone; their texts take the types of their fields."""
    variables = {
        "KIND": "email",
        "SOURCE__TYPE": "imap",
        "SOURCE__HOST": "imap.example.com",
        "SOURCE__PORT": "1993",
        "SOURCE__IDLE": "false",
        "SOURCE__TLS": "starttls",
        "SOURCE__USER": "12345",
        "SOURCE__PASSWORD": "007",
        "SOURCE__POLL": "90 s",
        "FOLDERS": '["INBOX", "Spam"]',
        "OWN_ADDRESSES": "Support@Example.com",
        "MAX_MESSAGE_SIZE": "1 MiB",
    }
    config = load(None, {f"FANIN_CONNECTORS__SUPPORT_MAIL__{name}": value for name, value in variables.items()})
    mailbox = config.connectors["support_mail"]
    assert mailbox.folders == ("INBOX", "Spam")
    assert mailbox.own_addresses == ("support@example.com",)
    assert mailbox.max_message_size == 1 << 20
    source = mailbox.source
    assert (source.port, source.idle, source.tls, source.user) == (1993, False, "starttls", "12345")
    assert source.password.read() == "007"


def test_the_environment_goes_before_the_file():
    """A variable replaces one key of the file and leaves its neighbours; a list is replaced whole."""
    config = configured(
        MAILBOX,
        FANIN_CONNECTORS__SUPPORT_MAIL__SOURCE__HOST="other.example.com",
        FANIN_CONNECTORS__SUPPORT_MAIL__FOLDERS='["Support"]',
        FANIN_CONNECTORS__EXTRA='{"kind": "email", "source": {"type": "maildir", "path": "extra"}}',
        FANIN_CONNECTORS__EXTRA__SOURCE__POLL="9 s",
    )
    mailbox = config.connectors["support_mail"]
    assert mailbox.source == ImapSource(
        type="imap", host="other.example.com", user="support", password=Secret("from-file")
    )
    assert mailbox.folders == ("Support",)
    assert config.connectors["extra"].source.poll.total_seconds() == 9


def test_a_secret_in_one_form_replaces_the_other(folder):
    """A secret file named by a variable replaces a password in the file, and the other way round."""
    (folder / "secret").write_text("from-secret-file\n", "utf-8")
    place = "FANIN_CONNECTORS__SUPPORT_MAIL__SOURCE__PASSWORD"
    by_file = configured(MAILBOX, **{f"{place}_FILE": "secret"})
    assert by_file.connectors["support_mail"].source.password.read() == "from-secret-file"
    text = MAILBOX.replace("password: from-file", "password_file: secret")
    by_value = configured(text, **{place: "from-variable"})
    assert by_value.connectors["support_mail"].source.password.read() == "from-variable"


def test_names_that_end_like_a_secret_file_are_only_names():
    """A connector `mail_file` in the environment leaves a connector `mail` in the file alone."""
    text = "connectors: {mail: {kind: email, source: {type: maildir, path: a}}}"
    other = '{"kind": "email", "source": {"type": "maildir", "path": "b"}}'
    assert list(configured(text, FANIN_CONNECTORS__MAIL_FILE=other).connectors) == ["mail", "mail_file"]


def test_a_rotated_secret_is_found(folder):
    """A secret file is read again at each use."""
    (folder / "secret").write_text("old\n", "utf-8")
    config = configured(MAILBOX.replace("password: from-file", "password_file: secret"))
    (folder / "secret").write_text("new\n", "utf-8")
    assert config.connectors["support_mail"].source.password.read() == "new"


def test_an_empty_variable_counts_as_not_set():
    """A variable that is set to nothing changes nothing."""
    assert load(None, {"FANIN_DATA_DIR": "", "FANIN_LOG__LEVEL": ""}) == load(None, {})


def test_kubernetes_service_links_are_no_settings():
    """The variables that Kubernetes sets for a service called fanin are not taken for settings."""
    links = {"FANIN_SERVICE_HOST": "10.0.0.1", "FANIN_PORT": "tcp://10.0.0.1:80", "FANIN_PORT_80_TCP_PROTO": "tcp"}
    assert load(None, links) == load(None, {})


def test_only_the_given_environment_counts(monkeypatch):
    """What the process has in its environment is not looked at, only what is given."""
    monkeypatch.setenv("FANIN_DATA_DIR", "/ambient")
    assert load(None, {}).data_dir == Path("data")


def test_the_same_text_gives_equal_settings():
    """Settings read twice are equal, so that a reload can tell which connectors changed."""
    first, second = configured(MAILBOX), configured(MAILBOX)
    changed = configured(MAILBOX.replace("Spam", "Junk"))
    assert first.connectors["support_mail"] == second.connectors["support_mail"]
    assert first.connectors["support_mail"] != changed.connectors["support_mail"]


def test_loading_imports_nothing_heavy():
    """Reading the configuration does not import what only running needs."""
    heavy = ("aiohttp", "aioimaplib", "alembic", "nh3", "selectolax", "sqlalchemy", "structlog", "typer", "watchfiles")
    code = f"import sys, config.loader; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
