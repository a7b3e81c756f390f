"""``--smb``: programs without a server read and write a real share."""

from __future__ import annotations

import signal

from tests.client.serving import share
from tests.console.terminal import CommandTestCase
from tests.smb.samba import LOGIN, PASSWORD


class ShareTests(CommandTestCase):
    """Mostly in processes of their own, as for whoever types them."""

    def setUp(self) -> None:
        """A share with a file on it."""
        super().setUp()
        self.samba = share()
        (self.samba.folder / "sales.csv").write_text("month,sum\nmay,150\njune,50\n")
        self.place = f"127.0.0.1:{self.samba.port},{LOGIN},data"

    def run_datacode(self, *words: str, stdin: str = "", **variables: str) -> tuple[int, str, str]:
        """Status, output and complaints."""
        variables.setdefault("DATACODE_SMB_PASSWORD", PASSWORD)
        process = self.process(*words, **variables)
        out, err = process.communicate(stdin.encode(), timeout=60)
        return process.returncode, out.decode(), err.decode()

    def test_program(self) -> None:
        """Reading, listing, patterns, members of paths, writing, copying, deleting."""
        code = """
t = read_file(path("lib://data/sales.csv"))
print(sum(t["sum"]), path("lib://data/sales.csv").exists, path("lib://data/none").exists)
for f in list_files("lib://data/*.csv") do
  print(f.name)
next f
make_folder("lib://data/out")
write_file("lib://data/out/a.csv", table_head(table_sort(t, "sum"), 1))
copy_file("lib://data/out/a.csv", "copy.csv")
copy_file("copy.csv", "lib://data/out/b.csv")
delete_file("lib://data/out/a.csv")
print(len(list_files("lib://data/out")), len(list_files(".")))
"""
        status, out, err = self.run_datacode("--smb", self.place, "-c", code)
        self.assertEqual((status, err), (0, ""))
        self.assertIn("200 true false\n", out)
        self.assertIn("sales.csv\n", out)
        self.assertEqual((self.samba.folder / "out/b.csv").read_text(), "month,sum\njune,50\n")
        self.assertTrue(out.endswith("1 1\n"), out)

    def test_twice_in_a_process(self) -> None:
        """In a process that has a reactor of its own, and more than once."""
        code = 'len(read_file("lib://data/sales.csv"))'
        for _ in range(2):
            done = self.datacode(
                "--smb", self.place, "-c", f"print({code})", DATACODE_SMB_PASSWORD=PASSWORD
            )
            self.assertEqual((done.status, done.err), (0, ""))
            self.assertIn("2\n", done.out)

    def test_prompt(self) -> None:
        """The prompt has them, too."""
        status, out, _ = self.run_datacode(
            "--smb", self.place, stdin='len(read_file("lib://data/sales.csv"))\n'
        )
        self.assertEqual((status, out), (0, "2\n"))

    def test_failures(self) -> None:
        """A wrong password, no password, no such share, a word that is no share: one sentence."""
        status, out, err = self.run_datacode(
            "--smb", self.place, "-c", "print(1)", DATACODE_SMB_PASSWORD="wrong", LC_ALL="ru_RU"
        )
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err, "❌ Ошибка подключения к SMB: неверное имя пользователя или пароль\n")
        status, _, err = self.run_datacode(
            "--smb", self.place.replace("data", "none"), "-c", "print(1)", LC_ALL="ru_RU"
        )
        self.assertEqual((status, err.count("\n")), (1, 1))
        self.assertIn("'none'", err)
        done = self.datacode("--smb", self.place, "-c", "print(1)")
        self.assertEqual(done.status, 2)
        self.assertIn("DATACODE_SMB_PASSWORD", done.err)
        done = self.datacode("--smb", "host", "-c", "print(1)")
        self.assertEqual(done.status, 2)
        self.assertIn("HOST,LOGIN,SHARE", done.err)

    def test_interrupt_ends_the_program(self) -> None:
        """Ctrl-C while a share is connected: the program ends, and the process."""
        loop = "print('x' * 20000)\nfor i in range(1000000000) do\nx = i\nnext i"
        process = self.process("--smb", self.place, "-c", loop, DATACODE_SMB_PASSWORD=PASSWORD)
        assert process.stdout is not None
        process.stdout.read(1000)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
