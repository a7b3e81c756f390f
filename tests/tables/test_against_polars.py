"""The functions that reshape and sum up tables, each against what Polars itself makes of the data.

``test_against_loops`` has the plain loops; here the other side is Polars alone. Every call is made
of typed columns by Polars, of typed columns that are short, and of lists.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.tables.making import mixed, quickly, shown
from tests.tables.test_against_loops import AgainstTestCase, stored

KEYS = st.sampled_from(["a", "b", "c"]) | st.none()
NUMBERS = st.integers(-20, 20).map(lambda n: n / 2) | st.none()
TEXTS = st.sampled_from(["x,y", "", "x", "a,,b", "1,2,3"]) | st.none()
ROWS = st.lists(st.tuples(KEYS, NUMBERS, TEXTS, st.just(None)), min_size=1, max_size=14)

Rows = list[tuple[Any, ...]]
SCHEMA = {"k": pl.String, "n": pl.Float64, "s": pl.String, "m": pl.Null}


def frame_of(rows: Rows) -> pl.DataFrame:
    """The rows as Polars has them; ``m`` holds nothing."""
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


class AgainstPolarsTests(AgainstTestCase):
    def assertFrame(self, found: Any, expected: pl.DataFrame) -> None:
        """The table has the names and cells of a frame, whose numbers are floats."""
        numbers = expected.with_columns(pl.col(pl.Int64, pl.UInt32, pl.Int32).cast(pl.Float64))
        self.assertRows(found, expected.columns, [list(row) for row in numbers.rows()])

    @quickly
    @given(ROWS, st.booleans(), st.booleans())
    def test_sort(self, rows: Rows, first: bool, second: bool) -> None:
        """By two columns, nulls first upward and last downward."""
        found = self.table("table_sort", rows, ["k", "n"], [first, second])
        expected = frame_of(rows).sort(
            "k", "n", descending=[not first, not second], nulls_last=[not first, not second],
            maintain_order=True,
        )  # fmt: skip
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS)
    def test_fill(self, rows: Rows) -> None:
        """Down, up, and with a value."""
        frame = frame_of(rows)
        for way, made in (
            ({"direction": "down"}, pl.col("n").forward_fill()),
            ({"direction": "up"}, pl.col("n").backward_fill()),
            ({"value": 7}, pl.col("n").fill_null(7.0)),
        ):
            self.assertFrame(self.table("table_fill", rows, "n", **way), frame.with_columns(made))

    @quickly
    @given(ROWS)
    def test_unpivot(self, rows: Rows) -> None:
        """A column after the other, under names."""
        found = self.table("table_unpivot", rows, ["n"], ["k", "s"])
        expected = frame_of(rows).unpivot(["k", "s"], index="n", variable_name="name")
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS, st.sampled_from(["sum", "min", "max", "count", "first", "last"]))
    def test_pivot(self, rows: Rows, function: str) -> None:
        """A row for each key, a column for each text, in order."""
        rows = [(k, n, s, m) for k, n, s, m in rows if s is not None]
        frame = frame_of(rows)
        found = self.table("table_pivot", rows, "k", "s", "n", function)
        if not rows:
            return
        made = {
            "sum": pl.element().sum(), "min": pl.element().min(), "max": pl.element().max(),
            "count": pl.element().count(), "first": pl.element().first(),
            "last": pl.element().last(),
        }[function]  # fmt: skip
        wide = frame.pivot("s", index="k", values="n", aggregate_function=made, sort_columns=True)
        there = frame.with_columns(pl.lit(1).alias("one")).pivot(
            "s", index="k", values="one", aggregate_function=pl.element().max()
        )
        names = sorted(wide.columns[1:])
        masked = [
            pl.when(there[name].is_not_null()).then(wide[name].cast(pl.Float64)).alias(name)
            for name in names
        ]
        self.assertFrame(found, wide.select("k", *masked))

    @quickly
    @given(ROWS, st.sampled_from(["sum", "average", "min", "max", "count"]))
    def test_total(self, rows: Rows, function: str) -> None:
        """One more row."""
        column = pl.col("n")
        made = {
            "sum": column.sum(), "average": column.mean(), "min": column.min(),
            "max": column.max(), "count": column.count().cast(pl.Float64),
        }[function]  # fmt: skip
        frame = frame_of(rows)
        last = frame.select(pl.lit("Total").alias("k"), made.cast(pl.Float64).alias("n"))
        found = self.table("table_total", rows, "n", function)
        self.assertFrame(found, pl.concat([frame, last], how="diagonal"))

    @quickly
    @given(ROWS)
    def test_windows(self, rows: Rows) -> None:
        """Running, moving and ranking within groups."""
        frame = frame_of(rows)
        n = pl.col("n")
        wanted = {
            "lag": (["n", "lag"], n.shift(1)),
            "lead": (["n", "lead", 2], n.shift(-2)),
            "rank": (["n", "rank"], n.rank("min", descending=True)),
            "dense": (["n", "dense_rank"], n.rank("dense", descending=True)),
            "total": (["n", "total"], n.sum()),
            "diff": (["n", "diff"], n.diff()),
            "number": (["n", "row_number"], pl.int_range(1, pl.len() + 1)),
        }
        for name, (spec, expression) in wanted.items():
            found = self.table("table_window", rows, {name: spec}, "k")
            expected = frame.with_columns(expression.over("k").cast(pl.Float64).alias(name))
            self.assertFrame(found, expected)
        filled = [(k, n or 0.0, s, m) for k, n, s, m in rows]
        frame = frame_of(filled)
        for name, (spec, expression) in {
            "sum": (["n", "sum"], n.cum_sum()),
            "least": (["n", "min"], n.cum_min()),
            "most": (["n", "max"], n.cum_max()),
            "moving": (["n", "rolling_sum", 2], n.rolling_sum(2)),
            "mean": (["n", "rolling_mean", 3], n.rolling_mean(3)),
        }.items():
            found = self.table("table_window", filled, {name: spec}, "k")
            self.assertFrame(found, frame.with_columns(expression.over("k").alias(name)))

    @quickly
    @given(st.lists(st.tuples(KEYS, st.integers(1, 999), TEXTS, st.none()), min_size=1))
    def test_share(self, rows: Rows) -> None:
        """The quotient to the last digit, which Polars does not give for one divisor."""
        rows = [(k, float(n), s, m) for k, n, s, m in rows]
        frame = frame_of(rows).with_columns(pl.col("n").sum().over("k").alias("total"))
        expected = frame.with_columns(pl.col("n") / pl.col("total")).drop("total")
        found = self.table("table_window", rows, {"n": ["n", "share"]}, "k")
        self.assertFrame(found, expected)
        found = self.table("table_window", rows, {"all": ["n", "total"]})
        self.assertFrame(found, frame_of(rows).with_columns(pl.col("n").sum().alias("all")))

    @quickly
    @given(ROWS, st.integers(1, 4))
    def test_top(self, rows: Rows, count: int) -> None:
        """The greatest first, equal ones as they stand."""
        rows = [row for row in rows if row[1] is not None]
        found = self.table("table_top", rows, count, "n")
        expected = frame_of(rows).sort("n", descending=True, maintain_order=True).head(count)
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS)
    def test_bins(self, rows: Rows) -> None:
        """Each limit belongs to the bin above it, the last one to the last bin."""
        labels = ["low", "middle", "high"]
        found = self.table("table_bins", rows, "n", [-10, -2, 3, 10], labels, name="bin")
        frame = frame_of(rows)
        cut = frame["n"].cut([-2, 3], labels=labels, left_closed=True).cast(pl.String)
        self.assertFrame(found, frame.with_columns(cut.alias("bin")))

    @quickly
    @given(ROWS, st.sampled_from(["first", "last"]))
    def test_dedupe(self, rows: Rows, keep: Any) -> None:
        """One row for each set of keys."""
        found = self.table("table_dedupe", rows, ["k", "s"], keep)
        expected = frame_of(rows).unique(["k", "s"], keep=keep, maintain_order=True)
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS)
    def test_count(self, rows: Rows) -> None:
        """The most frequent first."""
        found = self.table("table_count", rows, ["k", "s"])
        expected = (
            frame_of(rows).group_by("k", "s", maintain_order=True).agg(pl.len().alias("count"))
            .sort("count", descending=True, maintain_order=True)
        )  # fmt: skip
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS)
    def test_describe(self, rows: Rows) -> None:
        """Counts, ends, sums and quartiles of the column of numbers."""
        found = self.table("table_describe", rows)
        n = frame_of(rows)["n"]
        if not n.count():
            return
        names, cells = found
        row = dict(zip(names, cells[1], strict=True))
        for name, expected in (
            ("count", float(n.count())), ("nulls", float(n.null_count())),
            ("distinct", float(n.drop_nulls().n_unique())), ("min", n.min()), ("max", n.max()),
            ("q25", n.quantile(0.25, "linear")), ("median", n.median()),
            ("q75", n.quantile(0.75, "linear")),
        ):  # fmt: skip
            self.assertEqual(row[name], *shown([expected]), name)
        for name, expected in (("sum", n.sum()), ("mean", n.mean()), ("std", n.std())):
            if expected is not None:
                found_number = float(row[name].removeprefix("Number(").rstrip(")"))
                self.assertAlmostEqual(found_number, expected, 12, name)

    @quickly
    @given(ROWS, st.floats(0, 1))
    def test_quantile(self, rows: Rows, part: float) -> None:
        """Between two numbers in proportion."""
        found = self.table("table_quantile", rows, "n", part)
        self.assertEqual(found, shown([frame_of(rows)["n"].quantile(part, "linear")]))

    @quickly
    @given(ROWS)
    def test_split(self, rows: Rows) -> None:
        """The last column has the rest."""
        found = self.table("table_split", rows, "s", ",", ["one", "two"])
        parts = pl.col("s").str.splitn(",", 2).struct.rename_fields(["one", "two"])
        expected = (
            frame_of(rows).with_columns(parts).unnest("s").select("k", "n", "one", "two", "m")
        )
        self.assertFrame(found, expected)

    @quickly
    @given(ROWS)
    def test_explode(self, rows: Rows) -> None:
        """A row for each part."""
        found = self.table("table_explode", rows, "s", ",")
        expected = frame_of(rows).with_columns(pl.col("s").str.split(",")).explode("s")
        self.assertFrame(found, expected)

    @quickly
    @given(st.lists(st.tuples(st.dates(date(2024, 1, 1), date(2025, 6, 30)), NUMBERS), min_size=1))
    def test_months(self, days: list[tuple[date, float | None]]) -> None:
        """Every month from the first to the last, missing ones with sums of nothing."""
        rows: Rows = [(day.isoformat(), number, "", None) for day, number in days]
        frame = pl.DataFrame(days, schema={"k": pl.Date, "n": pl.Float64}, orient="row")
        sums = frame.group_by(pl.col("k").dt.truncate("1mo")).agg(pl.col("n").sum())
        first, last = sums["k"].min(), sums["k"].max()
        months = pl.date_range(first, last, "1mo", eager=True).alias("k").to_frame()  # type: ignore[arg-type]
        expected = months.join(sums, on="k", how="left").sort("k").with_columns(
            pl.col("k").dt.to_string("%Y-%m-%d"), pl.col("n").fill_null(0.0)
        )  # fmt: skip
        self.assertFrame(self.table("table_months", rows, "k", {"n": ["n", "sum"]}), expected)

    @quickly
    @given(ROWS, ROWS, st.sampled_from(["inner", "left", "semi", "anti", "full"]))
    def test_join(self, rows: Rows, others: Rows, how: Any) -> None:
        """One key column; empty keys belong to nothing."""
        right = frame_of(others).select("k", pl.col("n").alias("right"))
        other = self.call("table_select", stored(others, mixed), ["k", "n"])
        other = self.call("table_rename", other, {"n": "right"})
        found = self.table("table_join", rows, other, "k", how)
        left = frame_of(rows)
        if how == "full":
            order = [pl.int_range(pl.len()).alias("l")]
            joined = left.with_columns(order).join(
                right.with_row_index("r"), on="k", how="full", coalesce=True
            ).sort("l", "r", nulls_last=True)  # fmt: skip
            expected = joined.select("k", "n", "s", "m", "right")
        else:
            expected = left.join(right, on="k", how=how, maintain_order="left_right")
        self.assertFrame(found, expected)
