"""Real servers, started as a user starts them: server reference, 3, 4.3, 6 and 7."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from twisted.trial.unittest import SynchronousTestCase
from websockets.exceptions import ConnectionClosed, InvalidStatus

from datacode.client.thread_safe_tls import ThreadSafeTLSContext
from datacode.server.auth.accounts import set_password
from tests.daemons import PATIENCE, Daemon, Talk, alive, environment, foreground, twistd

ENDLESS = "for i in range(1000000000) do\nfor j in range(1000000000) do\nnext j\nnext i"


class DaemonTestCase(SynchronousTestCase):
    """Each test has a start folder of its own."""

    def setUp(self) -> None:
        """Make the start folder."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def start(self, command: list[str], **variables: str) -> Daemon:
        """Start a process; it is gone at the end of the test."""
        daemon = Daemon(command, self.folder, **variables)
        self.addCleanup(daemon.close)
        return daemon

    def serve(self, *words: str, **variables: str) -> tuple[Daemon, int]:
        """``datacode --websocket`` on a free port."""
        daemon = self.start(foreground("--port", "0", *words), **variables)
        return daemon, daemon.port()

    def talk(self, port: int, path: str = "/", **options: Any) -> Talk:
        """A client."""
        client = Talk(port, path, **options)
        self.addCleanup(client.close)
        return client

    def closed_with(self, client: Talk) -> int | None:
        """The code that a connection is closed with."""
        error = self.assertRaises(ConnectionClosed, client.receive)
        return error.rcvd.code if error.rcvd else None


class DocumentedTests(DaemonTestCase):
    def test_banner(self) -> None:
        """What it says before and after it listens, to the letter; then each client."""
        daemon, port = self.serve("--use-ve", TMPDIR=str(self.folder))
        daemon.wait_for("Код сопряжения")
        client = self.talk(port)
        client.ask(code="")
        client.close()
        daemon.wait_for("Клиент отключился")
        lines = [line for line in daemon.lines if not line.startswith("workers ")]
        self.assertEqual(
            lines[:14],
            [
                "🚀 Запуск WebSocket сервера DataCode...",
                "📡 Адрес: ws://127.0.0.1:0",
                "📁 Режим виртуальной среды: включён (--use-ve)",
                "💡 Используйте --host и --port для изменения адреса",
                "💡 Или переменную окружения DATACODE_WS_ADDRESS",
                "",
                f"🚀 DataCode WebSocket Server запущен на 127.0.0.1:{port}",
                "📡 Ожидание подключений...",
                '💡 Отправьте JSON запрос: {"code": "ваш код"}',
                '💡 Ответ будет в формате: {"success": true/false, "output": "...",'
                ' "error": null/"..."}',
                "",
                f"🌐 Веб-клиент: http://127.0.0.1:{port}/",
                lines[12],
                "",
            ],
        )
        self.assertRegex(lines[12], r"^🔑 Код сопряжения для веб-клиента, .+: \w{4}-\w{4}$")
        self.assertRegex(lines[14], r"^✅ Новое подключение от 127\.0\.0\.1:\d+ \(сессия 1\)$")
        self.assertRegex(lines[-1], r"^🔌 Клиент отключился \(сессия 1\): .+1000")

    def test_variable(self) -> None:
        """DATACODE_WS_ADDRESS, with a flag that wins for its own part."""
        daemon = self.start(foreground("--port", "0"), DATACODE_WS_ADDRESS="0.0.0.0:1")
        daemon.wait_for(r"ws://0\.0\.0\.0:0$")
        port = daemon.port()
        daemon.wait_for("⚠️  Сервер доступен из сети без проверки подлинности. Задайте --token.")
        self.assertTrue(self.talk(port).ask(code="print(1)")["success"])

    def test_several_on_one_port(self) -> None:
        """With --reuse-port two servers share a port: both get clients; one alone gets all."""
        first = self.start(foreground("--port", "0", "--reuse-port"))
        port = first.port()
        second = self.start(foreground("--port", str(port), "--reuse-port"))
        self.assertEqual(second.port(), port)
        for _ in range(64):
            self.talk(port)
        self.assertEqual(first.stop(), 0)
        clients = [line for line in first.lines if "Новое подключение" in line]
        self.assertTrue(0 < len(clients) < 64, len(clients))
        for _ in range(5):
            self.assertTrue(self.talk(port).ask(code="print(1)")["success"])
        alone = self.start(foreground("--port", str(port)))
        self.assertEqual(alone.wait(), 1)

    def test_twistd(self) -> None:
        """``twistd datacode`` runs the same server, and ends with 0 when told to."""
        daemon = self.start(twistd(self.folder, "--port", "0"))
        client = self.talk(daemon.port())
        self.assertEqual(
            client.ask(type="execute", code="print('Hello, World!')"),
            {"success": True, "output": "Hello, World!\n", "error": None},
        )
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.closed_with(client), 1001)
        self.assertEqual(os.listdir(self.folder), [])

    def test_twistd_in_the_background(self) -> None:
        """As a daemon it leaves the terminal, and a pid file to stop it by."""
        daemon = self.start(
            twistd(self.folder, "--port", str(free_port()), "--log-format=json", daemon=True)
        )
        self.assertEqual(daemon.wait(), 0)
        log = self.folder / "twistd.log"
        pid = int((self.folder / "twistd.pid").read_text())
        self.addCleanup(kill, pid)
        port = int(until(lambda: found_port(log)))
        self.assertTrue(self.talk(port).ask(code="print(1)")["success"])
        for line in log.read_text("utf-8").splitlines():
            self.assertIn("message", json.loads(line))
        os.kill(pid, signal.SIGTERM)
        until(lambda: not alive({pid}))


class WrongStartTests(DaemonTestCase):
    def test_files_that_are_not_there(self) -> None:
        """The sentence names what cannot be had."""
        nowhere = str(self.folder / "no" / "where")
        for words, sentence in (
            (
                ("--audit", nowhere),
                f"❌ Ошибка запуска WebSocket сервера: {nowhere}: нет такого файла или папки",
            ),
            (
                ("--listen", f"ssl:0:interface=127.0.0.1:privateKey={nowhere}", "--locale=en"),
                f"❌ Cannot start the WebSocket server: {nowhere}: No such file or directory",
            ),
        ):
            daemon = self.start(foreground("--port", "0", *words))
            self.assertEqual((daemon.wait(), daemon.lines[-1]), (1, sentence))

    def test_taken_port(self) -> None:
        """One sentence with the system's reason, and exit status 1, for both commands."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            sentence = "❌ Ошибка запуска WebSocket сервера: Address already in use"
            daemon = self.start(foreground("--port", port))
            self.assertEqual((daemon.wait(), daemon.lines[-1]), (1, sentence))
            daemon = self.start(twistd(self.folder, "--port", port))
            self.assertEqual((daemon.wait(), daemon.lines[-1]), (1, sentence))
            (self.folder / "twistd.pid").unlink(missing_ok=True)
            daemon = self.start(twistd(self.folder, "--port", port, daemon=True))
            self.assertEqual(daemon.wait(), 1)
            self.assertIn("An error has occurred", daemon.lines[0])

    def test_bad_value(self) -> None:
        """One sentence and exit status 2, for both commands."""
        for command in (foreground("--port", "abc"), twistd(self.folder, "--port", "abc")):
            daemon = self.start(command)
            self.assertEqual((daemon.wait(), daemon.lines), (2, ["❌ Неверный порт: abc"]))

    def test_bad_endpoint(self) -> None:
        """So, too; a daemon says it before it leaves the terminal."""
        sentence = (
            "❌ --listen: expected an endpoint like tcp:8080 or ssl:8443:privateKey=key.pem,"
            " got: tcp:99999"
        )
        words = ("--listen", "tcp:99999", "--locale=en")
        for command in (
            foreground(*words),
            twistd(self.folder, *words),
            twistd(self.folder, *words, daemon=True),
        ):
            daemon = self.start(command)
            self.assertEqual((daemon.wait(), daemon.lines), (2, [sentence]))

    def test_unknown_host(self) -> None:
        """A name that nobody knows."""
        daemon = self.start(foreground("--host", "no.such.host.invalid"))
        self.assertEqual(daemon.wait(), 1)
        self.assertRegex(daemon.lines[-1], "^❌ Ошибка запуска WebSocket сервера: .+")


class StopTests(DaemonTestCase):
    def test_everything_ends(self) -> None:
        """Clients see 1001, programs end, folders and processes are gone; exit status 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            temporary = self.folder / f"tmp{number}"
            temporary.mkdir()
            daemon, port = self.serve("--use-ve", "--drain-time=0.2", TMPDIR=str(temporary))
            idle, busy = self.talk(port), self.talk(port)
            self.assertTrue(idle.ask(type="upload_file", filename="a", content="x")["success"])
            busy.send(code=ENDLESS, stream=True)
            busy.send(type="inspect")
            busy.receive()
            processes = daemon.descendants()
            self.assertGreater(len(processes), 1)
            self.assertEqual(daemon.stop(number), 0)
            self.assertEqual(self.closed_with(idle), 1001)
            self.assertEqual(busy.receive()["error"], "Ошибка: выполнение прервано")
            self.assertEqual(self.closed_with(busy), 1001)
            self.assertEqual(list(temporary.iterdir()), [])
            self.assertEqual(alive(processes), set())

    def test_running_program_may_finish(self) -> None:
        """A program that ends within the grace time is answered."""
        daemon, port = self.serve()
        client = self.talk(port)
        client.send(code="n = 0\nfor i in range(300000) do\nn = n + 1\nnext i\nprint(n)")
        client.send(type="inspect")
        daemon.process.send_signal(signal.SIGTERM)
        answers = [client.receive(), client.receive()]
        self.assertIn({"success": True, "output": "300000\n", "error": None}, answers)
        self.assertEqual(self.closed_with(client), 1001)
        self.assertEqual(daemon.wait(), 0)

    def test_killed(self) -> None:
        """After kill -9 no process is left, and the next server deletes its folders."""
        temporary = self.folder / "tmp"
        temporary.mkdir()
        daemon, port = self.serve("--use-ve", TMPDIR=str(temporary))
        client = self.talk(port)
        client.ask(type="upload_file", filename="secret.txt", content="x")
        client.send(code=ENDLESS)
        client.ask(type="inspect")
        processes = daemon.descendants()
        daemon.stop(signal.SIGKILL)
        until(lambda: not alive(processes))
        self.assertEqual(len(list(temporary.glob("*/user_*/secret.txt"))), 1)
        daemon, _ = self.serve("--use-ve", TMPDIR=str(temporary))
        self.assertEqual(list(temporary.glob("*/user_*")), [])
        self.assertEqual(len(list(temporary.glob("datacode-sessions-*"))), 1)
        self.assertEqual(daemon.stop(), 0)


class SessionTests(DaemonTestCase):
    def test_side_by_side(self) -> None:
        """Sessions share nothing, and one that computes holds up no other."""
        _, port = self.serve()
        first, second = self.talk(port), self.talk(port)
        self.assertTrue(first.ask(code="global x = 1")["success"])
        self.assertEqual(
            second.ask(code="print(x)")["error"], "Ошибка: переменная 'x' не определена"
        )
        first.send(code=ENDLESS)
        for _ in range(20):
            self.assertEqual(second.ask(code="print('Hello')")["output"], "Hello\n")
        first.send(type="cancel")
        self.assertEqual(first.receive()["error"], "Ошибка: выполнение прервано")
        self.assertEqual(first.receive()["message"], "Выполнение прервано")
        self.assertEqual(first.ask(code="print(x)")["output"], "1\n")

    def test_pings_during_a_program(self) -> None:
        """Pings are answered while the client's own program runs."""
        _, port = self.serve()
        client = self.talk(port)
        client.send(code=ENDLESS)
        self.assertTrue(client.socket.ping(b"x").wait(PATIENCE))
        client.send(type="cancel")

    def test_pipelined(self) -> None:
        """Many requests at once are answered in order."""
        _, port = self.serve()
        client = self.talk(port)
        for number in range(200):
            client.send(code=f"print({number})")
        outputs = [client.receive()["output"] for _ in range(200)]
        self.assertEqual(outputs, [f"{number}\n" for number in range(200)])

    def test_gone_client(self) -> None:
        """A client that drops TCP takes its endless program with it."""
        daemon, port = self.serve()
        bystander = self.talk(port)
        bystander.ask(code="x = 1")
        client = self.talk(port)
        client.ask(code="y = 1")
        before = daemon.descendants()
        client.send(code=ENDLESS)
        client.ask(type="inspect")
        client.socket.socket.shutdown(socket.SHUT_RDWR)
        # Its worker ends, and a spare one may take its place.
        until(lambda: not before <= alive(before))
        self.assertEqual(bystander.ask(code="print(x)")["output"], "1\n")

    def test_gone_while_not_read(self) -> None:
        """A client whose requests are no longer read, because too many wait, is missed, too."""
        daemon, port = self.serve()
        client = self.talk(port)
        client.ask(code="y = 1")
        before = daemon.descendants()
        client.send(code=ENDLESS)
        for _ in range(30):
            client.send(code="print(1)")
        client.socket.socket.shutdown(socket.SHUT_RDWR)
        daemon.wait_for("Клиент отключился")
        until(lambda: not before <= alive(before))

    def test_slow_reader(self) -> None:
        """A client that does not read makes its own program wait, and takes no memory."""
        daemon, port = self.serve("--max-output-mib=0")
        client, bystander = self.talk(port, max_queue=1), self.talk(port)
        code = f"line = 'x' * 1000\n{ENDLESS}".replace("next j", "print(line)\nnext j")
        client.send(code=code, stream=True)
        client.receive()
        until(lambda: memory_of(daemon) > 0)
        before = memory_of(daemon)
        for _ in range(50):
            self.assertTrue(bystander.ask(code="print(1)")["success"])
        self.assertLess(memory_of(daemon) - before, 20 << 20)
        client.send(type="cancel")
        while (message := client.receive()).get("type") == "output":
            pass
        self.assertEqual(message["error"], "Ошибка: выполнение прервано")

    def test_files(self) -> None:
        """Programs read the start folder and what --files allows, and write nothing."""
        (self.folder / "a.txt").write_text("inside")
        other = Path(tempfile.mkdtemp(dir=self.folder.parent))
        (other / "b.txt").write_text("allowed")
        (self.folder.parent / "c.txt").write_text("outside")
        _, port = self.serve("--files", str(other))
        client = self.talk(port)
        self.assertEqual(client.ask(code='print(read_file("a.txt"))')["output"], "inside\n")
        code = f'print(read_file("{other}/b.txt"))'
        self.assertEqual(client.ask(code=code)["output"], "allowed\n")
        self.assertEqual(
            client.ask(code='print(read_file("../c.txt"))')["error"],
            "Ошибка: Доступ запрещен: путь находится вне разрешенной папки",
        )
        answer = client.ask(code='write_file("a.txt", "changed")')
        self.assertFalse(answer["success"])
        self.assertEqual((self.folder / "a.txt").read_text(), "inside")

    def test_session_folder(self) -> None:
        """Uploads are read by programs, what programs write is downloaded; nobody else sees it."""
        daemon, port = self.serve("--use-ve")
        first, second = self.talk(port), self.talk(port)
        self.assertTrue(
            first.ask(type="upload_file", filename="in/n.txt", content="secret")["success"]
        )
        daemon.wait_for("📁 Создана папка пользователя: ")
        self.assertEqual(
            first.ask(code="print(getcwd(), list_files('in'))")["output"], " [in/n.txt]\n"
        )
        self.assertTrue(
            first.ask(code='write_file("out/o.txt", read_file("in/n.txt") + "!")')["success"]
        )
        self.assertEqual(
            first.ask(type="download_file", filename="out/o.txt")["content"], "secret!"
        )
        self.assertEqual(first.ask(type="session_files")["files"], ["in/n.txt", "out/o.txt"])
        self.assertEqual(second.ask(type="session_files")["files"], [])
        self.assertEqual(second.ask(code="print(list_files(getcwd()))")["output"], "[]\n")
        for path, text in (
            ("/etc/hosts.txt", "Доступ запрещен: путь находится вне папки сессии"),
            # Whatever its extension is.
            ("/etc/passwd", "Доступ запрещен: путь находится вне папки сессии"),
            (
                "../x.txt",
                "Доступ запрещен: использование '..' для выхода из папки сессии не разрешено",
            ),
        ):
            answer = second.ask(code=f'print(read_file("{path}"))')
            self.assertEqual(answer["error"], f"Ошибка: {text}")
        first.close()
        daemon.wait_for("🗑️  Удалена папка пользователя: ")


class AccessTests(DaemonTestCase):
    def test_token(self) -> None:
        """The token of a variable; a wrong one, and none."""
        _, port = self.serve(DATACODE_WS_TOKEN="T")
        headers = {"Authorization": "Bearer T"}
        client = self.talk(port, additional_headers=headers)
        self.assertTrue(client.ask(code="print(1)")["success"])
        self.assertTrue(self.talk(port, "/?token=T").ask(code="print(1)")["success"])
        self.assertEqual(self.closed_with(self.talk(port, "/?token=X")), 4401)
        client = self.talk(port)
        client.send(code="print(1)")
        self.assertEqual(self.closed_with(client), 4401)

    def test_accounts(self) -> None:
        """A name and password against a file, in the first message."""
        set_password(self.folder / "accounts", "anna", "geheim")
        _, port = self.serve("--auth", f"accounts:{self.folder / 'accounts'}")
        client = self.talk(port)
        self.assertTrue(client.ask(type="auth", login="anna", password="geheim")["success"])
        self.assertTrue(client.ask(code="print(1)")["success"])
        client = self.talk(port)
        self.assertFalse(client.ask(type="auth", login="anna", password="x")["success"])
        self.assertEqual(self.closed_with(client), 4401)

    def test_foreign_page(self) -> None:
        """A page of another site is refused with 403."""
        _, port = self.serve()
        error = self.assertRaises(InvalidStatus, Talk, port, origin="http://evil.example")
        self.assertEqual(error.response.status_code, 403)


class OwnFilesTests(DaemonTestCase):
    def test_no_program_reads_them(self) -> None:
        """Configuration, accounts, log and environment, wherever programs may read."""
        (self.folder / "server.toml").write_text(
            'audit = "audit.jsonl"\nauth = ["accounts:accounts"]\nfiles = ["any"]\n'
        )
        set_password(self.folder / "accounts", "anna", "geheim")
        (self.folder / "mine.csv").write_text("a\n1\n")
        (self.folder / ".ssh").mkdir()
        daemon, port = self.serve("--config", "server.toml", "--locale", "en")
        daemon.wait_for("keys and passwords")
        client = self.talk(port)
        client.ask(type="auth", login="anna", password="geheim")
        for path in ("server.toml", "accounts", "audit.jsonl", "/proc/self/environ"):
            answer = client.ask(code=f"t = read_csv_safe('{path}')\nprint(t.rows)")
            self.assertRegex(f"{answer}", "принадлежит самому серверу|belongs to the server", path)
        self.assertEqual(client.ask(code="print(len(read_file('mine.csv')))")["output"], "1\n")


class TlsTests(DaemonTestCase):
    def certificate(self, name: str) -> None:
        """Write a key and a certificate for 127.0.0.1, as cert.pem and key.pem."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        (self.folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "key.pem").write_bytes(secret)

    def connected(self, port: int) -> tuple[Talk, str]:
        """A client over TLS, and the name in the server's certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        client = Talk(port, scheme="wss", ssl=ThreadSafeTLSContext(context))
        self.addCleanup(client.close)
        shown = client.socket.socket.getpeercert(binary_form=True)
        name = x509.load_der_x509_certificate(shown).subject
        return client, str(name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def old_tls(self, port: int, ciphers: str) -> str | None:
        """Do a TLS handshake as one who knows nothing newer than TLS 1.2 and these ciphers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        with (
            socket.create_connection(("127.0.0.1", port), 5) as raw,
            context.wrap_socket(raw) as tls,
        ):
            return tls.version()

    def test_endpoint(self) -> None:
        """An endpoint description gives TLS; a hang-up signal reads the certificate again."""
        self.certificate("first")
        # A free port: were it closed in between, the server would come back on another one.
        endpoint = "ssl:0:interface=127.0.0.1:privateKey=key.pem:certKey=cert.pem"
        daemon = self.start(foreground("--listen", endpoint))
        port = daemon.port()
        first, name = self.connected(port)
        self.assertEqual(name, "first")
        for ciphers in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"):
            with self.assertRaises(ssl.SSLError):
                self.old_tls(port, ciphers)
        self.assertEqual(self.old_tls(port, "ECDHE-ECDSA-AES128-GCM-SHA256"), "TLSv1.2")
        self.assertEqual(len(first.ask(code="print('x' * 200000)")["output"]), 200_001)
        self.certificate("second")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("New connections get the certificates")
        second, name = self.connected(port)
        self.assertEqual(name, "second")
        self.assertTrue(second.ask(code="print(1)")["success"])
        self.assertTrue(first.ask(code="print(1)")["success"])
        old = (self.folder / "key.pem").read_bytes()
        self.certificate("third")
        (self.folder / "key.pem").write_bytes(old)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("Cannot read the certificates again: .* do not match")
        (self.folder / "cert.pem").write_text("nonsense")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("Cannot read the certificates again: .*certificate and key cannot be used")
        self.assertEqual(self.connected(port)[1], "second")
        self.assertTrue(first.ask(code="print(1)")["success"])
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.closed_with(first), 1001)

    def test_behind_a_proxy(self) -> None:
        """A proxy names the client ahead of the TLS, as they do, or within, as Twisted has it."""
        self.certificate("first")
        endpoint = "haproxy:ssl:0:interface=127.0.0.1:privateKey=key.pem:certKey=cert.pem"
        daemon = self.start(twistd(self.folder, "--listen", endpoint))
        port = daemon.port()
        context = ssl._create_unverified_context()
        for number, ahead in enumerate((True, False)):
            line = f"PROXY TCP4 198.51.100.{number} 127.0.0.1 4711 443\r\n".encode()
            raw = socket.create_connection(("127.0.0.1", port), PATIENCE)
            self.addCleanup(raw.close)
            if ahead:
                raw.sendall(line)
            wrapped = context.wrap_socket(raw)
            if not ahead:
                wrapped.sendall(line)
            client = self.talk(port, scheme="ws", sock=wrapped)
            self.assertEqual(client.ask(code="print('x' * 200000)")["output"], "x" * 200_000 + "\n")
            daemon.wait_for(rf"подключение от 198\.51\.100\.{number}:4711 ")
        self.certificate("second")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("New connections get the certificates")
        self.assertTrue(client.ask(code="print(1)")["success"])
        raw = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.addCleanup(raw.close)
        raw.sendall(line)
        shown = context.wrap_socket(raw).getpeercert(binary_form=True)
        assert shown is not None
        self.assertIn("second", x509.load_der_x509_certificate(shown).subject.rfc4514_string())
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.closed_with(client), 1001)
        self.assertFalse([line for line in daemon.lines if "Traceback" in line], daemon.lines)


class HelpTests(DaemonTestCase):
    def test_for_a_reader_who_has_gone(self) -> None:
        """As with ``| head``: no more is said, and nothing of it is an error of ours."""
        for command in (foreground("--help"), twistd(self.folder, "--help")):
            reading, writing = os.pipe()
            os.close(reading)
            done = subprocess.run(
                command,
                stdout=writing,
                stderr=subprocess.PIPE,
                env=environment(LANG="ru_RU.UTF-8"),
                timeout=PATIENCE,
                check=False,
            )
            os.close(writing)
            self.assertEqual((done.returncode, done.stderr), (1, b""))


class OperationTests(DaemonTestCase):
    def test_plain_http(self) -> None:
        """Health, readiness with the walls, metrics, schema, the page."""
        _, port = self.serve()
        client = self.talk(port)
        client.ask(code="print(1)")

        def get(path: str) -> bytes:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                return bytes(answer.read())

        self.assertEqual(get("/healthz"), b"ok\n")
        ready = json.loads(get("/readyz"))
        self.assertTrue(ready["ready"])
        self.assertIn("seccomp", ready["sandbox"])
        self.assertIn(
            b'datacode_requests_total{success="true",type="execute"} 1.0', get("/metrics")
        )
        self.assertIn("$defs", json.loads(get("/schema.json")))
        self.assertIn(b"DataCode", get("/"))

    def test_logs_tell_no_secrets(self) -> None:
        """Neither code, data nor passwords are in any log; hashes and numbers are."""
        daemon, port = self.serve(
            "--log-format=json", "--audit", "audit.log", "--token=tokentoken", "--use-ve"
        )
        client = self.talk(port, "/?token=tokentoken")
        client.ask(code="print('codecode')", id=7)
        client.ask(type="upload_file", filename="name", content="datadata")
        client.ask(
            type="smb_connect",
            ip="127.0.0.1:1",
            login="login",
            password="passpass",
            domain="",
            share_name="s",
        )
        client.close()
        daemon.wait_for("Клиент отключился")
        self.assertEqual(daemon.stop(), 0)
        events = [json.loads(line) for line in daemon.lines]
        self.assertTrue(any(e.get("request") == "7" and e.get("session") == 1 for e in events))
        audit = (self.folder / "audit.log").read_text("utf-8")
        records = [json.loads(line) for line in audit.splitlines()]
        self.assertEqual(
            [each["event"] for each in records],
            ["connected", "execute", "upload_file", "smb_connect", "left"],
        )
        self.assertEqual(records[1]["account"], "token")
        self.assertEqual(len(records[1]["code_sha256"]), 64)
        for secret in ("tokentoken", "codecode", "datadata", "passpass"):
            self.assertNotIn(secret, audit)
            self.assertNotIn(secret, "\n".join(daemon.lines))

    def test_systemd(self) -> None:
        """systemd is told when it is ready, and when it stops."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            # The way to the folder may be too long for a socket's name.
            folder = tempfile.mkdtemp(prefix="dc")
            self.addCleanup(os.rmdir, folder)
            self.addCleanup(os.unlink, f"{folder}/n")
            channel.bind(f"{folder}/n")
            channel.settimeout(PATIENCE)
            daemon, _ = self.serve(NOTIFY_SOCKET=f"{folder}/n")
            self.assertEqual(channel.recv(100), b"READY=1")
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual(channel.recv(100), b"STOPPING=1")


CLOCK_THAT_JUMPS = """
import signal, sys, time
ahead, real = 0, time.time
time.time = lambda: real() + ahead
def jump(*_):
    global ahead
    ahead += 7 * 86400
signal.signal(signal.SIGUSR1, jump)
from datacode.server.foreground import serve
sys.exit(serve(["--port", "0", "--time-limit", "100"]))
"""


class FaultTests(DaemonTestCase):
    def test_clock_jumps(self) -> None:
        """When the time of day is set a week forward, nobody is thrown out and nothing ends."""
        daemon = self.start([sys.executable, "-c", CLOCK_THAT_JUMPS])
        port = daemon.port()
        idle, busy = self.talk(port), self.talk(port)
        idle.ask(code="x = 1")
        busy.send(code=f"print(1)\n{ENDLESS}", stream=True)
        busy.receive()
        daemon.process.send_signal(signal.SIGUSR1)
        for _ in range(3):
            self.assertTrue(self.talk(port).ask(code="print(1)")["success"])
        self.assertEqual(idle.ask(code="print(x)")["output"], "1\n")
        busy.send(type="cancel")
        self.assertEqual(busy.receive()["error"], "Ошибка: выполнение прервано")
        self.assertEqual(daemon.stop(), 0)

    def test_out_of_descriptors(self) -> None:
        """Without descriptors it neither spins nor stays dead, and says so where it can."""
        words = ["sh", "-c", 'ulimit -n 64; exec "$@"', "-", *foreground("--port", "0")]
        daemon = self.start(words)
        port = daemon.port()
        first = self.talk(port)
        self.assertTrue(first.ask(code="x = 1")["success"])
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(80)]
        before = processor_time(daemon)
        for _ in range(20):
            self.assertEqual(first.ask(code="print(x)")["output"], "1\n")
        for each in idle:
            each.close()
        second = until(lambda: self.connected_at_last(port))
        self.assertTrue(second.ask(code="print(2)")["success"])
        self.assertLess(processor_time(daemon) - before, 3.0)
        self.assertLess(len(daemon.lines), 100)
        self.assertEqual(daemon.stop(), 0)

    def test_last_descriptors(self) -> None:
        """Who comes when they are nearly used up is told so; who is in works on."""
        words = ["sh", "-c", 'ulimit -n 64; exec "$@"', "-", *foreground("--port", "0")]
        daemon = self.start(words)
        port = daemon.port()
        first = self.talk(port)
        self.assertTrue(first.ask(code="x = 1")["success"])
        with contextlib.ExitStack() as stack:
            refused = None
            while refused is None:
                try:
                    stack.callback(Talk(port).close)
                except InvalidStatus as error:
                    refused = error.response
            self.assertEqual(refused.status_code, 503)
            self.assertIn(b"no file descriptors left", refused.body)
            self.assertEqual(first.ask(code="print(x)")["output"], "1\n")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([line for line in daemon.lines if "Traceback" in line], [])

    def test_out_of_descriptors_for_interpreters(self) -> None:
        """Clients that are in are answered in a sentence; no traceback, and nobody is lost."""
        words = ["sh", "-c", 'ulimit -n 64; exec "$@"', "-", *foreground("--port", "0")]
        daemon = self.start(words)
        port = daemon.port()
        daemon.wait_for(r"Разрешено открыть 64 файла, .* 1000 .* 4064\.")
        clients = [self.talk(port) for _ in range(20)]
        answers = [client.ask(code="print(1)") for client in clients]
        errors = {answer["error"] for answer in answers if not answer["success"]}
        self.assertEqual(len(errors), 1, errors)
        self.assertNotIn("внутренняя", errors.pop().lower())
        self.assertGreater(sum(answer["success"] for answer in answers), 5)
        for client, answer in zip(clients, answers, strict=True):
            self.assertEqual(client.ask(code="print(2)")["success"], answer["success"])
        for client in clients[:10]:
            client.close()
        until(lambda: clients[-1].ask(code="print(3)")["success"])
        self.assertEqual([line for line in daemon.lines if "Traceback" in line], [])
        self.assertEqual(daemon.stop(), 0)

    def test_soft_limit_is_raised(self) -> None:
        """As many as the hard limit allows."""
        words = ["sh", "-c", 'ulimit -S -n 128; exec "$@"', "-", *foreground("--port", "0")]
        daemon = self.start(words)
        daemon.port()
        soft, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(soft, min(hard, 1 << 20))
        self.assertEqual(daemon.stop(), 0)

    def connected_at_last(self, port: int) -> Talk | None:
        """A client, if it is let in."""
        try:
            return self.talk(port)
        except OSError:
            return None

    def test_disk_takes_no_more(self) -> None:
        """Where the disk takes no more in the middle of a file, that is said; nothing is left."""
        server = foreground("--port", "0", "--use-ve", "--session-dir", str(self.folder))
        daemon = self.start(["sh", "-c", 'ulimit -f 200; exec "$@"', "-", *server])
        client = self.talk(daemon.port())
        text = "Ошибка записи файла: файл слишком велик (os error 27)"
        for content in ("x" * 1_000_000, "base64:" + "QUFB" * 250_000):
            answer = client.ask(type="upload_file", filename="a/b", content=content)
            self.assertEqual(answer, {"success": False, "message": "", "error": text})
        self.assertEqual([p.name for p in self.folder.glob("*/user_*/a/*")], [])
        answer = client.ask(code=f"write_file('c', '{'x' * 1000}' * 1000)")
        self.assertIn("файл слишком велик", answer["error"])
        self.assertTrue(client.ask(type="upload_file", filename="a/b", content="x")["success"])
        self.assertEqual(client.ask(type="session_files")["files"], ["a/b"])


def processor_time(daemon: Daemon) -> float:
    """Seconds of processor time that the server's own process has used."""
    stat = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on; for commands that cannot announce theirs in time."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def found_port(log: Path) -> str:
    """The port in a log of JSON, once it is there."""
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        if "запущен на" in line:
            return str(json.loads(line)["message"].rpartition(":")[2])
    return ""


def until(done: Any) -> Any:
    """Wait for what another process does, which sends us no word when it has."""
    import time

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def memory_of(daemon: Daemon) -> int:
    """Bytes that the server's own process holds in memory."""
    text = Path(f"/proc/{daemon.process.pid}/statm").read_text()
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def kill(process: int) -> None:
    """End a process that may have ended."""

    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
