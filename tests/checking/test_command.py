"""`shoreward check`: what it looks at, what it says, and how it ends."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .shop import PATIENCE, PIPELINE, SUITES, Shop, alive, until


def found(answer: Any, check: str) -> list[Any]:
    return [one for one in answer["findings"] if one["check"] == check]


def test_a_change_that_passes_may_go_to_production(shop: Shop) -> None:
    said = shop.check()
    assert said.code == 0
    assert f"{shop.git('rev-parse', 'HEAD')[:10]} may go to production: 3 checks passed" in said.out
    assert "`shoreward release` takes a commit there." in said.out


def test_what_is_left_out_is_said_with_the_verdict(shop: Shop) -> None:
    said = shop.check().out
    assert "left out: template, policies, secrets, security, sbom, vulnerabilities." in said


def test_a_change_that_fails_says_what_is_wrong_and_what_to_do(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    said = shop.check()
    assert said.code == 1
    assert "may not go to production: prices failed" in said.out
    assert "Mend what is marked above, and check again." in said.out


def test_the_work_tree_is_checked_as_it_is_and_a_commit_as_it_was(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    assert shop.check().code == 1
    assert shop.check("HEAD").code == 0
    assert shop.check("main").code == 0


def test_a_request_that_is_wrong_is_told_and_nothing_is_checked(shop: Shop) -> None:
    said = shop.check("--only", "price")
    assert (said.code, "Did you mean prices?" in said.err) == (2, True)
    assert shop.check("nowhere").code == 2
    assert shop.check("HEAD", "--watch").code == 2
    assert shop.check("--fresh", "--verify").code == 2
    assert shop.check("--base", "nowhere").code == 2
    assert not list((shop.root / ".shoreward" / "checks").glob("*.json"))


def test_a_pipeline_that_is_wrong_is_told_with_its_place(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE + "  blok: high\n")
    said = shop.check()
    assert said.code == 2
    assert "shoreward.yaml:10:3" in said.err


def test_a_check_that_cannot_look_says_so_and_nobody_can_tell(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE + SUITES.replace("grep -q 5 prices.txt", "kill -9 $$"))
    said = shop.check()
    assert said.code == 3
    assert "Nobody can tell whether" in said.out
    assert "prices errored" in said.out
    assert "[SUITE_CRASHED]" in said.out


def test_a_suite_that_needs_a_sandbox_without_a_plan_is_refused_at_its_place(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE + "  suites:\n    - {name: all, kind: integration, run: 'true'}\n")
    said = shop.check()
    assert (said.code, "SUITE_WITHOUT_SANDBOX" in said.err, "shoreward.yaml:11:7" in said.err) == (2, True, True)


def test_checks_that_are_not_asked_for_leave_the_question_open(shop: Shop) -> None:
    said = shop.check("--only", "prices")
    assert said.code == 0
    assert "passes what was asked for: 1 check passed" in said.out
    assert "Not asked for: build," in said.out


def test_a_check_that_is_left_out_this_time_is_not_run_and_leaves_the_question_open(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    said = shop.check("--skip", "prices")
    assert said.code == 0
    assert "passes what was asked for" in said.out
    assert "Not asked for: prices." in said.out


def test_the_first_failure_ends_the_rest_unless_it_keeps_going(shop: Shop) -> None:
    shop.write("shoreward.yaml", (PIPELINE + SUITES).replace("test $MODE != wrong", "false"))
    shop.write("prices.txt", "6\n")
    said = shop.check("--jobs", "1")
    assert "--keep-going" in said.out
    assert list(shop.verdicts("--jobs", "1").values()).count("fail") == 1
    assert shop.verdicts("--keep-going") == {"build": "pass", "prices": "fail", "words": "fail"}


def test_what_an_edit_does_not_touch_is_kept_and_says_since_when(shop: Shop) -> None:
    shop.check()
    shop.write("prices.txt", "55\n")
    kept = {one["check"]: one["kept"] for one in shop.answer()["checks"] if not one["skipped"]}
    assert kept == {"build": False, "prices": False, "words": True}
    shop.write("prices.txt", "555\n")
    assert re.search(r"words kept, \d+ s ago: the command passed", shop.check().out)


def test_json_holds_verdicts_findings_and_what_to_do(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    said = shop.check("--json")
    answer = json.loads(said.out)
    (finding,) = found(answer, "prices")
    assert (said.code, answer["verdict"], answer["whole"], answer["unchanged"]) == (1, "fail", True, False)
    assert (finding["check"], finding["blocks"], finding["waived"]) == ("prices", True, None)
    assert {one["check"]: one["verdict"] for one in answer["checks"]}["prices"] == "fail"
    assert "may not go to production" in answer["what"]


def test_errors_are_json_too(shop: Shop) -> None:
    said = shop.check("--json", "--only", "price")
    assert (said.code, json.loads(said.out)["errors"][0]["code"]) == (2, "CHECK_UNKNOWN")


def test_a_waiver_lets_a_finding_stay_and_is_shown_with_it(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    rule = found(shop.answer(), "prices")[0]["rule"]
    shop.declare(
        f"  waivers:\n    - {{rule: {rule}, reason: Prices are wrong today., owner: kim, expires: 2999-01-31}}\n"
    )
    said = shop.check()
    assert said.code == 0
    assert "waived until 2999-01-31 by kim: Prices are wrong today." in said.out


def test_a_waiver_that_has_expired_is_a_finding_at_its_place(shop: Shop) -> None:
    shop.declare("  waivers:\n    - {rule: x, reason: We knew., owner: kim, expires: 2020-01-31}\n")
    (finding,) = found(shop.answer(), "waivers")
    assert (finding["rule"], finding["file"], finding["line"]) == ("WAIVER_EXPIRED", "shoreward.yaml", 14)


def test_findings_are_written_for_other_programs(shop: Shop, tmp_path: Path) -> None:
    shop.write("prices.txt", "6\n")
    files = {kind: tmp_path / f"answer.{kind}" for kind in ("sarif", "junit", "markdown")}
    shop.check(*(word for kind, path in files.items() for word in (f"--{kind}", str(path))))
    runs = json.loads(files["sarif"].read_text())["runs"]
    assert [one["ruleId"] for run in runs for one in run["results"] if one["level"] == "error"] == ["command-failed"]
    assert ElementTree.parse(files["junit"]).getroot().get("failures") == "1"
    assert "may not go to production" in files["markdown"].read_text()


def test_the_graph_is_shown_with_what_each_check_reads(shop: Shop) -> None:
    said = shop.check("--list")
    assert said.code == 0
    assert "reads: prices.txt" in said.out
    assert "$MODE" in said.out
    shown = {one["check"]: one for one in json.loads(shop.check("--list", "--json").out)}
    assert shown["words"]["environment"] == ["MODE"]
    assert "teller" in shown["words"]["tools"]
    assert shown["secrets"]["skipped"] == "skipped, as shoreward.yaml says"


def test_a_verdict_that_was_kept_and_is_wrong_is_found_by_running_it_again(shop: Shop, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("5\n")
    liar = f"    - {{name: liar, kind: unit, run: grep -q 5 {secret}, inputs: [prices.txt]}}\n"
    shop.write("shoreward.yaml", PIPELINE + SUITES + liar)
    assert shop.check().code == 0
    secret.write_text("6\n")
    assert shop.check("HEAD").code == 0, "nobody can see that"
    answer = shop.answer("--verify")
    wrong = [one for one in answer["findings"] if one["rule"] == "KEPT_VERDICT_WRONG"]
    assert [(one["subject"], one["file"]) for one in wrong] == [("liar", "shoreward.yaml")]
    assert shop.check().code == 1


def test_a_team_shares_what_one_of_them_has_found(shop: Shop, tmp_path: Path) -> None:
    shop.declare(f"  cache: {tmp_path / 'team'}\n")
    shop.commit()
    assert shop.check().code == 0
    shop.git("clone", "-q", str(shop.root), str(tmp_path / "noor"))
    noor = Shop(tmp_path / "noor")
    kept = {one["check"]: one["kept"] for one in noor.answer()["checks"] if not one["skipped"]}
    # What was built lies on the other machine.
    assert kept == {"build": False, "prices": True, "words": True}


def test_a_change_is_checked_before_the_first_commit_too(tmp_path: Path, shop: Shop) -> None:
    fresh = Shop(tmp_path / "fresh")
    for path in ("shoreward.yaml", "template.yaml", "prices.txt"):
        fresh.write(path, (shop.root / path).read_text())
    fresh.git("init", "-q")
    assert fresh.check("--only", "prices").code == 0
    said = fresh.check("HEAD")
    assert (said.code, "GIT_EMPTY" in said.err) == (2, True)


def test_what_is_staged_is_checked_without_the_rest(shop: Shop) -> None:
    shop.write("prices.txt", "6\n")
    assert shop.check("--staged", "--only", "prices").code == 0
    assert shop.check("--only", "prices").code == 1
    shop.git("add", "prices.txt")
    assert shop.check("--staged", "--only", "prices").code == 1
    assert shop.check("--staged", "HEAD").code == shop.check("--staged", "--watch").code == 2


# Going on while somebody edits


def test_watching_checks_again_what_an_edit_touches(shop: Shop) -> None:
    with shop.process("--watch", "--json", "--only", "prices") as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        shop.write("prices.txt", "6\n")
        second = json.loads(process.stdout.readline())
        shop.write("prices.txt", "5\n")
        third = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert [one["verdict"] for one in (first, second, third)] == ["pass", "fail", "pass"]
    assert [one["checks"][0]["kept"] for one in (first, second, third)] == [False, False, True]


# Being interrupted


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interruption_ends_everything_that_was_begun(shop: Shop, tmp_path: Path, sign: signal.Signals) -> None:
    begun = tmp_path / "begun"
    command = f"echo $$ > {begun}; sleep 1000 & wait"
    shop.write("shoreward.yaml", f"{PIPELINE}  suites:\n    - {{name: slow, kind: unit, run: '{command}'}}\n")
    with shop.process() as process:
        until(lambda: begun.exists() and begun.read_text().strip())
        shell = int(begun.read_text())
        process.send_signal(sign)
        _, said = process.communicate()
        assert process.returncode == 130
    until(lambda: not alive(shell))
    assert "Interrupted" in said
    assert "Traceback" not in said


def test_a_suite_that_the_change_takes_away_is_told_until_somebody_answers_for_it(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE + SUITES.partition("    - {name: words")[0])
    assert shop.verdicts()["words"] == "fail"
    [told] = found(shop.answer(), "words")
    assert (told["rule"], told["subject"], told["file"]) == ("suite-gone", "words", "shoreward.yaml")
    waiver = "{rule: suite-gone, subject: words, reason: nobody reads them, owner: kim, expires: 2099-01-01}"
    shop.write("shoreward.yaml", f"{PIPELINE}{SUITES.partition('    - {name: words')[0]}  waivers: [{waiver}]\n")
    assert shop.verdicts()["words"] == "pass"


def test_a_probe_of_a_function_that_there_is_not_is_a_mistake_of_the_build(shop: Shop) -> None:
    shop.write("shoreward.yaml", PIPELINE.replace("checks:", "probes:\n  - function: Helo\nchecks:") + SUITES)
    [told] = found(shop.answer(), "build")
    assert (told["rule"], told["file"], told["line"]) == ("PROBE_UNKNOWN", "shoreward.yaml", 8)
    shop.write("shoreward.yaml", PIPELINE.replace("checks:", "probes:\n  - function: Hello\nchecks:") + SUITES)
    assert shop.verdicts()["build"] == "pass"
