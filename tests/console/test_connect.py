"""``datacode connect``: the prompt on a server."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

from tests.client.serving import server, share
from tests.console.terminal import CommandTestCase
from tests.deploy.proxies import certificate
from tests.smb.proxy import Fault, FaultProxy
from tests.smb.samba import LOGIN, PASSWORD


def tls_server(pem: Path) -> socket.socket:
    """A socket that shows a certificate to whoever comes, and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = listening.accept()
                with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True):
                    pass

    threading.Thread(target=serve, daemon=True).start()
    return listening


class CertificateTests(CommandTestCase):
    """What is wrong with a certificate is said as such."""

    def test_not_trusted(self) -> None:
        """Signed by nobody known; for another name; and no TLS at all."""
        folder = Path(self.mktemp())
        folder.mkdir()
        pem = certificate(folder)
        listening = tls_server(pem)
        self.addCleanup(listening.close)
        port = listening.getsockname()[1]
        trusted = {"SSL_CERT_FILE": str(pem.absolute())}
        for host, variables, reason in (
            ("127.0.0.1", {}, "its certificate is not trusted: it is signed by nobody but itself"),
            ("localhost", trusted, "its certificate is for another name than localhost"),
        ):
            url = f"wss://{host}:{port}/"
            done = self.datacode("connect", "--locale", "en", url, stdin=b"", **variables)
            self.assertEqual((done.status, done.err), (1, f"❌ No connection to {url}: {reason}\n"))
        plain = server().replace("ws:", "wss:")
        done = self.datacode("connect", "--locale", "en", plain, stdin=b"")
        self.assertIn("no TLS connection comes about: ", done.err)


class ConnectTests(CommandTestCase):
    """The same face as the prompt's, the programs on a real server."""

    def setUp(self) -> None:
        """A server that wants a token."""
        super().setUp()
        self.url = server("--token", "t")

    def test_pipe(self) -> None:
        """Values, blocks, variables, errors with their line, in the reader's language."""
        lines = (
            "x = 5\nx * 2\nglobal y = 'a'\nvars\nfor i in [1, 2] do\n  print(i)\nnext i\n"
            "nosuch\nx = = 1\nx = 1\ny + [\n1]\nhelp pow\nreset\nvars\nexit\nprint(1)\n"
        )
        done = self.datacode("connect", self.url, "--token", "t", stdin=lines.encode())
        self.assertEqual(done.status, 0)
        before, _, after = done.out.partition("pow(base, exp)")
        self.assertEqual(before, "10\n✓ y = a\n📊 Current Variables:\n  x = 5\n  y = a\n1\n2\n")
        self.assertTrue(
            after.endswith(
                "Interpreter reset! 🔄\n📊 Current Variables:\n  (no variables defined)\n"
            )
        )
        self.assertEqual(
            done.err,
            "❌ Variable Error at line 1: Variable 'nosuch' not found\n"
            "   1 | nosuch\n"
            "       ^\n"
            "❌ Syntax Error at line 1, column 5: Unexpected token: =\n"
            "   1 | x = = 1\n"
            "           ^\n"
            "   💡 assignment is a statement of its own; `==` compares\n"
            '❌ Runtime Error at line 1: Cannot add String("a") and Array([Number(1.0)])\n'
            "   1 | y + [\n"
            "         ^\n",
        )

    def test_russian(self) -> None:
        """The server's texts and the prompt's own; the token from the environment."""
        done = self.datacode(
            "connect",
            self.url,
            stdin=b"nosuch\nvars\n",
            DATACODE_WS_TOKEN="t",
            LANG="ru_RU.UTF-8",
            LC_ALL="",
        )
        self.assertEqual(done.status, 0)
        self.assertEqual(
            done.err, "❌ Ошибка: переменная 'nosuch' не определена\n   1 | nosuch\n       ^\n"
        )
        self.assertIn("переменн", done.out.lower())

    def test_shares(self) -> None:
        """Connected by the server before the first line; what it refuses is one sentence."""
        samba = share()
        (samba.folder / "a.txt").write_text("from the share")
        place = f"{samba.address},{LOGIN},data"
        words = ("connect", "--token=t", "--smb", place, self.url)
        reading = b'read_file("lib://data/a.txt")\n'
        done = self.datacode(*words, stdin=reading, DATACODE_SMB_PASSWORD=PASSWORD)
        self.assertEqual((done.status, done.out, done.err), (0, "from the share\n", ""))
        done = self.datacode(*words, stdin=reading, DATACODE_SMB_PASSWORD="wrong")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertEqual(done.err, "❌ Failed to connect to SMB: wrong user name or password\n")
        done = self.datacode("connect", "--smb", "data", self.url)
        self.assertEqual(done.status, 2)
        self.assertIn("--smb expects HOST,LOGIN,SHARE; found: data", done.err)

    def test_session_file(self) -> None:
        """The session is left at the end and taken up the next time, by who has the file only."""
        file = Path(self.mktemp()).absolute()
        words = ("connect", self.url, "--token=t", "--session", str(file), "--locale=en")
        done = self.datacode(*words, stdin=b"x = 5\n")
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        done = self.datacode(*words, stdin=b"x * 2\n")
        self.assertEqual((done.status, done.out, done.err), (0, "10\n", ""))
        session, _, rest = file.read_text().partition(" ")
        file.write_text(f"{session} wrong {rest.partition(' ')[2]}")
        done = self.datacode(*words, stdin=b"x\n")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertEqual(
            done.err,
            f"❌ The session in '{file}' cannot be taken up: Wrong session token. "
            "Remove the file to begin a new one\n",
        )
        file.write_text("something else")
        done = self.datacode(*words, stdin=b"x\n")
        self.assertEqual(
            (done.status, done.err),
            (
                1,
                f"❌ Cannot read the session in '{file}': it was not written by datacode connect "
                "--session\n",
            ),
        )

    def test_lost_connection(self) -> None:
        """It is made again; whoever sits at the prompt is told."""
        proxy = FaultProxy(int(self.url.rpartition(":")[2]))
        self.addCleanup(proxy.close)
        proxy.fault(Fault("cut", 1500))
        lines = "x = 0\n" + "x = x + 1\nprint('a line of output that is not so short', x)\n" * 20
        url = f"ws://127.0.0.1:{proxy.port}"
        done = self.datacode("connect", url, "--token=t", "--locale=en", stdin=lines.encode())
        self.assertEqual(
            done.out, "".join(f"a line of output that is not so short {i}\n" for i in range(1, 21))
        )
        self.assertEqual(
            (done.status, done.err),
            (
                0,
                "The connection was lost; trying to connect again…\n"
                "Connected again: the session goes on\n",
            ),
        )

    def test_wrong_token(self) -> None:
        """The connection is lost, with the reason."""
        done = self.datacode("connect", self.url, "--token=wrong", stdin=b"print(1)\n")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertTrue(done.err.startswith("❌ The connection was lost: "), done.err)
        self.assertIn("4401", done.err)

    def test_no_server(self) -> None:
        """Nobody listens, or it is no address: one sentence."""
        done = self.datacode("connect", "ws://127.0.0.1:1")
        self.assertEqual((done.status, done.out), (1, ""))
        self.assertEqual(done.err, "❌ No connection to ws://127.0.0.1:1: Connection refused\n")
        done = self.datacode("connect", "ws://127.0.0.1:1", "--locale=ru")
        self.assertEqual(done.err, "❌ Нет соединения с ws://127.0.0.1:1: в соединении отказано\n")
        done = self.datacode("connect", "http://x")
        self.assertEqual(done.status, 2)
        self.assertIn("Not the address of a server: http://x", done.err)
        self.assertEqual(self.datacode("connect").status, 2)
        self.assertEqual(self.datacode("connect", self.url, "--token").status, 2)

    def test_tables_at_a_terminal(self) -> None:
        """Columns without room are named, numbers stand to the right; ``record`` has all."""
        terminal = self.terminal(
            "connect", self.url, "--token", "t", columns=36, XDG_STATE_HOME=str(self.folder)
        )
        terminal.prompt()
        shown = terminal.say(
            'table([["a", 1.2345678, 1234567, "text", "last"]], ["b", "c", "d", "e", "further"])',
            "`record`",
        )
        self.assertIn("│ a │ 1.23 │ 1234567 │ text │\n", shown)
        self.assertIn("(further)", shown)
        shown = terminal.say("record", "further  last")
        self.assertIn("row 1 of 1\nb        a\nc        1.2345678\nd        1234567\n", shown)
        terminal.say("record _ 2", "There is no row 2: the table has 1")
        terminal.say("record nosuch", "`record nosuch 1`: ")

    def test_terminal(self) -> None:
        """Streaming, completion and Ctrl-C at a real terminal."""
        terminal = self.terminal(
            "connect", self.url, "--token", "t", XDG_STATE_HOME=str(self.folder)
        )
        terminal.prompt()
        terminal.say("price_of_paper = 349", ">>>")
        terminal.forget()
        terminal.type("price_\t")
        terminal.wait(">>> price_of_paper")
        terminal.type("\r")
        terminal.wait("\n349\n")
        terminal.prompt(1)
        terminal.forget()
        loop = "print('started')\nfor i in range(1000000000) do\nn = i\nnext i"
        terminal.type(f"\x1b[200~{loop}\x1b[201~\r")
        terminal.wait("\nstarted\n")
        terminal.type("\x03")
        terminal.wait("❌ Limit Error: Execution was interrupted")
        terminal.prompt()
        terminal.forget()
        terminal.type("\x04")
        terminal.wait("Goodbye! 👋")
        self.assertEqual(terminal.status(), 0)
