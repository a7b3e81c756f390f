"""Random programs: few names and small values, so that they meet each other in every way."""

from __future__ import annotations

import random
from collections.abc import Callable

VARIABLES = ("a", "b", "c", "xs", "m", "s", "i", "e")
FUNCTIONS = {"f": 1, "g": 2, "h": 0, "k": 1}
STARTS = (
    *("0", "2", "'ab'", "[]", "[1, 2]", "[[1, 2], [3, 4]]", "{k: 1}", "{k: [1], ab: {k: 2}}"),
    *("true", "null", "-1.5", "range(5)", "'мир'", "path('x')", "money(5, '$')"),
    *("table([[1, 'x'], [2, 'y'], [3, 'ab']], ['k', 'ab'])", "table([], ['k'])"),
)
WORDS = ('"ab"', "'x'", '""', '"k"', '"7"')


class ProgramMaker:
    """Makes one program after another from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.loops: list[str] = []
        self.in_function = False
        self.cells = ""
        """The variable of the innermost loop over rows."""

    def program(self, statements: int = 14) -> str:
        """The text of a program that ends by showing its variables."""
        self.lines = []
        for name in VARIABLES:
            if self.random.random() < 0.6:
                word = self.random.choice(("", "", "global ", "local "))
                self.lines.append(f"{word}{name} = {self.random.choice(STARTS)}")
        if self.random.random() < 0.9:
            self.lines.append("t = table([[1, 'x'], [2.5, 'ab'], [3, 3]], ['k', 'ab'])")
        for _ in range(self.random.randint(3, statements)):
            if self.random.random() < 0.25:
                self.function()
            elif self.random.random() < 0.8:
                self.lines.append("try")
                self.statement(0)
                self.lines += ["catch", "endtry"]
            else:
                self.statement(0)
        for name in VARIABLES:
            self.lines += ["try", f"  print('{name}', {name})", "catch", "endtry"]
        return "\n".join(self.lines)

    def function(self) -> None:
        name = self.random.choice(list(FUNCTIONS))
        count = FUNCTIONS[name] if self.random.random() < 0.95 else self.random.randint(0, 3)
        parameters = [self.random.choice(VARIABLES) for _ in range(count)]
        self.lines.append(f"function {name}({', '.join(parameters)}) do")
        self.in_function = True
        self.body(1, 6)
        if self.random.random() < 0.5:
            self.lines.append(f"return {self.expression(2)}")
        self.in_function = False
        self.lines.append("endfunction")

    def body(self, depth: int, most: int = 3) -> None:
        for _ in range(self.random.randint(0 if depth else 1, most)):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        simple: list[tuple[int, Callable[[], None]]] = [
            (8, self.assign),
            (7, self.assign_element),
            (5, self.grow),
            (2, self.grow_text),
            (3, self.show),
            (2, lambda: self.lines.append(self.call(1))),
            (1, self.throw),
            (1, self.leave),
        ]
        blocks: list[tuple[int, Callable[[], None]]] = [
            (3, lambda: self.if_block(depth)),
            (4, lambda: self.for_block(depth)),
            (3, lambda: self.try_block(depth)),
        ]
        choices = simple + (blocks if depth < 4 else [])
        weights = [weight for weight, _ in choices]
        self.random.choices([make for _, make in choices], weights)[0]()

    def name(self) -> str:
        return self.random.choice(VARIABLES)

    def assign(self) -> None:
        word = self.random.choice(["", "", "", "", "global ", "local "])
        self.lines.append(f"{word}{self.name()} = {self.expression(2)}")

    def assign_element(self) -> None:
        path = ""
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3))):
            kind = self.random.random()
            if kind < 0.65:
                path += f"[{self.random.choice(('0', '1', '-1', 'i', '0.7'))}]"
            elif kind < 0.75:
                path += f"[{self.expression(1)}]"
            else:
                path += self.random.choice((".k", '["k"]', ".ab"))
        self.lines.append(f"{self.name()}{path} = {self.expression(2)}")

    def grow(self) -> None:
        name = self.name()
        other = name if self.random.random() < 0.9 else self.name()
        function = self.random.choice(("push", "push", "append", "extend"))
        self.lines.append(f"{name} = {function}({other}, {self.expression(2)})")

    def grow_text(self) -> None:
        name = self.name()
        added = " + ".join(self.expression(1) for _ in range(self.random.randint(1, 3)))
        self.lines.append(f"{name} = {name} + {added}")

    def show(self) -> None:
        shown = ", ".join(self.expression(2) for _ in range(self.random.randint(1, 3)))
        self.lines.append(f"print({shown})")

    def throw(self) -> None:
        self.lines.append(f"throw {self.expression(1)}")

    def leave(self) -> None:
        choices = []
        if self.loops:
            choices += ["break", f"next {self.random.choice(self.loops)}"]
        if self.in_function:
            choices += ["return", f"return {self.expression(2)}"]
        if choices:
            self.lines += ["if " + self.expression(1) + " do", self.random.choice(choices), "endif"]

    def if_block(self, depth: int) -> None:
        self.lines.append(f"if {self.expression(2)} do")
        self.body(depth + 1)
        while self.random.random() < 0.3:
            self.lines.append(f"else if {self.expression(2)} do")
            self.body(depth + 1)
        if self.random.random() < 0.5:
            self.lines.append("else")
            self.body(depth + 1)
        self.lines.append("endif")

    def for_block(self, depth: int) -> None:
        if self.random.random() < 0.3:
            self.row_block(depth)
            return
        variables = [self.name()]
        while self.random.random() < 0.2:
            variables.append(self.name())
        over = self.random.choice(
            (
                f"range({self.random.randint(0, 4)})",
                f"range({self.expression(1)})",
                "range(3, 0, -1)",
                self.name(),
                self.name(),
                self.expression(2),
            )
        )
        if len(variables) > 1 and self.random.random() < 0.6:
            over = self.random.choice(
                (
                    *("enum(xs)", "[[1, 2], [3, [4]]]", "{k: 1, ab: [2]}", "m", "[1, 2]", "'ab'"),
                    "table([[1, 2], [3, 4]], ['k', 'ab'])",
                    f"[{self.expression(1)}, [1, 2]]",
                )
            )
        self.lines.append(f"for {', '.join(variables)} in {over} do")
        self.loops.append(variables[0])
        self.body(depth + 1)
        self.loops.pop()
        closing = variables if self.random.random() < 0.3 else variables[:1]
        self.lines.append(f"next {', '.join(closing)}")

    def row_block(self, depth: int) -> None:
        """A loop over what often is a table, whose body mostly wants single cells of a row."""
        row = self.word_of("i row row")
        over = self.random.choice(
            (
                *("t", "t", "t", "t", "xs", "m", "[]", "t['k']", "t.idx"),
                "table([[1, [2]], [3, 4]], ['k', 'ab'])",
                "table([[1, 'x', true]] , ['k', 'ab', 'k'])",
                "table([], ['k', 'ab'])",
                "[[1, 2], [3, 4]]",
            )
        )
        if self.random.random() < 0.2:
            over = self.word_of("t['k'] t['ab'] t.k c['k']")
        variables = row if self.random.random() < 0.7 else self.word_of("a,b b,row,c c,c row,b,i")
        if self.random.random() < 0.3:
            over = f"enum({over})"
            variables = self.word_of(f"b,{row} i,{row} {row},{row} {row}")
        self.lines.append(f"for {variables} in {over} do")
        self.loops.append(variables.split(",")[0])
        cells = self.cells
        if row in variables.split(","):
            self.cells = row
        if self.random.random() < 0.6:
            cell = self.word_of(f"{row}[0] {row}[0] {row}[1] {row} b")
            sum_ = f"{self.word_of('a b c s')} {self.operator()} {cell}"
            self.lines.append(f"{self.word_of('a b c s')} = {sum_} * {self.word_of('a s 2')}")
        self.body(depth + 1, 4)
        if self.random.random() < 0.2:
            self.lines.append(
                self.random.choice(
                    (
                        *(f"print({row})", f"{row} = 1", f"{row}[0] = 2", f"local {row} = [5, 6]"),
                        f"print(map([{row}[0]], 'f'))",
                    )
                )
            )
        self.cells = cells
        self.loops.pop()
        self.lines.append(f"next {variables.split(',')[0]}")

    def try_block(self, depth: int) -> None:
        self.lines.append("try")
        self.body(depth + 1)
        if self.random.random() < 0.8:
            self.lines.append(self.random.choice(("catch", f"catch {self.name()}", "catch e")))
            self.body(depth + 1)
        if self.random.random() < 0.4:
            self.lines.append("finally")
            self.body(depth + 1)
        self.lines.append("endtry")

    # Expressions ------------------------------------------------------------

    def expression(self, depth: int) -> str:
        if depth == 0 or self.random.random() < 0.35:
            return self.leaf()
        if self.cells and self.random.random() < 0.4:
            return f"{self.cells}[{self.word_of('0 0 0 1 1 1 -1 -2 2')}]"
        inner = depth - 1
        if self.random.random() < 0.25:
            return self.rarer_expression(inner)
        make = self.random.choice(
            (
                lambda: f"{self.expression(inner)} {self.operator()} {self.expression(inner)}",
                lambda: f"{self.expression(inner)} {self.operator()} {self.expression(inner)}",
                lambda: f"[{', '.join(self.expression(inner) for _ in range(self.few()))}]",
                lambda: f"[[{self.expression(inner)}, 2], [{self.expression(inner)}]]",
                lambda: f"{{k: {self.expression(inner)}, ab: {self.expression(0)}}}",
                lambda: f"{self.name()}[{self.expression(inner)}]",
                lambda: f"{self.name()}[0]",
                lambda: f"{self.name()}[{self.random.choice(('i', '-1', '1'))}][0]",
                lambda: f"{self.name()}.{self.random.choice(('k', 'len', 'first', 'last'))}",
                lambda: f"({self.expression(inner)})",
                lambda: f"{self.random.choice(('-', 'not '))}{self.expression(inner)}",
                lambda: self.call(inner),
                lambda: self.call(inner),
            )
        )
        return make()

    def rarer_expression(self, inner: int) -> str:
        """Members of all kinds of values, odd indexes, spreads, callbacks, several lines."""
        members = "rows columns idx column_names upper lower trim length name parent exists len()"
        indexes = ("1.9", "-0.5", "2 ^ 1024", "true", "null", "i", '"k"')
        types = "array int str object table num"
        make = self.random.choice(
            (
                lambda: f"{self.expression(inner)} ^ {self.expression(0)}",
                lambda: f"isset({self.name()})",
                lambda: f"isinstance({self.expression(inner)}, {self.word_of(types)})",
                lambda: f"{self.name()}.{self.word_of(members)}",
                lambda: f"{self.name()}.rows.rows[{self.expression(0)}]",
                lambda: f"{self.name()}.idx[{self.expression(0)}]",
                lambda: f"{self.name()}[{self.random.choice(indexes)}]",
                lambda: f"'ab' * {self.random.choice(('2', '0', '-1', '0.5', 'i'))}",
                lambda: f"path('x') / {self.expression(0)}",
                lambda: f"(\n{self.expression(inner)}\n)",
                lambda: f"[\n{self.expression(inner)},\n\n{self.expression(0)}]",
                lambda: f"f(a = {self.expression(inner)})",
                lambda: f"{self.word_of('max f print')}(*{self.expression(inner)})",
                lambda: f"g(*[{self.expression(inner)}, {self.expression(0)}])",
                lambda: f"reduce({self.expression(inner)}, 'g', {self.expression(0)})",
                lambda: (
                    f"{self.word_of('enum keys values unique print')}({self.expression(inner)})"
                ),
                lambda: f"join({self.expression(inner)}, '-')",
                lambda: f"contains({self.expression(inner)}, {self.expression(0)})",
                lambda: f"f({self.expression(inner)})[{self.expression(0)}]",
                lambda: f"f({self.expression(inner)}).k",
                lambda: f"{{k: {self.expression(inner)}, k: {self.expression(0)}}}",
            )
        )
        return make()

    def word_of(self, words: str) -> str:
        return self.random.choice(words.split())

    def few(self) -> int:
        return self.random.randint(0, 3)

    def operator(self) -> str:
        return self.random.choice(
            ("+", "+", "+", "-", "*", "/", "%", "==", "!=", "<", ">=", "and", "or")
        )

    def leaf(self) -> str:
        if self.cells and self.random.random() < 0.5:
            return f"{self.cells}[{self.word_of('0 1')}]"
        return self.random.choice(
            (
                str(self.random.randint(0, 3)),
                "0.5",
                self.random.choice(WORDS),
                self.random.choice(("true", "false", "null", "[]", "{}")),
                self.name(),
                self.name(),
                self.name(),
            )
        )

    def call(self, depth: int) -> str:
        if self.random.random() < 0.6:
            name = self.random.choice(list(FUNCTIONS))
            arguments = [self.expression(depth) for _ in range(FUNCTIONS[name])]
        else:
            name, count = self.random.choice(
                (
                    ("len", 1),
                    ("str", 1),
                    ("push", 2),
                    ("pop", 1),
                    ("sum", 1),
                    ("sort", 1),
                    ("reverse", 1),
                    ("isset", 1),
                    ("range", 1),
                    ("typeof", 1),
                    ("max", 2),
                )
            )
            arguments = [self.expression(depth) for _ in range(count)]
        if self.random.random() < 0.1:
            name = self.random.choice(("map", "filter"))
            arguments = [self.expression(depth), self.random.choice(('"f"', '"k"', '"str"'))]
        elif self.random.random() < 0.1 and arguments:
            arguments[0] = f"*{arguments[0]}"
        return f"{name}({', '.join(arguments)})"
