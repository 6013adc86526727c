"""Metric math: a small language of numbers, time series and functions, enough for alarms and dashboards.

A value is a number or a time series (``dict`` from timestamp to value). Reference:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence

TimeSeries = dict[int, float]
Value = float | TimeSeries | list[TimeSeries]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/^()<>,\[\]]))"
)
_COMPARE: dict[str, Callable[[float, float], float]] = {
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    ">": lambda a, b: float(a > b),
    "<=": lambda a, b: float(a <= b),
    ">=": lambda a, b: float(a >= b),
}
_LOGIC: dict[str, Callable[[float, float], float]] = {
    "AND": lambda a, b: float(bool(a) and bool(b)),
    "&&": lambda a, b: float(bool(a) and bool(b)),
    "OR": lambda a, b: float(bool(a) or bool(b)),
    "||": lambda a, b: float(bool(a) or bool(b)),
}


class ExpressionError(ValueError):
    """An expression that cannot be read or computed; the message is CloudWatch-like."""


def _divide(a: float, b: float) -> float:
    return a / b if b else math.nan


_LEVELS: tuple[dict[str, Callable[[float, float], float]], ...] = (
    {"OR": _LOGIC["OR"], "||": _LOGIC["||"]},
    {"AND": _LOGIC["AND"], "&&": _LOGIC["&&"]},
    _COMPARE,
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _divide},
)


def evaluate(expression: str, series: Mapping[str, TimeSeries], *, period: int, times: Sequence[int]) -> Value:
    """The value of an expression; ``series`` are the results it may name, ``times`` all timestamps in range."""
    return _Parser(expression, series, period, times).whole()


class _Parser:
    def __init__(self, text: str, series: Mapping[str, TimeSeries], period: int, times: Sequence[int]) -> None:
        self._tokens = _tokens(text)
        self._text = text
        self._series = series
        self._period = period
        self._times = times
        self._at = 0

    def whole(self) -> Value:
        value = self._binary(0)
        if self._peek():
            raise ExpressionError(f"unexpected '{self._peek()}' in expression: {self._text}")
        return value

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> str:
        token = self._peek()
        if not token or (expected and token != expected):
            raise ExpressionError(f"expected '{expected or 'a value'}' in expression: {self._text}")
        self._at += 1
        return token

    def _binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._power()
        left = self._binary(level + 1)
        while (token := self._peek().upper()) in _LEVELS[level]:
            self._take()
            left = combine(_LEVELS[level][token], left, self._binary(level + 1))
        return left

    def _power(self) -> Value:
        if self._peek() == "-":
            self._take()
            return combine(operator.mul, -1.0, self._power())
        base = self._atom()
        if self._peek() == "^":
            self._take()
            return combine(math.pow, base, self._power())
        return base

    def _atom(self) -> Value:
        token = self._take()
        if token == "(":
            inner = self._binary(0)
            self._take(")")
            return inner
        if token == "[":
            return self._array()
        if token[0].isdigit() or token[0] == ".":
            return float(token)
        if self._peek() == "(":
            return self._call(token.upper())
        if token in self._series:
            return self._series[token]
        raise ExpressionError(f"unknown id '{token}' in expression: {self._text}")

    def _array(self) -> list[TimeSeries]:
        found: list[TimeSeries] = []
        while self._peek() != "]":
            found += _as_list(self._binary(0))
            if self._peek() == ",":
                self._take()
        self._take("]")
        return found

    def _call(self, name: str) -> Value:
        self._take("(")
        if name == "FILL":
            return self._fill()
        if name == "METRICS":
            prefix = self._take()[1:-1] if self._peek()[:1] in "\"'" and self._peek() else ""
            self._take(")")
            return [values for key, values in self._series.items() if prefix in key]
        arguments: list[Value] = []
        while self._peek() != ")":
            arguments.append(self._binary(0))
            if self._peek() == ",":
                self._take()
        self._take(")")
        return self._apply(name, arguments)

    def _fill(self) -> Value:
        target = self._binary(0)
        self._take(",")
        if self._peek().upper() in ("REPEAT", "LINEAR"):
            self._take()
            filler = math.nan
        else:
            chosen = self._binary(0)
            if not isinstance(chosen, float):
                raise ExpressionError("FILL takes a number, REPEAT or LINEAR")
            filler = chosen
        self._take(")")
        filled = [fill(one, self._times, filler) for one in _as_list(target)]
        return filled[0] if not isinstance(target, list) else filled

    def _apply(self, name: str, arguments: list[Value]) -> Value:
        match name, arguments:
            case "PERIOD", [_]:
                return float(self._period)
            case "IF", [condition, yes]:
                return _choose(condition, yes, None)
            case "IF", [condition, yes, no]:
                return _choose(condition, yes, no)
            case (("ABS" | "CEIL" | "FLOOR" | "LOG" | "LOG10"), [value]):
                return _mapped(_ONE[name], value)
            case "RATE" | "DIFF", [dict() as series]:
                return _steps(series, per_second=name == "RATE")
            case "RUNNING_SUM", [dict() as series]:
                total = 0.0
                return {at: (total := total + series[at]) for at in sorted(series)}
            case "DATAPOINT_COUNT", [dict() as series]:
                return float(len(series))
            case (("SUM" | "AVG" | "MIN" | "MAX"), [value]):
                return _aggregate(name, value)
            case (("MIN" | "MAX"), [first, second]):
                return combine(min if name == "MIN" else max, first, second)
            case _:
                raise ExpressionError(f"the embedded cloud does not know {name} with {len(arguments)} arguments")


_ONE: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": lambda value: float(math.ceil(value)),
    "FLOOR": lambda value: float(math.floor(value)),
    "LOG": lambda value: math.log(value) if value > 0 else math.nan,
    "LOG10": lambda value: math.log10(value) if value > 0 else math.nan,
}


def combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Apply a function to two values; series combine where both have a datapoint."""
    if isinstance(left, list) or isinstance(right, list):
        many = left if isinstance(left, list) else right
        assert isinstance(many, list)
        results = [combine(function, one, right) if many is left else combine(function, left, one) for one in many]
        return [one for one in results if isinstance(one, dict)]
    if isinstance(left, dict):
        if isinstance(right, dict):
            both = {at: function(value, right[at]) for at, value in left.items() if at in right}
        else:
            both = {at: function(value, right) for at, value in left.items()}
        return {at: value for at, value in both.items() if not math.isnan(value)}
    if isinstance(right, dict):
        return {at: result for at, value in right.items() if not math.isnan(result := function(left, value))}
    return function(left, right)


def fill(series: TimeSeries, times: Sequence[int], filler: float) -> TimeSeries:
    """The series with a datapoint at every time; ``filler`` NaN repeats the one before."""
    filled: TimeSeries = {}
    last = math.nan
    for at in sorted({*times, *series}):
        last = series.get(at, last if math.isnan(filler) else filler)
        if not math.isnan(last):
            filled[at] = last
    return filled


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(f"cannot read '{text[at:]}' in expression: {text}")
        tokens.append(match.group().strip())
        at = match.end()
    if not tokens:
        raise ExpressionError("empty expression")
    return tokens


def _as_list(value: Value) -> list[TimeSeries]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []


def _mapped(function: Callable[[float], float], value: Value) -> Value:
    if isinstance(value, list):
        return [{at: function(one) for at, one in series.items()} for series in value]
    if isinstance(value, dict):
        return {at: function(one) for at, one in value.items()}
    return function(value)


def _choose(condition: Value, yes: Value, no: Value | None) -> Value:
    if isinstance(condition, int | float):
        chosen = yes if condition else no
        return {} if chosen is None else chosen
    if isinstance(condition, list):
        raise ExpressionError("IF takes one condition")
    result: TimeSeries = {}
    for at, truth in condition.items():
        chosen = yes if truth else no
        found = chosen.get(at) if isinstance(chosen, dict) else chosen
        if isinstance(found, float):
            result[at] = found
    return result


def _aggregate(name: str, value: Value) -> Value:
    """Over an array: one series, time by time. Over one series: one number."""
    functions: dict[str, Callable[[list[float]], float]] = {
        "SUM": sum,
        "AVG": lambda values: sum(values) / len(values),
        "MIN": min,
        "MAX": max,
    }
    function = functions[name]
    if isinstance(value, list):
        times = sorted({at for series in value for at in series})
        return {at: function([series[at] for series in value if at in series]) for at in times}
    if isinstance(value, dict):
        return function(list(value.values())) if value else {}
    return value


def _steps(series: TimeSeries, *, per_second: bool) -> TimeSeries:
    times = sorted(series)
    return {
        later: (series[later] - series[earlier]) / ((later - earlier) if per_second else 1)
        for earlier, later in itertools.pairwise(times)
    }
