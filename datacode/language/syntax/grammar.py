"""The productions of the language, for PLY: the docstrings are the grammar.

An action gets a list ``p``: ``p[1]``, ``p[2]`` ... are the parts of the phrase, tokens
(``lexer.Token``) or what their own actions made of them. When it begins, ``p[0]`` is the first token
of the phrase, which says where it begins; when it ends, ``p[0]`` is what the phrase means.

The grammar has no conflicts. Binary and unary operators are settled by ``precedence`` alone, which
gives the tree that the layered rules of the language reference give with a tenth of the steps.

Source: language reference, 2.2 and 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datacode.errors import syntax_error
from datacode.language.syntax import nodes
from datacode.language.syntax.lexer import TOKEN_KINDS, Token

CONDITION = "CONDITION"
"""The kind of a token in front of a text that is one expression, not a program."""

ROW_WORDS = (
    "AMONG",
    "LIKE",
    "MATCHES",
    "BETWEEN",
    "UP_TO",
    "IS",
    "CHOOSE",
    "CASE",
    "WHEN",
    "END_CASE",
    "LONG_NUMBER",
)
"""The kinds of words and numbers that only conditions over rows have (``row_words``)."""

tokens = (*TOKEN_KINDS, CONDITION, *ROW_WORDS)

start = "start"

precedence = (
    ("left", "OR"),
    ("left", "AND"),
    ("left", "EQ", "NE"),
    ("left", "<", ">", "LE", "GE", "AMONG", "LIKE", "MATCHES", "BETWEEN", "UP_TO", "IS"),
    ("left", "+", "-"),
    ("left", "*", "/", "%"),
    ("right", "NOT", "!", "SIGN"),
    ("right", "^"),
)

BINARY = frozenset("<>+-*/%^") | {"EQ", "NE", "LE", "GE", "AND", "OR"}
"""The kinds of the operators between two operands."""

PREFIXES = frozenset("-!") | {"NOT"}
"""The kinds of the operators before an operand."""

BRACKETS = frozenset("([{")
"""The kinds of the brackets that open."""

NESTING = (
    BINARY
    | PREFIXES
    | BRACKETS
    | {".", "IF", "ELSE", "FOR", "TRY", "FUNCTION"}
    | {"AMONG", "LIKE", "MATCHES", "BETWEEN", "IS", "CASE"}
)
"""The kinds of the tokens that put something inside something else: see ``nesting_limits``."""


@dataclass(frozen=True, slots=True)
class InvalidAssignment(nodes.Node):
    """An assignment to something else than a variable or its elements; its place is the ``=``.

    Stands in a tree only until ``validate`` finds it.
    """


def p_same(p: Any) -> None:
    """
    start : program
    expression : operand
    """
    p[0] = p[1]


# Programs and blocks ---------------------------------------------------------


def p_start_condition(p: Any) -> None:
    """start : CONDITION expression NEWLINE"""
    p[0] = p[2]


def p_program(p: Any) -> None:
    """program : statements"""
    p[0] = nodes.Program(1, 1, tuple(p[1]))


def p_statements_none(p: Any) -> None:
    """
    statements :
    body :
    inner :
    """
    p[0] = []


def p_statements_more(p: Any) -> None:
    """
    statements : statements statement
               | statements function
    body : body statement
    inner : inner statement
          | inner next_clause
    """
    p[1].append(p[2])
    p[0] = p[1]


def p_function(p: Any) -> None:
    """
    function : FUNCTION NAME '(' parameters ')' DO NEWLINE body ENDFUNCTION NEWLINE
             | scope FUNCTION NAME '(' parameters ')' DO NEWLINE body ENDFUNCTION NEWLINE
    """
    name, parameters, body = p[-9].text, p[-7], p[-3]
    p[0] = nodes.Function(p[0].line, p[0].column, name, parameters, tuple(body))


def p_parameters(p: Any) -> None:
    """
    parameters :
               | names
    """
    p[0] = tuple(p[1]) if len(p) > 1 else ()


def p_names_one(p: Any) -> None:
    """names : NAME"""
    p[0] = [p[1].text]


def p_names_more(p: Any) -> None:
    """names : names ',' NAME"""
    p[1].append(p[3].text)
    p[0] = p[1]


def p_scope(p: Any) -> None:
    """
    scope : GLOBAL
          | LOCAL
    """
    p[0] = p[1].text


# Statements ------------------------------------------------------------------


def p_expression_statement(p: Any) -> None:
    """statement : expression NEWLINE"""
    p[0] = nodes.ExpressionStatement(p[0].line, p[0].column, p[1])


def p_assign(p: Any) -> None:
    """statement : expression '=' expression NEWLINE"""
    p[0] = _assignment(p[0], p[1], p[2], p[3])


def p_assign_scoped(p: Any) -> None:
    """statement : scope NAME '=' expression NEWLINE"""
    p[0] = nodes.Assign(p[0].line, p[0].column, p[2].text, p[4], p[1])


def p_return(p: Any) -> None:
    """
    statement : RETURN NEWLINE
              | RETURN expression NEWLINE
    """
    p[0] = nodes.Return(p[0].line, p[0].column, p[2] if len(p) > 3 else None)


def p_break(p: Any) -> None:
    """statement : BREAK NEWLINE"""
    p[0] = nodes.Break(p[0].line, p[0].column)


def p_throw(p: Any) -> None:
    """statement : THROW expression NEWLINE"""
    p[0] = nodes.Throw(p[0].line, p[0].column, p[2])


def p_next_clause(p: Any) -> None:
    """next_clause : NEXT names NEWLINE"""
    p[0] = nodes.Next(p[0].line, p[0].column, tuple(p[2]))


def p_if_statement(p: Any) -> None:
    """
    statement : branches end_if NEWLINE
              | branches otherwise end_if NEWLINE
    """
    otherwise = tuple(p[2]) if len(p) > 4 else None
    p[0] = nodes.If(p[0].line, p[0].column, tuple(p[1]), otherwise)


def p_branches_one(p: Any) -> None:
    """branches : IF expression then NEWLINE inner"""
    p[0] = [nodes.Branch(p[1].line, p[1].column, p[2], tuple(p[5]))]


def p_branches_more(p: Any) -> None:
    """branches : branches ELSE IF expression then NEWLINE inner"""
    p[1].append(nodes.Branch(p[3].line, p[3].column, p[4], tuple(p[7])))
    p[0] = p[1]


def p_otherwise(p: Any) -> None:
    """
    otherwise : ELSE NEWLINE inner
              | ELSE DO NEWLINE inner
    """
    p[0] = p[len(p) - 1]


def p_block_words(p: Any) -> None:
    """
    then : DO
         | THEN
    end_if : ENDIF
           | ENDEIF
    """
    p[0] = p[1]


def p_for_statement(p: Any) -> None:
    """statement : FOR names IN expression DO NEWLINE body next_clause"""
    p[0] = nodes.For(p[0].line, p[0].column, tuple(p[2]), p[4], tuple(p[7]), p[8])


def p_try_statement(p: Any) -> None:
    """statement : TRY NEWLINE inner handler final ENDTRY NEWLINE"""
    variable, handler = p[4]
    p[0] = nodes.Try(p[0].line, p[0].column, tuple(p[3]), variable, handler, p[5])


def p_handler_none(p: Any) -> None:
    """handler :"""
    p[0] = None, None


def p_handler(p: Any) -> None:
    """
    handler : CATCH NEWLINE inner
            | CATCH NAME NEWLINE inner
    """
    p[0] = (p[2].text if len(p) > 4 else None), tuple(p[len(p) - 1])


def p_final(p: Any) -> None:
    """
    final :
          | FINALLY NEWLINE inner
    """
    p[0] = tuple(p[3]) if len(p) > 1 else None


# Operators -------------------------------------------------------------------


def p_binary(p: Any) -> None:
    """
    expression : expression EQ expression
               | expression NE expression
               | expression '<' expression
               | expression '>' expression
               | expression LE expression
               | expression GE expression
               | expression '+' expression
               | expression '-' expression
               | expression '*' expression
               | expression '/' expression
               | expression '%' expression
               | expression '^' expression
    """
    operator = "==" if p[2].kind == "EQ" else p[2].text  # conditions have = as well
    line, column = p[2].line, p[2].column
    p[0] = nodes.Binary(line, column, operator, p[1], p[3])
    if operator in ("==", "!="):
        for tested, number in ((p[1], p[3]), (p[3], p[1])):
            if isinstance(number, nodes.Number) and number.text:
                operands = (tested, nodes.Array(line, column, _as_written(number)))
                p[0] = nodes.RowTest(line, column, "in", operator == "!=", operands)


def _as_written(value: nodes.Expr) -> tuple[nodes.Expr, ...]:
    """A value that cells are compared with; of a number that would not come back its text, too."""
    if isinstance(value, nodes.Number) and value.text:
        return value, nodes.String(value.line, value.column, value.text)
    return (value,)


def p_logical(p: Any) -> None:
    """
    expression : expression OR expression
               | expression AND expression
    """
    p[0] = nodes.Logical(p[2].line, p[2].column, p[2].text, p[1], p[3])


def p_negation(p: Any) -> None:
    """expression : '-' expression %prec SIGN"""
    p[0] = nodes.Unary(p[0].line, p[0].column, "-", p[2])


def p_not(p: Any) -> None:
    """
    expression : NOT expression
               | '!' expression
    """
    p[0] = nodes.Unary(p[0].line, p[0].column, "not", p[2])


# Words of conditions over rows ------------------------------------------------


def p_row_test(p: Any) -> None:
    """
    expression : expression AMONG expression
               | expression LIKE expression
               | expression MATCHES expression
               | expression BETWEEN expression UP_TO expression
    """
    word, _, operator = p[2].text.rpartition(" ")
    tested, negated = _without_not(p[0], p[1])
    operands = (tested, p[3], p[5]) if len(p) > 4 else (tested, p[3])
    if operator == "in" and isinstance(p[3], nodes.Array):
        elements = tuple(each for value in p[3].elements for each in _as_written(value))
        operands = (tested, nodes.Array(p[3].line, p[3].column, elements))
    p[0] = nodes.RowTest(p[2].line, p[2].column, operator, negated is not bool(word), operands)


def p_is_null(p: Any) -> None:
    """expression : expression IS NULL"""
    nothing = nodes.Null(p[3].line, p[3].column)
    tested, negated = _without_not(p[0], p[1])
    operator = "==" if (p[2].text == "is") is not negated else "!="
    p[0] = nodes.Binary(p[2].line, p[2].column, operator, tested, nothing)


def _without_not(begin: Token, tested: nodes.Expr) -> tuple[nodes.Expr, bool]:
    """What a word tests: ``not x in a`` means ``x not in a``, unless ``(not x)`` is in brackets."""
    negated = False
    while (
        begin.kind in ("NOT", "!")
        and isinstance(tested, nodes.Unary)
        and tested.operator == "not"
        and (tested.line, tested.column) == (begin.line, begin.column)
    ):
        tested, negated = tested.operand, not negated
        if isinstance(tested, nodes.Unary):
            begin = begin._replace(line=tested.line, column=tested.column)
    return tested, negated


def p_choose(p: Any) -> None:
    """
    operand : CHOOSE '(' elements ')'
            | CHOOSE '(' elements ',' ')'
    """
    parts = p[3]
    odd = len(parts) % 2
    if len(parts) < 2 or (p[1].text == "if" and len(parts) > 3):
        word = p[1].text
        more = ", condition, value, ..." if word == "case" else ""
        raise syntax_error(
            "choice_arguments",
            "It is written {signature}",
            p[1].line,
            p[1].column,
            signature=f"{word}(condition, value{more}, otherwise)",
        )
    otherwise = parts[-1] if odd else nodes.Null(p[1].line, p[1].column)
    pairs = tuple(zip(parts[0 : len(parts) - odd : 2], parts[1::2], strict=True))
    p[0] = nodes.Choice(p[1].line, p[1].column, pairs, otherwise)


def p_case(p: Any) -> None:
    """
    operand : CASE whens END_CASE
            | CASE whens ELSE expression END_CASE
    """
    otherwise = p[4] if len(p) > 4 else nodes.Null(p[1].line, p[1].column)
    p[0] = nodes.Choice(p[1].line, p[1].column, tuple(p[2]), otherwise)


def p_when(p: Any) -> None:
    """
    whens : WHEN expression THEN expression
          | whens WHEN expression THEN expression
    """
    p[0] = [*(p[1] if len(p) > 5 else []), (p[len(p) - 3], p[len(p) - 1])]


# Operands --------------------------------------------------------------------


def p_index(p: Any) -> None:
    """operand : operand '[' expression ']'"""
    p[0] = nodes.Index(p[2].line, p[2].column, p[1], p[3])


def p_member(p: Any) -> None:
    """
    operand : operand '.' word
            | operand '.' word '(' ')'
    """
    p[0] = nodes.Member(p[3].line, p[3].column, p[1], p[3].text, len(p) > 4)


def p_group(p: Any) -> None:
    """operand : '(' expression ')'"""
    p[0] = p[2]


def p_number(p: Any) -> None:
    """operand : NUMBER"""
    p[0] = nodes.Number(p[1].line, p[1].column, float(p[1].text))


def p_long_number(p: Any) -> None:
    """operand : LONG_NUMBER"""
    p[0] = nodes.Number(p[1].line, p[1].column, float(p[1].text), p[1].text)


def p_string(p: Any) -> None:
    """operand : STRING"""
    p[0] = nodes.String(p[1].line, p[1].column, p[1].text[1:-1])


def p_bool(p: Any) -> None:
    """
    operand : TRUE
            | FALSE
    """
    p[0] = nodes.Bool(p[1].line, p[1].column, p[1].kind == "TRUE")


def p_null(p: Any) -> None:
    """operand : NULL"""
    p[0] = nodes.Null(p[1].line, p[1].column)


def p_name(p: Any) -> None:
    """operand : NAME"""
    p[0] = nodes.Name(p[1].line, p[1].column, p[1].text)


def p_array(p: Any) -> None:
    """
    operand : '[' ']'
            | '[' elements ']'
            | '[' elements ',' ']'
    """
    p[0] = nodes.Array(p[0].line, p[0].column, tuple(p[2]) if len(p) > 3 else ())


def p_object(p: Any) -> None:
    """
    operand : '{' '}'
            | '{' pairs '}'
            | '{' pairs ',' '}'
    """
    p[0] = nodes.Object(p[0].line, p[0].column, tuple(p[2]) if len(p) > 3 else ())


def p_call(p: Any) -> None:
    """
    operand : NAME '(' ')'
            | NAME '(' arguments ')'
    """
    p[0] = nodes.Call(p[0].line, p[0].column, p[1].text, tuple(p[3]) if len(p) > 4 else ())


# Lists -----------------------------------------------------------------------


def p_list_one(p: Any) -> None:
    """
    elements : expression
    pairs : pair
    positional_arguments : expression
                         | spread
    named_arguments : named_argument
    """
    p[0] = [p[1]]


def p_list_more(p: Any) -> None:
    """
    elements : elements ',' expression
    pairs : pairs ',' pair
    positional_arguments : positional_arguments ',' expression
                         | positional_arguments ',' spread
    named_arguments : named_arguments ',' named_argument
    """
    p[1].append(p[3])
    p[0] = p[1]


def p_arguments(p: Any) -> None:
    """
    arguments : positional_arguments
              | positional_arguments ','
              | named_arguments
              | named_arguments ','
    """
    p[0] = p[1]


def p_arguments_both(p: Any) -> None:
    """
    arguments : positional_arguments ',' named_arguments
              | positional_arguments ',' named_arguments ','
    """
    p[0] = p[1] + p[3]


def p_spread(p: Any) -> None:
    """spread : '*' expression"""
    p[0] = nodes.Spread(p[0].line, p[0].column, p[2])


def p_named_argument(p: Any) -> None:
    """named_argument : NAME '=' expression"""
    p[0] = nodes.NamedArgument(p[0].line, p[0].column, p[1].text, p[3])


def p_pair(p: Any) -> None:
    """
    pair : word ':' expression
         | STRING ':' expression
    """
    key = p[1].text
    p[0] = (key[1:-1] if p[1].kind == "STRING" else key), p[3]


def p_word(p: Any) -> None:
    """
    word : NAME
         | TRUE
         | FALSE
         | NULL
         | AND
         | OR
         | NOT
         | IF
         | THEN
         | ELSE
         | ENDIF
         | ENDEIF
         | FOR
         | IN
         | DO
         | NEXT
         | BREAK
         | FUNCTION
         | GLOBAL
         | LOCAL
         | ENDFUNCTION
         | RETURN
         | TRY
         | CATCH
         | FINALLY
         | ENDTRY
         | THROW
    """
    p[0] = p[1]


def _assignment(
    begin: Token, target: nodes.Expr, equals: Token, value: nodes.Expr
) -> nodes.Assign | nodes.AssignElement | InvalidAssignment:
    """The assignment to ``target``, which the grammar only knows to be an expression."""
    path: list[nodes.Expr | str] = []
    places: list[tuple[int, int]] = []
    node = target
    while isinstance(node, (nodes.Index, nodes.Member)):
        places.append((node.line, node.column))
        if isinstance(node, nodes.Index):
            path.append(node.index)
        elif node.called:
            return InvalidAssignment(equals.line, equals.column)
        else:
            path.append(node.name)
        node = node.base
    place = (begin.line, begin.column)
    # A variable in parentheses begins after the first token, the parenthesis.
    if not isinstance(node, nodes.Name) or (node.line, node.column) != place:
        return InvalidAssignment(equals.line, equals.column)
    if path:
        steps = tuple(reversed(path))
        return nodes.AssignElement(*place, node.name, steps, value, tuple(reversed(places)))
    return nodes.Assign(*place, node.name, value)


def p_error(token: Any) -> None:
    """Demanded by PLY; errors are reported by ``datacode.language.syntax.parser``."""
