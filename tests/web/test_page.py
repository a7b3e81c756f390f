"""The built page as a file: complete in itself, locked by its policy, made from the sources."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.web.node import WEB, npm

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "datacode" / "server" / "page" / "index.html"
EXAMPLE = ROOT / "examples" / "websocket_client_example.html"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


class PageFileTests(SynchronousTestCase):
    """What can be told without a browser."""

    def setUp(self) -> None:
        """Read the page."""
        self.html = PAGE.read_text(encoding="utf-8")
        self.head = self.html[: self.html.index("<style>")]

    def test_example(self) -> None:
        """The example to open from disk leads to the page that the server hands out."""
        (target,) = re.findall('href="([^"]*)"', EXAMPLE.read_text("utf-8"))
        self.assertEqual((EXAMPLE.parent / target).resolve(), PAGE)

    def test_one_file(self) -> None:
        """Nothing is loaded: one style, one script, both inside, and no address of elsewhere."""
        self.assertEqual(1, self.html.count("<script"))
        self.assertEqual(1, self.html.split("<script>")[0].count("<style"))
        self.assertNotIn("src=", self.head)
        for address in re.findall(r"https?://[\w.-]+", self.html):
            self.assertIn(
                address,
                # Names of XML vocabularies, which nobody loads.
                ("http://www.w3.org", "http://schemas.openxmlformats.org"),
            )
        self.assertNotIn("url(", re.search(r"<style>(.*?)</style>", self.html, re.S)[1])  # type: ignore[index]

    def test_policy(self) -> None:
        """The policy names the script and the style by their hashes and allows nothing unsafe."""
        found = re.search(r'Content-Security-Policy" content="([^"]+)"', self.head)
        assert found is not None
        policy = {rule.split()[0]: rule.split()[1:] for rule in found[1].split("; ")}
        script = re.search(r"<script>(.*)</script>", self.html, re.S)
        style = re.search(r"<style>(.*?)</style>", self.html, re.S)
        assert script is not None
        assert style is not None
        self.assertEqual(["'none'"], policy["default-src"])
        self.assertEqual([_hash(script[1])], policy["script-src"])
        self.assertEqual([_hash(style[1])], policy["style-src"])
        self.assertEqual(["ws:", "wss:"], policy["connect-src"])
        self.assertEqual(["'script'"], policy["require-trusted-types-for"])
        self.assertNotIn("unsafe", found[1])

    def test_size(self) -> None:
        """The page stays small enough to be sent in one go."""
        self.assertLess(len(self.html.encode()), 800_000)


class SourceTests(SynchronousTestCase):
    """The sources, where Node is there to look at them."""

    def test_no_markup_from_data(self) -> None:
        """No source of the page turns text into markup."""
        for source in (WEB / "src").rglob("*.ts"):
            text = source.read_text(encoding="utf-8")
            for way in ("innerHTML", "insertAdjacentHTML", "document.write", "eval("):
                self.assertNotIn(way, text, f"{source.name} uses {way}")
            # An element's markup may be read, for a file, but not replaced.
            self.assertNotRegex(text, r"outerHTML\s*\+?=[^=]", source.name)

    def test_contrast(self) -> None:
        """Text can be read on every ground, in both appearances (WCAG 2.2, level AA)."""
        css = (WEB / "src" / "styles" / "base.css").read_text(encoding="utf-8")
        for theme in ("light", "dark"):
            colours = _colours(css, theme)
            for text, ground in _READ_ON:
                ratio = _contrast(colours[text], colours[ground])
                self.assertGreaterEqual(ratio, 4.5, f"{theme}: {text} on {ground} is {ratio:.2f}")

    def test_checks(self) -> None:
        """Types and unit tests of the sources pass, and the page is what they build."""
        npm("run", "--silent", "check")


_READ_ON = [
    *((text, "surface") for text in ("text", "muted", "faint", "accent-strong", "error")),
    *((text, "surface") for text in ("warning", "good")),
    *((text, "page") for text in ("text", "muted")),
    *((text, "raised") for text in ("text", "muted", "faint", "warning")),
    ("faint", "line"),
    *((text, "accent-soft") for text in ("text", "muted", "accent-strong")),
    ("on-accent", "accent"),
    ("error", "error-soft"),
    ("text", "error-soft"),
    ("text", "warning-soft"),
    ("muted", "warning-soft"),
    *((f"code-{kind}", "surface") for kind in ("keyword", "string", "number", "comment")),
    *((f"code-{kind}", "line") for kind in ("function", "property", "operator", "comment")),
]


def _colours(css: str, theme: str) -> dict[str, str]:
    block = re.search(rf'\[data-theme="{theme}"\] {{(.*?)}}', css, re.S)
    assert block is not None
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
