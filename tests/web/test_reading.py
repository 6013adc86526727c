"""What the API tells of pipelines and releases."""

from __future__ import annotations

import csv

from shoreward.core.events import TargetJudged
from shoreward.domain import Finding, Place, Severity, Verdict
from shoreward.testing.builders import a_pipeline, some_checks

from .conftest import Build, Site


def test_a_pipeline_says_what_is_live_on_each_of_its_targets(past: Site):
    shore = past.get("/api/v1/pipelines/app").json()
    live = [target["live"]["commit"] for wave in shore["waves"] for target in wave["targets"]]
    assert live == ["good", "good", "good"]
    assert [wave["reached"] for wave in shore["waves"]] == [1 / 3, 1.0]
    assert shore["under_way"] == []
    assert [each["outcome"] for each in shore["past"]] == ["rolled_back", "succeeded", "succeeded"]


def test_a_release_under_way_says_how_many_customers_it_has_and_what_it_waits_for(build: Build):
    def baking(site: Site) -> None:
        site.carried("first")
        site.carried("good", until=30)

    site = build(baking)
    (release,) = site.get("/api/v1/pipelines/app").json()["under_way"]
    assert release["mood"] == "baking"
    assert release["exposure"] == 0.1 / 3
    assert release["standing"] == "baking in wave 1 of 2, wave 1"
    on = {each["place"]: each for each in release["targets"]}
    assert on["eu-north-1"]["bake"]["least"] > on["eu-north-1"]["bake"]["since"]
    assert site.get(f"/api/v1/releases/{release['headline']['id']}/blockers").json() == release["blockers"]
    assert "bakes at 10 %" in release["blockers"][0]["what"]


def test_a_release_is_told_with_its_weights_and_why_it_went_back(past: Site):
    told = past.get("/api/v1/releases/app-3").json()
    assert told["headline"]["cause"] == "judged"
    (weights,) = told["weights"]
    assert [step["percent"] for step in weights["steps"]] == [0.0, 10.0, 0.0]
    assert any("ROLLBACK" in line["text"] for line in told["story"])
    assert [line["seq"] for line in told["story"]] == list(range(1, len(told["story"]) + 1))
    later = past.get("/api/v1/releases/app-3/events?after=5").json()["items"]
    assert later == told["story"][5:]


def test_a_judgement_tells_canary_and_baseline_with_bounds_around_what_is_true(past: Site):
    judged = past.get("/api/v1/releases/app-3/targets/eu-north-1/judgement").json()
    assert judged["verdict"] == "fail"
    assert judged["decision"] == "rolled back everywhere (judged)"
    worst = judged["metrics"][0]
    assert worst["metric"] == "errors"
    last = worst["looks"][-1]
    assert last["harm"] == 1.0
    assert worst["harmful"] < last["ratio_low"] < 100
    assert last["ratio_high"] is None or last["ratio_high"] > 100


def test_the_raw_numbers_of_a_judgement_are_the_journals_own(past: Site):
    answer = past.get("/api/v1/releases/app-3/targets/eu-north-1/judgement.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    head, *rows = answer.text.splitlines()
    assert head.startswith("at,until,target,judgement,function,metric,verdict,canary_requests,canary_bad")
    looks = [recorded.event for recorded in past.journal.events("app-3") if isinstance(recorded.event, TargetJudged)]
    said = [(str(look.at), each.metric, str(each.canary_bad)) for look in looks for each in look.judgement.evidence]
    assert [(row[0], row[5], row[8]) for row in csv.reader(rows)] == said


def test_releases_come_page_by_page(build: Build):
    site = build(lambda site: [site.opened(f"commit-{number}") for number in range(5)])
    first = site.get("/api/v1/releases?application=app&limit=2").json()
    second = site.get(first["next"]).json()
    third = site.get(second["next"]).json()
    pages = (first, second, third)
    assert [each["id"] for page in pages for each in page["items"]] == [f"app-{n}" for n in (5, 4, 3, 2, 1)]
    assert third["next"] is None


def test_the_checks_of_a_release_are_told_with_their_findings_in_file_and_line(build: Build):
    finding = Finding(
        rule="IAM_BROADENED", severity=Severity.HIGH, what="It may do more.", where=Place(file="template.yaml", line=14)
    )

    def refused(site: Site) -> None:
        site.cloud.gate.verdicts["bad"] = (Verdict.FAIL,)
        site.cloud.gate.findings["bad"] = (finding,)
        site.carried("bad", pipeline=a_pipeline(checks=some_checks()))

    site = build(refused)
    checks = site.get("/api/v1/releases/app-1").json()["checks"]
    assert checks["verdict"] == "fail"
    assert [each["where"] for each in checks["findings"]] == ["template.yaml:14"]
    assert site.get("/api/v1/releases/app-1/checks").status == 200
    assert "template.yaml:14" in site.page("/releases/app-1")


def test_what_is_not_known_is_a_problem_with_a_code(past: Site):
    for path, code in (
        ("/api/v1/pipelines/other", "PIPELINE_UNKNOWN"),
        ("/api/v1/releases/app-99", "RELEASE_UNKNOWN"),
        ("/api/v1/releases/app-1/targets/mars/judgement", "TARGET_UNKNOWN"),
        ("/api/v1/releases/app-3/targets/us-east-1/judgement", "NOT_JUDGED"),
        ("/api/v1/releases/app-1/checks", "NOT_CHECKED"),
        ("/api/v1/nothing", "NOT_FOUND"),
    ):
        answer = past.get(path)
        assert (answer.status, answer.json()["code"]) == (404, code), path
        assert answer.headers["content-type"] == "application/problem+json"
    answer = past.get("/api/v1/releases?limit=0")
    assert (answer.status, answer.json()["code"]) == (400, "REQUEST_INVALID")
    assert past.ask("DELETE", "/api/v1/releases", headers={"Shoreward-Request": "1"}).status == 405


def test_a_release_without_a_repository_says_why_there_is_no_diff(past: Site):
    difference = past.get("/api/v1/releases/app-2/diff").json()
    assert difference["commits"] == []
    assert "repository" in difference["trouble"]


def test_the_api_is_published(past: Site):
    schema = past.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.")
    assert {"/api/v1/pipelines", "/api/v1/releases/{release}/hold", "/api/v1/events"} <= schema["paths"].keys()
