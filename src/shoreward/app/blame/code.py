"""What a change of Python code is worth: comments and annotations harm nobody, log lines rarely."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass

_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"})
_SLOW = frozenset({"sleep", "wait", "get", "post", "request", "urlopen", "scan", "query", "invoke", "execute"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """How much of a change may matter.

    Attributes:
        weight: 0 to about 1.3.
        only: what it is only, in words, such as `comments`; "" when it is more.
    """

    weight: float
    only: str = ""


MATTERS = Weighed(weight=1.0)


def weigh(path: str, old: bytes | None, new: bytes | None, *, slow: bool) -> Weighed:
    """What a change of a file is worth.

    Args:
        old, new: its content before and after; None where there was none.
        slow: whether something became slower, and not wrong.
    """
    if not path.endswith(".py") or new is None:
        return MATTERS
    try:
        before, after = ast.parse((old or b"").decode()), ast.parse(new.decode())
    except (SyntaxError, ValueError):
        return MATTERS
    for only, factor, strip in (
        ("comments and layout", 0.01, _docless),
        ("annotations", 0.03, _bare),
        ("log lines", 0.2, _silent),
    ):
        before, after = strip(before), strip(after)
        if ast.dump(before) == ast.dump(after):
            return Weighed(weight=factor, only=only)
    if _unused(before, after):
        return Weighed(weight=0.3, only="definitions that it does not use itself")
    return Weighed(weight=_kept(before, after, slow=slow) + _risk(before, after, slow=slow))


def _kept(before: ast.Module, after: ast.Module, *, slow: bool) -> float:
    """Less where nothing went that others relied on, and still less where only texts came; numbers may be anything.

    Nothing becomes slower by what goes, and hardly by what is neither a loop, nor a call, nor a number.
    """
    came, went = _leaves(after) - _leaves(before), _leaves(before) - _leaves(after)
    if slow:
        heavy = _costly(after) - _costly(before)
        return 1.0 if heavy else 0.6 if came else 0.4
    if went:
        return 1.0
    return 0.85 if any(not each.startswith("Constant(value='") for each in came) else 0.6


def _costly(tree: ast.Module) -> Counter[str]:
    """Loops, calls and numbers."""
    kinds = ast.Call | ast.For | ast.While | ast.comprehension
    numbers = (
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    )
    return Counter(ast.dump(node) for node in (*numbers, *(each for each in ast.walk(tree) if isinstance(each, kinds))))


def _leaves(tree: ast.Module) -> Counter[str]:
    return Counter(
        ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute | ast.Constant)
    )


class _Docless(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Texts that stand alone are for people."""
        return None if isinstance(node.value, ast.Constant) else node


class _Bare(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Without its annotation."""
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Without what it returns."""
        node.returns = None
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Without what only annotations need."""
        return None if node.module in ("typing", "collections.abc", "__future__") else node


class _Silent(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Without calls of a logger."""
        call = node.value
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in _LOGS:
                return None
        return node


def _docless(tree: ast.Module) -> ast.Module:
    return _visited(_Docless(), tree)


def _bare(tree: ast.Module) -> ast.Module:
    return _visited(_Bare(), tree)


def _silent(tree: ast.Module) -> ast.Module:
    return _visited(_Silent(), tree)


def _visited(transformer: ast.NodeTransformer, tree: ast.Module) -> ast.Module:
    made = transformer.visit(tree)
    assert isinstance(made, ast.Module)
    return made


def _unused(before: ast.Module, after: ast.Module) -> bool:
    """Whether there are only new definitions at the top, which nothing in the file uses."""
    old = Counter(ast.dump(node) for node in before.body)
    new = [node for node in after.body if not old[ast.dump(node)]]
    kept = Counter(ast.dump(node) for node in after.body)
    if any(not kept[each] for each in old) or not new:
        return False
    names: set[str] = set()
    for node in new:
        match node:
            case ast.FunctionDef(name=name, decorator_list=[]) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant()):
                names.add(name)
            case _:
                return False
    others = [node for node in after.body if old[ast.dump(node)]]
    used = {each.id for node in others for each in ast.walk(node) if isinstance(each, ast.Name)}
    return not names & used


def _risk(before: ast.Module, after: ast.Module, *, slow: bool) -> float:
    """More where code can fail, or take time, that could not before: a loop or a wait more than anything else."""
    old, new = _features(before, slow=slow), _features(after, slow=slow)
    came, went = new - old, old - new
    guarded = 0.1 * min(went["try"], 1)
    return min(0.3, (0.2 if slow else 0.08) * sum(came.values()) + guarded)


def _features(tree: ast.Module, *, slow: bool) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Try():
                found["try"] += not slow
            case ast.Raise() | ast.Assert() if not slow:
                found["raise"] += 1
            case ast.Subscript(slice=ast.Constant(value=str())) if not slow:
                found[f"[{ast.dump(node)}]"] += 1
            case ast.For() | ast.While() | ast.comprehension() if slow:
                found["loop"] += 1
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)) if slow and name in _SLOW:
                found[name] += 1
            case _:
                pass
    return found
