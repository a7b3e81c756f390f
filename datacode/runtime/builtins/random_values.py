"""Numbers and elements at random (builtins reference, 12)."""

from __future__ import annotations

from random import Random, SystemRandom

from datacode.errors import DataCodeError, runtime_error
from datacode.language.analysis.type_sets import NUMBER
from datacode.runtime.builtins.arguments import array, exactly_whole, number
from datacode.runtime.builtins.registry import ABSENT, Builtin, builtin, expects_range
from datacode.runtime.host import Host
from datacode.values.table import Column
from datacode.values.text import printed
from datacode.values.types import Value


def _source(seed: Value) -> Random:
    """Where numbers come from: the system's, or with a seed the same row of them each time."""
    if seed is ABSENT or seed is None:
        return SystemRandom()
    if seed.__class__ is not float and seed.__class__ is not str:
        raise runtime_error("bad_seed", "seed must be a number or a text")
    return Random(printed(seed))  # noqa: S311 - a program asks for what can be repeated


def _random_count(entry: Builtin, found: int) -> DataCodeError:
    return expects_range(0, 2)(entry, found)


@builtin("numbers", count_error=_random_count, returns=NUMBER)
def random(low: Value = 0.0, high: Value = 1.0, *, seed: Value = ABSENT) -> float:
    """A number at random, from ``low`` on and below ``high``: below 1 if nothing is said.

    With a ``seed``, a number or a text, it is the same each time.

    Raises an error if ``low`` is not below ``high``.

    Example::

        x = random(1, 7)
        print(x >= 1 and x < 7, random(seed=5) == random(seed=5))       # true true
    """
    least, most = number(low), number(high)
    if not least < most or not most - least < float("inf"):
        raise runtime_error("random_range", "random: low must be below high")
    found = least + (most - least) * _source(seed).random()
    return found if found < most else least


@builtin("arrays")
def random_choice(host: Host, array_: Value, n: Value = ABSENT, *, seed: Value = ABSENT) -> Value:
    """An element of an array at random; with ``n`` an array of so many different elements.

    With a ``seed``, a number or a text, the choice is the same each time.

    Raises an error if the array has not so many elements.

    Example::

        print(contains(["a", "b"], random_choice(["a", "b"])))          # true
        print(len(random_choice(range(10), 3, seed=1)))                 # 3
    """
    element = array_.cell if array_.__class__ is Column else array(array_).__getitem__
    size = len(array_)
    count = 1 if n is ABSENT else exactly_whole(n, "random_choice", "n")
    if not 0 <= count <= size:
        raise runtime_error(
            "too_few_elements",
            "random_choice: {wanted} elements are wanted, and the array has {found}",
            wanted=count,
            found=size,
        )
    host.check_size(count)
    source = _source(seed)
    moved: dict[int, int] = {}
    for place in range(count):
        other = place + int(source.random() * (size - place))
        here, there = moved.get(place, place), moved.get(other, other)
        moved[place], moved[other] = there, here
    wanted = [moved[place] for place in range(count)]
    chosen = list(map(element, wanted))
    return chosen[0] if n is ABSENT else chosen
