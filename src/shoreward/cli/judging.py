"""`shoreward judge`: what the judge would have said of recorded samples, and when."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.table import Table

from shoreward.app.recorded.judged import Judged, Manner, overall
from shoreward.app.recorded.judging import judge_samples
from shoreward.app.recorded.rows import read_rows
from shoreward.app.recorded.streams import Samples, arranged
from shoreward.cli.output import console, print_json
from shoreward.domain import JudgePolicy, UserError, Verdict
from shoreward.judge import Direction

EXIT = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.NOT_ENOUGH_EVIDENCE: 3,
    Verdict.NO_DATA: 3,
    Verdict.ERROR: 3,
}
_LARGEST = math.log(sys.float_info.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks of `shoreward judge`; None is a pipeline's default."""

    file: Path
    history: Path | None = None
    alpha: float | None = None
    beta: float | None = None
    dispersion: float | None = None
    horizon: int = 60
    harm: Literal["higher", "lower", "both"] = "both"
    calibrate: bool = False
    timeline: bool = False
    picture: Path | None = None
    json: bool = False


def judge_file(asked: Asked) -> int:
    """Judge a file, show what came of it; returns the exit code.

    Raises:
        UserError: the file cannot be read, or a line of it is wrong.
    """
    given = {"alpha": asked.alpha, "beta": asked.beta, "dispersion": asked.dispersion}
    manner = Manner(
        policy=replace(JudgePolicy(), **{name: value for name, value in given.items() if value is not None}),
        horizon=asked.horizon,
        direction=Direction(asked.harm),
        history=None if asked.history is None else read_samples(asked.history),
    )
    samples = read_samples(asked.file)
    if asked.calibrate:
        from shoreward.cli.calibrating import show_calibration

        show_calibration(samples, manner, json=asked.json, picture=asked.picture)
        return 0
    streams = judge_samples(samples, manner)
    if asked.picture is not None and streams:
        from shoreward.cli.pictures.judgements import write_picture

        write_picture(streams, asked.picture)
    verdict, at = overall(streams)
    if asked.json:
        print_json(_document(streams, verdict, at, timeline=asked.timeline))
    else:
        _show(streams, verdict, at, asked)
    return EXIT[verdict]


def read_samples(file: Path) -> Samples:
    """The samples of a file; `-` is the standard input.

    Raises:
        UserError: FILE_REFUSED when it cannot be read; SAMPLES_... when a line is wrong.
    """
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UserError(
            "FILE_REFUSED", f"{file}: {error.strerror}.", next="Look at its path and permissions."
        ) from None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(
            "SAMPLES_INVALID", "The file is not UTF-8.", where=f"{file}:{line}", next="Save it as CSV in UTF-8."
        ) from None
    return arranged(read_rows(text, str(file)))


def _show(streams: tuple[Judged, ...], verdict: Verdict, at: datetime | None, asked: Asked) -> None:
    from shoreward.cli.pictures.terminal import drawn

    if not streams:
        console.print(f"{asked.file}: no samples, so there is nothing to judge.", markup=False)
        return
    for stream in sorted(streams, key=lambda each: -each.verdict.severity)[:6]:
        console.print(f"[bold]{stream.metric}[/] of [bold]{stream.target}[/]: {_words(stream)}")
        console.print(drawn(stream, min(console.width, 110)))
        if asked.timeline:
            console.print(_every_interval(stream))
    if len(streams) > 1:
        console.print(_all_streams(streams))
    console.print(f"\n[bold]{_spoken(verdict)}[/]" + (f" at {_iso(at)}" if at else ""))
    unknown = [stream for stream in streams if not stream.known]
    if unknown:
        console.print(_doubt(unknown), style="dim", markup=False)


def _spoken(verdict: Verdict) -> str:
    match verdict:
        case Verdict.FAIL:
            return "fail: it would have been rolled back"
        case Verdict.PASS:
            return "pass: it would have been promoted"
        case _:
            return f"{verdict.value.replace('_', ' ')}: it would have gone on baking"


def _words(stream: Judged) -> str:
    bounds = stream.confidence
    lower, seen, upper = (float(each[-1]) for each in (bounds.lower, bounds.observed, bounds.upper))
    what = "difference" if stream.kind == "gauge" else "ratio"
    when = f" at {_iso(stream.at)}" if stream.at else ""
    observed = "not known" if math.isnan(seen) else f"{seen:.3g}, within {lower:.3g} and {upper:.3g}"
    return f"{stream.verdict.value.replace('_', ' ')}{when}; {what} {observed}"


def _doubt(unknown: list[Judged]) -> str:
    gauges = [stream for stream in unknown if stream.kind == "gauge"]
    others = [stream for stream in unknown if stream.kind != "gauge"]
    said: list[str] = []
    if others:
        said.append(f"No history tells how clustered bad events are: reckoned with a dispersion of {others[0].phi:g}.")
    if gauges:
        said.append("Without history nobody knows how noisy a gauge is, so gauges gave no evidence.")
    return " ".join(said) + " Give --history FILE, with samples of a time without a change."


def _all_streams(streams: tuple[Judged, ...]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("target", "metric", "verdict", "at", "observed", "95 %", "evidence of harm", "of safety"):
        table.add_column(heading)
    for stream in streams:
        bounds = stream.confidence
        table.add_row(
            stream.target,
            stream.metric,
            stream.verdict.value.replace("_", " "),
            _iso(stream.at) if stream.at else "",
            f"{bounds.observed[-1]:.3g}",
            f"{bounds.lower[-1]:.3g} - {bounds.upper[-1]:.3g}",
            _share(stream.rollback[-1], stream.bar_rollback),
            _share(stream.promotion[-1], stream.bar_promotion),
        )
    return table


def _every_interval(stream: Judged) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("interval", "verdict", "observed", "95 %", "evidence of harm", "of safety"):
        table.add_column(heading)
    bounds = stream.confidence
    for index, time in enumerate(stream.times):
        table.add_row(
            _iso(time),
            stream.verdicts[index].value.replace("_", " "),
            f"{bounds.observed[index]:.3g}",
            f"{bounds.lower[index]:.3g} - {bounds.upper[index]:.3g}",
            _share(stream.rollback[index], stream.bar_rollback),
            _share(stream.promotion[index], stream.bar_promotion),
        )
    return table


def _share(log_e: float, bar: float) -> str:
    """How much of the evidence that decides there is."""
    return f"{max(0.0, log_e / bar):.0%}"


def _document(streams: tuple[Judged, ...], verdict: Verdict, at: datetime | None, *, timeline: bool) -> dict[str, Any]:
    return {
        "verdict": verdict.value,
        "at": _iso(at) if at else None,
        "metrics": [_entry(stream, timeline=timeline) for stream in streams],
    }


def _entry(stream: Judged, *, timeline: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "target": stream.target,
        "metric": stream.metric,
        "kind": stream.kind,
        "verdict": stream.verdict.value,
        "at": _iso(stream.at) if stream.at else None,
        **_evidence(stream, -1),
        "threshold_rollback": _e_value(stream.bar_rollback),
        "threshold_promote": _e_value(stream.bar_promotion),
        "dispersion": _finite(stream.phi),
        "dispersion_known": stream.known,
    }
    if timeline:
        entry["timeline"] = [
            {"at": _iso(time), "verdict": stream.verdicts[index].value, **_evidence(stream, index)}
            for index, time in enumerate(stream.times)
        ]
    return entry


def _evidence(stream: Judged, index: int) -> dict[str, Any]:
    bounds = stream.confidence
    return {
        "e_rollback": _e_value(stream.rollback[index]),
        "e_promote": _e_value(stream.promotion[index]),
        "ratio": _finite(bounds.observed[index]),
        "interval": [_finite(bounds.lower[index]), _finite(bounds.upper[index])],
    }


def _e_value(log_e: float) -> float:
    """Not in logs; what no float holds is the largest float."""
    return math.exp(min(float(log_e), _LARGEST))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
