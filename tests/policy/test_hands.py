"""An engine that crashes, hangs or is stopped is an error, and the next question is answered all the same."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shoreward.adapters.policy.hands import Hand
from shoreward.domain import Retryable, Terminal

ENGINE = """\
import os, sys, time
from shoreward.adapters.policy.engines.serve import serve

def answer(asked):
    print("noise on standard output")
    match asked["do"]:
        case "die": os._exit(3)
        case "raise": raise RuntimeError("the engine broke")
        case "hang": time.sleep(60)
        case "pid": return {"pid": os.getpid()}
    return {"heard": asked["do"]}

serve(answer)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an engine that does as it is told."""
    name = f"engine_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(ENGINE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return name


@pytest.fixture
def never() -> threading.Event:
    return threading.Event()


def test_an_engine_answers_again_and_again_in_one_process(module: str, never: threading.Event) -> None:
    hand = Hand(module)
    assert hand.ask({"do": "speak"}, never) == {"heard": "speak"}
    assert hand.ask({"do": "pid"}, never) == hand.ask({"do": "pid"}, never)
    hand.close()


@pytest.mark.parametrize(("do", "words"), [("die", "it ended"), ("raise", "the engine broke")])
def test_an_engine_that_breaks_is_an_error_with_its_last_words(
    module: str, never: threading.Event, do: str, words: str
) -> None:
    hand = Hand(module)
    with pytest.raises(Terminal) as caught:
        hand.ask({"do": do}, never)
    assert caught.value.code == "POLICY_ENGINE_FAILED"
    assert words in caught.value.what
    assert hand.ask({"do": "speak"}, never) == {"heard": "speak"}
    hand.close()


def test_an_engine_that_hangs_is_ended(module: str, never: threading.Event) -> None:
    hand = Hand(module, limit=1.0)
    with pytest.raises(Terminal, match="did not answer in time"):
        hand.ask({"do": "hang"}, never)
    hand.close()


def test_a_check_that_nobody_waits_for_ends_its_engine(module: str) -> None:
    hand, stop = Hand(module), threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Retryable) as caught:
        hand.ask({"do": "hang"}, stop)
    assert caught.value.code == "POLICY_STOPPED"
    hand.close()


def test_no_engine_outlives_whoever_asked_it(tmp_path: Path, module: str) -> None:
    asking = f"""\
import os, signal, sys, threading
from shoreward.adapters.policy.hands import Hand
hand = Hand({module!r})
print(hand.ask({{"do": "pid"}}, threading.Event())["pid"], flush=True)
if "killed" in sys.argv: os.kill(os.getpid(), signal.SIGKILL)
"""
    for how in ("", "killed"):
        done = subprocess.run([sys.executable, "-c", asking, how], capture_output=True, text=True, check=False)
        process = Path(f"/proc/{int(done.stdout)}")
        deadline = time.monotonic() + 20
        while process.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not process.exists()
        assert done.stderr == ""
