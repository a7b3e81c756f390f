"""Columns and tables, and what reads them from bytes. No Twisted; no input or output but bytes.

From the inside out; each knows only those above it:

- ``engine``, ``cells``: Polars, when it is first needed; one stored column, typed or mixed
- ``types``: what type a column has, as a label
- ``table``: the table, its columns and its indexer, as programs have them
- ``pieces``: long texts, a piece at a time
- ``show``: the frame of ``show_table``, ``table_info``, and data for clients
- ``select``, ``sort``, ``browsing``: choosing columns and rows, and their order
- ``like``, ``filters``, ``whole_columns``, ``conditions``: which rows match; whole conditions
- ``measures``, ``matching``, ``join``, ``asof``: which rows of two tables belong together
- ``group``: grouping and pivoting
- ``relations``: what is recorded for the export
- ``encodings``, ``from_text``: from bytes to text, and from the text of a cell to its value
- ``csv_errors``, ``csv_records``, ``csv_fast``, ``read_csv``, ``write_csv``: CSV
- ``xlsx_extent``, ``workbook``, ``xlsx_fallback``, ``read_xlsx``, ``write_xlsx``: XLSX
"""
