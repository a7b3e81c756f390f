"""The process in which DuckDB works on tables in files: one for a session, behind its own walls.

``main``: requests and answers; ``tables``: the files; ``sql``: plans as what DuckDB is asked;
``row_blocks``: rows in blocks; ``gather``: rows by their numbers;
``external_sort``: sorting by ranges of keys;
``database``: DuckDB with its limits; ``walls``: the walls. Nobody imports it: it is started by
``plans.process``.
"""
