"""Shares that the operator sets up for accounts, and the files that programs have read.

With a real server process, and a real Samba behind it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from datacode.server.auth.accounts import make_token
from datacode.server.options.parser import Options
from datacode.server.options.usage_errors import OptionError
from tests.daemons import Daemon, Talk, foreground
from tests.shared_daemon import SharedDaemonTestCase
from tests.smb.samba import LOGIN, PASSWORD, Samba, samba

CONFIG = """
[groups]
sales = ["bob"]

[shares.reports]
host = "127.0.0.1:{port}"
share = "data"
login = "{login}"
password_file = "reports.password"
accounts = ["ann", "@sales"]

[shares.inbox]
host = "127.0.0.1:{port}"
share = "data"
login = "{login}"
password-file = "reports.password"
accounts = ["ann"]
write = true

[shares.broken]
host = "127.0.0.1:{port}"
share = "data"
login = "{login}"
password_file = "broken.password"
accounts = ["*"]
"""


class AccountTestCase(SharedDaemonTestCase):
    tokens: dict[str, str]

    def setUp(self) -> None:
        """A server with accounts and shares for them; a client of Ann's."""
        self.samba: Samba = samba()
        super().setUp()
        self.folder = self.samba.folder / self.id().rpartition(".")[2]
        self.folder.mkdir(exist_ok=True)
        self.place = self.folder.name
        self.ann = self.client("ann")

    def command(self, folder: Path) -> list[str]:
        """The server's command line."""
        type(self).tokens = {
            name: make_token(folder / "accounts", name) for name in ("ann", "bob", "eve")
        }
        (folder / "reports.password").write_text(PASSWORD + "\n")
        (folder / "broken.password").write_text("wrong")
        config = CONFIG.format(port=self.samba.port, login=LOGIN)
        (folder / "server.toml").write_text(config)
        type(self).root = folder
        words = ("--config", str(folder / "server.toml"), "--audit", str(folder / "audit.jsonl"))
        return foreground("--port", "0", f"--auth=accounts:{folder}/accounts", *words)

    root: Path

    def client(self, account: str) -> Talk:
        """A client that has shown its token."""
        token = self.tokens[account]
        client = Talk(self._port, additional_headers={"Authorization": f"Bearer {token}"})
        self.addCleanup(client.close)
        return client

    def audited(self, event: str, path: str) -> list[dict[str, Any]]:
        """Lines of the audit log about a file, once there are some."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            lines = (self.root / "audit.jsonl").read_text().splitlines()
            found: list[dict[str, Any]] = [
                line
                for line in map(json.loads, filter(None, lines))
                if line["event"] == event and line.get("path") == path
            ]
            if found:
                return found
            time.sleep(0.05)
        self.fail(f"no line about {path}")


class AccountShareTests(AccountTestCase):
    def test_read(self) -> None:
        """An account has its shares from the beginning; another one has not."""
        (self.folder / "a.txt").write_text("привет")
        code = f'print(read_file("lib://reports/{self.place}/a.txt"))'
        self.assertEqual(self.ann.ask(code=code)["output"], "привет\n")
        self.assertEqual(self.client("bob").ask(code=code)["output"], "привет\n")
        refused = self.client("eve").ask(code=code)
        self.assertIn("SMB share 'reports' не подключена", refused["error"])

    def test_shown_first(self) -> None:
        """They come with an account that is shown by the first message, too."""
        (self.folder / "a.txt").write_text("x")
        client = Talk(self._port)
        self.addCleanup(client.close)
        client.ask(type="auth", token=self.tokens["bob"])
        code = f'print(read_file("lib://reports/{self.place}/a.txt"))'
        self.assertEqual(client.ask(code=code)["output"], "x\n")

    def test_listed(self) -> None:
        """Information, the list of shares and completion name them."""
        info = self.ann.ask(type="info")["info"]
        self.assertEqual(info["shares"], ["reports", "inbox", "broken"])
        self.assertEqual(info["account_shares"], ["reports", "inbox", "broken"])
        listed = self.ann.ask(type="smb_shares")["shares"]
        self.assertEqual(
            [(each["name"], each["of_account"], each["writable"]) for each in listed],
            [("reports", True, False), ("inbox", True, True), ("broken", True, False)],
        )
        found = self.ann.ask(type="complete", code='read_file("lib://rep')
        self.assertEqual([each["text"] for each in found["completions"]], ["lib://reports"])
        (self.folder / "file.csv").write_text("a\n1\n")
        names = self.ann.ask(type="smb_list_files", share_name="reports", path=self.place)
        self.assertEqual(names["files"], ["file.csv"])

    def test_writing(self) -> None:
        """Only the share that says so is written, though the server has no --smb-write."""
        refused = self.ann.ask(code=f'write_file("lib://reports/{self.place}/x.txt", "x")')
        self.assertIn("запись в общую папку 'reports' запрещена администратором", refused["error"])
        done = self.ann.ask(code=f'write_file("lib://inbox/{self.place}/x.txt", "x")')
        self.assertEqual(done["error"], None)
        self.assertEqual((self.folder / "x.txt").read_text(), "x")

    def test_fixed(self) -> None:
        """A client cannot put another share in its place, nor end it."""
        taken = self.ann.ask(
            type="smb_connect",
            ip=f"127.0.0.1:{self.samba.port}",
            login=LOGIN,
            password=PASSWORD,
            domain="",
            share_name="data",
            alias="Reports",
        )
        self.assertEqual(taken["error"], "SMB share 'Reports' уже подключена")
        ended = self.ann.ask(type="smb_disconnect", share_name="reports")
        self.assertEqual(
            ended["error"], "Общая папка 'reports' настроена администратором, её нельзя отключить"
        )
        self.assertEqual(self.ann.ask(type="reset")["error"], None)
        self.assertIn("reports", self.ann.ask(type="info")["info"]["shares"])

    def test_wrong_password(self) -> None:
        """A wrong password is sent once, whoever asks; a new one in the file is taken up."""
        (self.folder / "a.txt").write_text("x")
        code = f'print(read_file("lib://broken/{self.place}/a.txt"))'
        for client in (self.ann, self.client("bob"), self.ann):
            self.assertIn("неверное имя пользователя или пароль", client.ask(code=code)["error"])
        (self.root / "broken.password").unlink()
        missing = self.client("eve").ask(code=code)["error"]
        self.assertIn("сервер DataCode не может прочитать свой пароль для сервера 127", missing)
        (self.root / "broken.password").write_text(PASSWORD)
        self.assertEqual(self.client("eve").ask(code=code)["output"], "x\n")
        (self.root / "broken.password").write_text("wrong")

    def test_secrets(self) -> None:
        """No program reads the password, and no log has it."""
        for name in ("reports.password", "server.toml"):
            answer = self.ann.ask(code=f'print(read_file("{name}", text=true))')
            self.assertIn("Доступ запрещен", answer["error"])
        daemon = type(self)._daemon
        assert daemon is not None
        self.assertFalse([line for line in daemon.lines if PASSWORD in line])


class LineageTests(AccountTestCase):
    def test_answer(self) -> None:
        """The answer names each file once, with size, time and hash."""
        content = "день;сумма\n1;2\n".encode()
        (self.folder / "t.csv").write_bytes(content)
        (self.root / "local.txt").write_text("abc")
        os.utime(self.root / "local.txt", (1e9, 1e9))
        path = f"lib://reports/{self.place}/t.csv"
        code = (
            f't = read_file("{path}", delimiter=";")\nt = read_file("{path}", delimiter=";")\n'
            'print(read_file("local.txt"))'
        )
        answer = self.ann.ask(code=code, lineage=True)
        self.assertEqual(answer["error"], None)
        share, local = answer["lineage"]
        self.assertEqual(share["path"], path)
        self.assertEqual(share["size"], len(content))
        self.assertEqual(share["sha256"], hashlib.sha256(content).hexdigest())
        self.assertAlmostEqual(share["modified"], (self.folder / "t.csv").stat().st_mtime, 2)
        self.assertEqual(
            local,
            {
                "path": "local.txt",
                "size": 3,
                "modified": 1e9,
                "sha256": hashlib.sha256(b"abc").hexdigest(),
            },
        )
        self.assertNotIn("lineage", self.ann.ask(code="print(1)"))
        self.assertEqual(self.ann.ask(code="print(1)", lineage=True)["lineage"], [])

    def test_failed(self) -> None:
        """A program that fails has read what it has read; a file that is not there is none."""
        (self.root / "some.txt").write_text("some")
        code = 'print(read_file("some.txt"))\nread_file("none.txt")'
        answer = self.ann.ask(code=code, lineage=True)
        self.assertEqual(answer["success"], False)
        self.assertEqual([each["path"] for each in answer["lineage"]], ["some.txt"])

    def test_many(self) -> None:
        """A thousand are named; how many more there were is told."""
        for number in range(1003):
            (self.root / f"n{number}.txt").write_text(str(number))
        code = (
            "for i in range(1003) do\n"
            'x = read_file("n" + str(i) + ".txt")\ny = read_file("n0.txt")\nnext i'
        )
        answer = self.ann.ask(code=code, lineage=True)
        self.assertEqual(answer["error"], None)
        self.assertEqual((len(answer["lineage"]), answer["lineage_left_out"]), (1000, 3))

    def test_audit(self) -> None:
        """The audit log has the same of every file, and says which was asked for in vain."""
        (self.folder / "b.txt").write_text("content")
        path = f"lib://reports/{self.place}/b.txt"
        self.ann.ask(code=f'x = read_file("{path}")')
        (line,) = self.audited("read", path)
        self.assertEqual(line["sha256"], hashlib.sha256(b"content").hexdigest())
        self.assertEqual((line["size"], line["address"]), (7, "127.0.0.1"))
        missing = f"lib://reports/{self.place}/none.txt"
        self.ann.ask(code=f'x = read_file("{missing}")')
        (line,) = self.audited("read", missing)
        self.assertEqual((line["size"], line["sha256"]), (None, None))


class AnybodyTests(SynchronousTestCase):
    def test_anybody(self) -> None:
        """Where nobody has to show an account, ``*`` is for whoever comes."""
        server = samba()
        (server.folder / "anybody.txt").write_text("x")
        folder = Path(tempfile.mkdtemp())
        (folder / "p").write_text(PASSWORD)
        (folder / "server.toml").write_text(
            f'[shares.all]\nhost = "127.0.0.1:{server.port}"\nshare = "data"\nlogin = "{LOGIN}"\n'
            'password_file = "p"\naccounts = ["*"]\n'
            f'[shares.some]\nhost = "127.0.0.1:{server.port}"\naccounts = ["ann"]\n'
        )
        daemon = Daemon(foreground("--port", "0", "--config", f"{folder}/server.toml"), folder)
        self.addCleanup(daemon.close)
        client = Talk(daemon.port())
        self.addCleanup(client.close)
        answer = client.ask(code='print(read_file("lib://all/anybody.txt"))')
        self.assertEqual(answer["output"], "x\n")
        self.assertEqual(client.ask(type="info")["info"]["shares"], ["all"])


class SectionTests(SynchronousTestCase):
    def setUp(self) -> None:
        """A folder for the configuration."""
        self.folder = Path(tempfile.mkdtemp())

    def options(self, text: str) -> Options:
        """What a configuration means."""
        file = self.folder / "server.toml"
        file.write_text(text)
        options = Options(environment={})
        options.parseOptions(["--config", str(file), "--locale", "en"])
        return options

    def refusal(self, text: str) -> str:
        """What is said of a wrong configuration, without the file's name."""
        try:
            self.options(text)
        except Exception as error:  # noqa: BLE001 - a UsageError, whose text is looked at
            self.assertNotIsInstance(error, OptionError)
            return str(error).replace(str(self.folder), "DIR")
        self.fail("it was accepted")

    def test_wrong(self) -> None:
        """Each mistake is one sentence that names file, section and key."""
        start = "❌ DIR/server.toml: [shares.r]: "
        for more, sentence in {
            "": "host is missing",
            'host = "a b"': "host: invalid address: a b",
            'host = "h"': 'accounts: expected an array of names, of groups ("@sales") or "*"',
            'host = "h"\naccounts = "ann"': (
                'accounts: expected an array of names, of groups ("@sales") or "*"'
            ),
            'host = "h"\naccounts = ["@x"]': "accounts: there is no group x",
            'host = "h"\npassword = "p"': "write the password into a file: password_file",
            'host = "h"\nuser = "p"': "unknown setting: user",
            'host = "h"\nwrite = "yes"': "write: expected true or false",
            "host = 1": "host: expected a string",
            'host = "h"\nlogin = "l"\npassword_file = "none"': (
                "password_file: DIR/none not found"
            ),
        }.items():
            self.assertEqual(self.refusal(f"[shares.r]\n{more}\n"), start + sentence)
        (self.folder / "p").write_text("x")
        self.assertEqual(
            self.refusal('[shares.r]\nhost = "h"\npassword_file = "p"\n'),
            start + "password_file needs a login",
        )
        self.assertEqual(
            self.refusal("shares = 1\n"),
            "❌ DIR/server.toml: shares: expected sections [shares.NAME]",
        )
        self.assertEqual(
            self.refusal("[groups]\na = 1\n"),
            "❌ DIR/server.toml: [groups]: expected names of groups with arrays of accounts",
        )
        self.assertIn("a share's name has no /", self.refusal('[shares."a/b"]\nhost = "h"\n'))
        two = '[shares.r]\nhost = "h"\naccounts = ["a"]\n[shares.R]\nhost = "h"\naccounts = ["a"]\n'
        self.assertIn("there are two shares of this name", self.refusal(two))

    def test_right(self) -> None:
        """Groups are looked up; credentials of systemd are where it puts them."""
        (self.folder / "secret").write_text("x")
        options = Options(environment={"CREDENTIALS_DIRECTORY": str(self.folder)})
        file = self.folder / "c.toml"
        file.write_text(
            '[groups]\nsales = ["bob", "eve"]\n[shares.r]\nhost = "h:1445"\nlogin = "D\\\\svc"\n'
            'password_file = "secret"\naccounts = ["ann", "@sales"]\n'
        )
        options.parseOptions(["--config", str(file), "--token", "t"])
        settings = options.settings
        (share,) = settings.shares_of("bob")
        self.assertEqual(
            (share.target.host, share.target.port, share.target.login, share.target.domain),
            ("h", 1445, "svc", "D"),
        )
        self.assertEqual((share.share, share.writes), ("r", False))
        self.assertEqual(settings.shares_of("mary"), [])
        self.assertEqual(settings.shares_of(None), [])
        self.assertIn(self.folder / "secret", settings.own_files)
        self.assertEqual(share.target.with_password().password, "x")
        self.assertNotIn("'x'", repr(share.target.with_password()))
