"""Trees as short texts, so that a test shows what it expects in one line."""

from __future__ import annotations

from datacode.language.syntax import nodes
from datacode.language.syntax.parser import parse


def written(node: object) -> str:
    """An expression or statement with explicit grouping: ``(+ a (* b c))``."""
    match node:
        case nodes.Number():
            return f"{node.value:g}"
        case nodes.String():
            return repr(node.value)
        case nodes.Bool():
            return str(node.value).lower()
        case nodes.Null():
            return "null"
        case nodes.Name():
            return node.name
        case nodes.Array():
            return f"[{_all(node.elements)}]"
        case nodes.Object():
            return "{" + " ".join(f"{key}:{written(value)}" for key, value in node.pairs) + "}"
        case nodes.Unary():
            return f"({node.operator} {written(node.operand)})"
        case nodes.Binary() | nodes.Logical():
            return f"({node.operator} {written(node.left)} {written(node.right)})"
        case nodes.Index():
            return f"(at {written(node.base)} {written(node.index)})"
        case nodes.Member():
            return f"({'call' if node.called else 'member'} {written(node.base)} {node.name})"
        case nodes.Spread():
            return f"*{written(node.value)}"
        case nodes.NamedArgument():
            return f"{node.name}={written(node.value)}"
        case nodes.Call():
            return f"{node.name}({_all(node.arguments)})"
        case _:
            return _statement(node)


def _statement(node: object) -> str:
    match node:
        case nodes.ExpressionStatement():
            return written(node.value)
        case nodes.Assign():
            scope = f"{node.scope} " if node.scope else ""
            return f"{scope}{node.name} := {written(node.value)}"
        case nodes.AssignElement():
            path = "".join(f".{s}" if isinstance(s, str) else f"[{written(s)}]" for s in node.path)
            return f"{node.name}{path} := {written(node.value)}"
        case nodes.If():
            branches = [f"if {written(b.condition)} {block(b.body)}" for b in node.branches]
            otherwise = [] if node.otherwise is None else [f"else {block(node.otherwise)}"]
            return " ".join(branches + otherwise)
        case nodes.For():
            return f"for {','.join(node.variables)} {written(node.iterable)} {block(node.body)}"
        case nodes.Try():
            text = f"try {block(node.body)}"
            if node.handler is not None:
                text += f" catch {node.variable} {block(node.handler)}"
            return text if node.final is None else f"{text} finally {block(node.final)}"
        case nodes.Throw():
            return f"throw {written(node.value)}"
        case nodes.Return():
            return "return" if node.value is None else f"return {written(node.value)}"
        case nodes.Break():
            return "break"
        case nodes.Next():
            return f"next {','.join(node.names)}/{node.depth}"
        case nodes.Function():
            return f"function {node.name}({','.join(node.parameters)}) {block(node.body)}"
    raise AssertionError(f"no node: {node!r}")


def block(statements: tuple[nodes.Statement, ...]) -> str:
    """Statements in braces."""
    return "{" + "; ".join(map(written, statements)) + "}"


def _all(expressions: tuple[object, ...]) -> str:
    return " ".join(map(written, expressions))


def tree(text: str) -> str:
    """The statements of a program, joined by ``; ``."""
    return "; ".join(map(written, parse(text).body))
