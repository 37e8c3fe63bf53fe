"""Templates, read: the parser's nodes become functions, and every node that is not named here is refused.

Owns the white list. A function takes the rendering (`run.Run`), looks names up in JSON only, and pays for
what it does before it does it, or at once after. Step before: Jinja's parser. Step after:
`template.Template`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import nodes

from hub.rules.templating import filters
from hub.rules.templating.constants import TemplateWrong, constant_of, index_of, value_of, wrong
from hub.rules.templating.run import CHARACTERS_A_STEP, Run
from hub.rules.templating.values import Raw, compared, element, is_true

NESTING_MAX = 40
LOOPS_MAX = 2
"""Loops in each other."""

Expression = Callable[[Run], Any]
Statement = Callable[[Run], None]


class Reader:
    """Makes functions of the parser's nodes; refuses every node that is not named here."""

    def __init__(self) -> None:
        self._depth = 0
        self._loops: list[str] = []

    def body(self, found: Iterable[nodes.Node]) -> Statement:
        statements = [self._statement(node) for node in found]

        def run_all(run: Run) -> None:
            for statement in statements:
                statement(run)

        return run_all

    def _statement(self, node: nodes.Node) -> Statement:
        match node:
            case nodes.Output():
                return self._output(node)
            case nodes.If():
                return self._if(node)
            case nodes.For():
                return self._for(node)
            case _:
                raise _not_here(node)

    def _output(self, node: nodes.Output) -> Statement:
        parts = [
            _plain(part.data) if isinstance(part, nodes.TemplateData) else self._shown(part)
            for part in node.nodes
        ]

        def write(run: Run) -> None:
            for part in parts:
                part(run)

        return write

    def _shown(self, node: nodes.Expr) -> Statement:
        value = self._expression(node)

        def write(run: Run) -> None:
            found = value(run)
            if isinstance(found, Raw):
                run.spend(1 + len(found.text) // CHARACTERS_A_STEP)
                run.write(run.escape.plain(found.text))
            else:
                run.write(run.escape.value(found, run.text))

        return write

    def _if(self, node: nodes.If) -> Statement:
        branches = [(self._expression(node.test), self._nested_body(node.body))]
        branches += [(self._expression(one.test), self._nested_body(one.body)) for one in node.elif_]
        otherwise = self._nested_body(node.else_)

        def choose(run: Run) -> None:
            run.spend()
            for test, body in branches:
                if is_true(test(run)):
                    body(run)
                    return
            otherwise(run)

        return choose

    def _for(self, node: nodes.For) -> Statement:
        if not isinstance(node.target, nodes.Name):
            raise wrong(node, "a loop has one name: {% for task in tasks %}")
        if node.recursive or node.test is not None or node.else_:
            raise wrong(node, "a loop has no `if`, no `else` and is not recursive")
        if len(self._loops) >= LOOPS_MAX:
            raise wrong(node, f"loops may stand {LOOPS_MAX} deep")
        name, items = node.target.name, self._expression(node.iter)
        self._loops.append(name)
        body = self._nested_body(node.body)
        self._loops.pop()

        def loop(run: Run) -> None:
            found = items(run)
            rounds = found if isinstance(found, list) else []
            outer = dict(run.locals)
            for number, item in enumerate(rounds, 1):
                # Paid before the body: an empty one must not be free.
                run.spend()
                run.locals[name] = item
                run.locals["loop"] = {
                    "index": number,
                    "first": number == 1,
                    "last": number == len(rounds),
                    "length": len(rounds),
                }
                body(run)
            run.locals = outer

        return loop

    def _nested_body(self, found: Iterable[nodes.Node]) -> Statement:
        self._enter()
        body = self.body(found)
        self._depth -= 1
        return body

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise TemplateWrong(f"is nested too deeply: {NESTING_MAX} levels are the most")

    def _expression(self, node: nodes.Node) -> Expression:
        self._enter()
        made = self._made(node)
        self._depth -= 1
        return made

    def _made(self, node: nodes.Node) -> Expression:
        match node:
            case nodes.Const() | nodes.Neg(node=nodes.Const(value=int() | float())):
                return _constant(value_of(node))
            case nodes.Name():
                return _named(node.name)
            case nodes.Getattr():
                return self._element(node.node, node.attr)
            case nodes.Getitem():
                return self._element(node.node, index_of(node))
            case nodes.Concat():
                return self._joined(node)
            case nodes.Compare():
                return self._comparison(node)
            case nodes.And() | nodes.Or():
                return self._both(node)
            case nodes.Not():
                inner = self._expression(node.node)
                return lambda run: not is_true(inner(run))
            case nodes.CondExpr():
                return self._conditional(node)
            case nodes.Filter():
                return self._filtered(node)
            case _:
                raise _not_here(node)

    def _element(self, node: nodes.Node, key: str | int) -> Expression:
        of = self._expression(node)

        def look_up(run: Run) -> Any:
            run.spend()
            return element(of(run), key)

        return look_up

    def _joined(self, node: nodes.Concat) -> Expression:
        parts = [self._expression(part) for part in node.nodes]

        def join(run: Run) -> str:
            return run.text("".join(run.text(part(run)) for part in parts))

        return join

    def _comparison(self, node: nodes.Compare) -> Expression:
        if len(node.ops) != 1:
            raise wrong(node, "compare two values at a time, joined by `and`")
        left, right = self._expression(node.expr), self._expression(node.ops[0].expr)
        operator = node.ops[0].op

        def compare(run: Run) -> bool:
            is_so, looked_at = compared(operator, left(run), right(run))
            run.spend(1 + looked_at // CHARACTERS_A_STEP)
            return is_so

        return compare

    def _both(self, node: nodes.And | nodes.Or) -> Expression:
        left, right = self._expression(node.left), self._expression(node.right)
        is_and = isinstance(node, nodes.And)

        def both(run: Run) -> Any:
            run.spend()
            found = left(run)
            return right(run) if is_true(found) == is_and else found

        return both

    def _conditional(self, node: nodes.CondExpr) -> Expression:
        test, then = self._expression(node.test), self._expression(node.expr1)
        otherwise = _constant(None) if node.expr2 is None else self._expression(node.expr2)

        def choose(run: Run) -> Any:
            run.spend()
            return then(run) if is_true(test(run)) else otherwise(run)

        return choose

    def _filtered(self, node: nodes.Filter) -> Expression:
        if node.node is None or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise wrong(node, f"the filter {node.name} is written: value | {node.name}(…)")
        value = self._expression(node.node)
        arguments = [constant_of(argument, node.name) for argument in node.args]
        try:
            apply = filters.prepared(node.name, arguments)
        except ValueError as error:
            raise wrong(node, str(error)) from None

        def filtered(run: Run) -> Any:
            found = value(run)
            taken = found.text if isinstance(found, Raw) else found
            made = apply(taken, run.text)
            if isinstance(made, str):
                return run.text(made)
            run.spend()
            return made

        return filtered


def _plain(text: str) -> Statement:
    return lambda run: run.write(run.escape.plain(text))


def _constant(value: Any) -> Expression:
    return lambda run: value


def _named(name: str) -> Expression:
    def look_up(run: Run) -> Any:
        run.spend()
        for known in (run.locals, run.fields, run.names):
            if name in known:
                return known[name]
        return None

    return look_up


_WORDS = {
    nodes.Call: "calling something with ( )",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% import %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.With: "{% with %}",
    nodes.Scope: "{% autoescape %}",
    nodes.Test: "a test with `is`",
    nodes.Slice: "a slice",
    nodes.List: "a list",
    nodes.Tuple: "a list",
    nodes.Dict: "an object",
}


def _not_here(node: nodes.Node) -> TemplateWrong:
    is_arithmetic = isinstance(node, nodes.BinExpr | nodes.UnaryExpr)
    shown = "arithmetic" if is_arithmetic else _WORDS.get(type(node), type(node).__name__.lower())
    return wrong(node, f"{shown} is not part of templates here")
