"""Shares that the operator has set up for accounts: there without ``smb_connect``.

A session of such an account has them from the beginning, under the operator's name for them; the
log-in is the operator's and its password in a file, which is read when a connection is opened.
Source: server reference, 8.8.
"""

from __future__ import annotations

from dataclasses import dataclass

from datacode.smb.target import Target


@dataclass(frozen=True, slots=True)
class AccountShare:
    """A share for accounts: ``lib://name``; ``share`` is its own name on the ``target``.

    Programs may change its files only where ``writes`` says so.
    """

    name: str
    target: Target
    share: str
    writes: bool = False
