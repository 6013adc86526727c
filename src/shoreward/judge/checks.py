"""Taking in arrays and parameters: everything is either accepted whole or refused with a reason.

Place in the flow: used by the constructors of samples, tests and states. Validation happens once, here, so that the
arithmetic behind it needs no guards.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shoreward.judge.errors import JudgeInputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

LARGEST_COUNT = 2.0**53
"""Above this a float no longer counts one by one."""


def table(name: str, values: ArrayLike, axes: tuple[str, ...] = ("streams", "intervals")) -> Floats:
    """Counts as a read-only float64 array of the given axes: finite, not negative, at most 2**53."""
    array = floats(name, values)
    if array.ndim != len(axes):
        wanted = {2: "two", 3: "three"}[len(axes)]
        raise JudgeInputError(f"{name} has {array.ndim} axes; it needs {wanted}: ({', '.join(axes)})")
    if array.size and not (array.min() >= 0 and array.max() <= LARGEST_COUNT):
        raise JudgeInputError(f"{name} holds a value that is negative, above 2**53 or not a number")
    array.flags.writeable = False
    return array


def floats(name: str, values: ArrayLike) -> Floats:
    """A private float64 copy of the values; text, objects and ragged lists are refused."""
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise JudgeInputError(f"{name} is not an array of numbers: {error}") from None


def within(name: str, value: float, low: float, high: float, *, closed: bool = False) -> None:
    """Refuse a parameter outside low..high; the ends belong to the range only when it is `closed`."""
    inside = low <= value <= high if closed else low < value < high
    if not inside:
        edge = "from {} to {}" if closed else "between {} and {} (ends excluded)"
        raise JudgeInputError(f"{name} is {value}; it must lie {edge.format(low, high)}")


def dispersion(phi: float | Floats, streams: int) -> float | Floats:
    """The over-dispersion as a divisor for arrays of (ratios, streams)."""
    array = np.asarray(phi, dtype=np.float64)
    if array.ndim == 1 and array.shape != (streams,):
        raise JudgeInputError(f"phi has {array.shape[0]} values for {streams} streams")
    return array if array.ndim else float(array)


def checked_phi(phi: float | ArrayLike) -> float | Floats:
    """Over-dispersion: one finite number or one per stream, each at least 1."""
    array = floats("phi", phi)
    if array.ndim > 1 or not np.all((array >= 1) & np.isfinite(array)):
        raise JudgeInputError("phi must be one number, or one per stream, each finite and at least 1")
    array.flags.writeable = False
    return array if array.ndim else float(array)


def field(saved: Mapping[str, object], name: str) -> object:
    """A field of a saved state; a missing one is an error."""
    if name not in saved:
        raise JudgeInputError(f"the saved state lacks {name!r}")
    return saved[name]


def saved_array(saved: Mapping[str, object], name: str, shape: tuple[int, ...]) -> Floats:
    """A finite array of the given shape out of a saved state."""
    array = floats(name, cast("ArrayLike", field(saved, name))).reshape(-1)
    if array.size != int(np.prod(shape)) or not np.all(np.isfinite(array)):
        raise JudgeInputError(f"the saved state's {name!r} does not hold {shape} finite numbers")
    return array.reshape(shape)


def saved_shape(saved: Mapping[str, object], kind: str) -> tuple[int, int]:
    """Streams and intervals of a saved state of the given kind."""
    if field(saved, "kind") != kind:
        raise JudgeInputError(f"the saved state is of kind {saved['kind']!r}, not {kind!r}")
    match field(saved, "streams"), field(saved, "intervals"):
        case (int(streams), int(intervals)) if streams >= 0 and intervals >= 0:
            return streams, intervals
        case _:
            raise JudgeInputError("the saved state's streams and intervals must be whole numbers")


def saved_part(saved: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A state within a saved state."""
    part = field(saved, name)
    if not isinstance(part, Mapping):
        raise JudgeInputError(f"the saved state's {name!r} is not a state")
    return cast("Mapping[str, object]", part)
