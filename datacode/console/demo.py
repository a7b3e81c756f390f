"""``datacode --demo``: a few lines that show what the language can do."""

from __future__ import annotations

from datacode.i18n import catalog
from datacode.runtime.interpreter import Interpreter
from datacode.values.text import printed

SAMPLES = (
    'greeting = "Hello, " + "DataCode"',
    "answer = (2 + 4) * 7",
    "numbers = [3, 1, 2]",
    "ordered = sort(push(numbers, 10))",
    "mean = average(ordered)",
    'person = {name: "Анна", age: 33}',
    'people = table([["Анна", 33], ["Ben", 41]], ["name", "age"])',
    "older = table_where(people, 'age', '>', 40)",
)


def demo(locale: str = "en") -> int:
    """Run the samples and print the resulting variables."""
    interpreter = Interpreter()
    for line in SAMPLES:
        print(f">>> {line}")  # noqa: T201
        outcome = interpreter.run(line)
        if outcome.error is not None:
            print(outcome.error.render(locale))  # noqa: T201
            return 1
    print()  # noqa: T201
    print(catalog.translate(catalog.mark("📊 Final Variables:"), locale))  # noqa: T201
    for name, value in interpreter.globals_for_export().items():
        print(f"  {name} = {printed(value)}")  # noqa: T201
    return 0
