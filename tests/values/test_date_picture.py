"""Dates in the order that a picture gives."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from datacode.errors import DataCodeError
from datacode.values.date_picture import date_picture


class DatePictureTests(SynchronousTestCase):
    """``DatePicture``."""

    def test_dates(self) -> None:
        """Each picture, a text in its form, and what it is."""
        for picture, text, iso in (
            ("DD.MM.YYYY", " 1.12.2025 ", "2025-12-01"),
            ("DD.MM.YYYY", "29.02.2024", "2024-02-29"),
            ("YYYYMMDD", "20250131", "2025-01-31"),
            ("MM/DD/YY", "3/4/69", "2069-03-04"),
            ("dd.mm.yy", "03.04.70", "1970-04-03"),
            ("ДД.ММ.ГГГГ ЧЧ:мм:сс", "31.12.2025\xa009:05:07", "2025-12-31 09:05:07"),
            ("YYYY-MM-DDTHH:mm", "2025-01-02T3:04", "2025-01-02 03:04:00"),
            ("DD.MM.YYYY [г.]", "31.12.2025 г.", "2025-12-31"),
            ("MM.YYYY", "12.2025", "2025-12-01"),
        ):
            self.assertEqual(date_picture(picture).iso(text), iso, picture)

    def test_no_dates(self) -> None:
        """Texts in another form, and days that there are not."""
        for text in ("", "31.02.2025", "1.13.2025", "1.12.25", "2025-12-01", "1.12.2025 9:00"):
            self.assertIsNone(date_picture("DD.MM.YYYY").iso(text), text)
        self.assertIsNone(date_picture("YYYYMMDD").iso("2025131"))

    def test_no_pictures(self) -> None:
        """Without a year, with a gap, a part twice, an unknown letter, or too long."""
        for picture in ("", "DD.MM", "DD.YYYY", "YYYY YYYY", "XX.YYYY", "YYYY." * 20, "Y", "HH:mm"):
            self.assertRaises(DataCodeError, date_picture, picture)
