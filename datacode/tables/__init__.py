"""Columns and tables, and what reads them from bytes. No Twisted, no input or output."""
