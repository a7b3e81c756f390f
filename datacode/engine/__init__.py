"""The process in which DuckDB works on tables in files: one for a session, behind its own walls.

``process``: starting it. In the process, ``main``: requests and answers; ``tables``: the files;
``sql``: plans as what DuckDB is asked; ``database``: DuckDB with its limits; ``walls``: the walls.
"""
