"""Pages about more than what moves now, and what people can do on them, without a browser."""

from __future__ import annotations

import json
from dataclasses import replace

from shoreward.app.past.history import mistaken
from shoreward.app.past.spared import spared
from shoreward.app.people import levers, orders
from shoreward.app.people.gates import gate_states
from shoreward.app.releases import Wish
from shoreward.app.surroundings import Conditions, Scene
from shoreward.core import events as e
from shoreward.core import replay
from shoreward.core.control import control_of
from shoreward.core.header import Header
from shoreward.core.watching import LINGERS
from shoreward.domain import Approval, Limits, Outcome, Pipeline
from shoreward.testing.builders import a_pipeline
from shoreward.web.around import Around
from shoreward.web.views.actions import all_of
from shoreward.web.views.release import release as whole
from shoreward.web.views.shore import shore
from shoreward.web.views.under_way import blockers
from shoreward.web.watch import Carried, Sight, Watch

from .beaches import TEMPLATES, Castles, boxes, harmed, quarter
from .conftest import Build, Site

NOW = 1_700_000_000.0


def gated() -> Pipeline:
    """A pipeline whose first wave asks a person."""
    plain = a_pipeline()
    gates = (Approval(name="captain", of="the weather is good"),)
    return replace(plain, waves=(replace(plain.waves[0], gates=gates), *plain.waves[1:]))


def test_a_release_shows_what_it_changes_in_template_and_rights(build: Build):
    commit = next(iter(TEMPLATES))

    def fill(site: Site) -> None:
        site.carried("first")
        site.carried(commit, until=30)

    page = build(fill, kind=Castles).page("/releases/app-2")
    assert "dynamodb:Query" in page
    assert page.index("may now") < page.index("may no more")
    assert "CastlesFunction.MemorySize" in page
    assert "AWS::Lambda::Version" in page


def test_the_api_tells_what_a_release_changes_in_template_and_rights(build: Build):
    commit = next(iter(TEMPLATES))

    def fill(site: Site) -> None:
        site.carried("first")
        site.carried(commit, until=30)

    (told,) = build(fill, kind=Castles).get("/api/v1/releases/app-2/changes").json()
    assert told["targets"] == [a_pipeline().targets[0].key]
    gained = [right for right in told["rights"] if right["gained"] and right["allows"]]
    assert "dynamodb:Query" in {action for right in gained for action in right["actions"]}
    assert {"CastlesFunction"} <= {each["resource"] for each in told["properties"]}
    assert {each["type"] for each in told["lines"]} >= {"AWS::Lambda::Version"}


def test_what_waits_for_a_person_says_what_to_do_and_how(build: Build):
    site = build(lambda site: site.carried("new", pipeline=gated(), until=30))
    (blocked,) = site.get("/api/v1/releases/app-1/blockers").json()
    assert (blocked["gate"], blocked["person"]) == ("captain", True)
    assert "approve it" in blocked["advice"]
    (approve,) = blocked["actions"]
    answer = site.post(approve["path"], dict(approve["body"]) | {"why": "the sun shines"})
    assert answer.status == 200, answer.text
    assert site.get("/api/v1/releases/app-1/blockers").json() == []


def test_whoever_waits_for_room_is_named(build: Build):
    site = build(lambda site: site.carried("new", until=30))
    sight = Watch(site.journal, Conditions(limits=Limits(targets=0))).sight
    assert sight.scene(site.clock.now()).limits == Limits(targets=0)
    known = next(iter(sight.under_way.values()))
    assert blockers(sight, known, site.clock.now())
    assert isinstance(Around(Conditions(), lambda release: known.state).scene(sight, site.clock.now()), Scene)


def test_what_left_its_targets_lately_bears_on_an_older_release_and_no_longer_than_that(build: Build):
    site = build(lambda site: [site.opened("old"), site.opened("new")])
    at = site.clock.now()
    ends = (
        e.RollbackBegan(at=at, cause="person", reason="regret", by="ada"),
        e.ReleaseEnded(at=at, outcome=Outcome.ROLLED_BACK),
    )
    site.journal.append("app-2", 1, ends)
    for now, bears in ((at, ["app-1", "app-2"]), (at + LINGERS, ["app-1"])):
        assert [each.id for each in Watch(site.journal).sight.scene(now).releases] == bears


def test_a_release_is_shown_after_each_of_its_events(past: Site):
    for header in past.journal.releases():
        recorded = past.journal.events(header.id)
        for number in range(1, len(recorded) + 1):
            state = replay(header.id, (each.event for each in recorded[:number]))
            carried = Carried(state=state, recorded=tuple(recorded[:number]))
            sight = Sight(headers={"app": (header,)}, under_way={} if state.ended else {header.id: carried})
            now = recorded[number - 1].event.at
            shown = whole(sight, carried, header, now)
            assert shown.now.standing
            assert len(shown.now.targets) == len(state.deployments)
            on_shore = shore(sight, lambda release, one=carried: one, "app", now).under_way
            assert [each.standing for each in on_shore] == ([] if state.ended else [shown.now.standing])
            assert state.ended or gate_states(state, now, sight.scene(now)) == ()


def test_what_cannot_be_done_says_why(past: Site):
    carried = Watch(past.journal).carried("app-3")
    actions = all_of(carried.state, past.journal.header("app-3"), ())
    assert {each.unless for each in actions if each.label.startswith("Hold")} == {"The release has ended."}
    assert [each.label for each in actions if not each.unless] == [
        "Name the culprit",
        "Name the fix",
        "Lift its quarantine",
    ]
    page = past.page("/releases/app-3")
    assert 'disabled title="The release has ended."' in page


def test_the_audit_tells_who_said_what_by_whatever_door(build: Build):
    def fill(site: Site) -> None:
        release = site.opened("new")
        levers.hold(site.journal, release, Wish(by="ada", at=NOW, why="the tide is high"), target="eu-west-1")
        orders.stop(site.journal, "app", Wish(by="grace", at=NOW + 1, why="a storm"))

    site = build(fill)
    site.post("/api/v1/releases/app-1/abort", {"why": "it is too late"})
    page = site.page("/audit")
    for words in ("held eu-west-1", "the tide is high", "stopped the pipeline", "a storm", "sent it back"):
        assert words in page
    assert "At this server" in page


def test_sandboxes_are_shown_with_owner_cost_and_lease(build: Build):
    site = build(sandboxes=lambda: tuple(boxes(NOW)))
    page = site.page("/sandboxes")
    assert "barbara" in page
    assert page.index("ferry-dogs") < page.index("sandcastles-moats"), "what has ended comes first"
    assert "shoreward sandbox reap --yes" in page
    assert "nobody knows" in page
    first = site.get("/api/v1/sandboxes?limit=3").json()
    second = site.get(first["next"]).json()
    told = [*first["items"], *second["items"]]
    assert [each["target"] for each in told] == sorted(each.key for each in boxes(NOW))
    assert {each["owner"] for each in told} == {"ada", "grace", "barbara", "build"}
    (ferry,) = site.get("/api/v1/sandboxes?application=ferry").json()["items"]
    assert (ferry["over"], ferry["cost_to_come"]) == (True, 0.0)
    assert site.get(f"/api/v1/sandboxes/{ferry['name']}").json() == ferry
    assert site.get(f"/api/v1/sandboxes/{ferry['target']}").json() == ferry
    unknown = site.get("/api/v1/sandboxes/no-such")
    assert (unknown.status, unknown.json()["code"]) == (404, "SANDBOX_UNKNOWN")


def test_without_a_ledger_nobody_pretends_that_there_are_no_sandboxes(past: Site):
    answer = past.get("/api/v1/sandboxes")
    assert (answer.status, answer.json()["code"]) == (409, "NO_LEDGER")
    assert "no ledger" in past.page("/sandboxes")


def test_history_tells_what_was_live_where(past: Site):
    page = past.page("/pipelines/app/releases")
    assert "eu-north-1 serves good" in page
    assert "without the application" in past.page("/pipelines/app/releases?commit=good")


def test_how_we_do_tells_what_failed_and_what_was_spared(build: Build):
    def fill(site: Site) -> None:
        quarter(site, [a_pipeline()], NOW)
        harmed(site, a_pipeline(), "bad", NOW - 86_400, 100)

    site = build(fill)
    page = site.page("/figures?days=30")
    for name in ("Lead time", "Deliveries", "Failures", "Recovery", "False rollbacks", "Harm done", "Harm spared"):
        assert f">{name}<" in page
    recorded = site.journal.events(site.journal.page(limit=1)[0].id)
    told = site.get("/api/v1/figures/harm?days=30").json()
    assert told["releases"] == told["looked"] == told["counted"] >= 1
    assert told["spared"] > told["done"] > 0
    found = spared(replay("app-1", (each.event for each in recorded)), recorded)
    assert found.most == 0.1 / 3
    # 100 of 2,000 failed, where the old revision failed 25 of 20,000 times.
    assert found.harmed == 100 - 2_000 * 25 / 20_000
    assert found.spared is not None
    assert found.spared > 25 * found.harmed


def test_a_rollback_is_mistaken_when_the_very_same_has_stayed_since_or_was_let_go_without_a_fix():
    back = Header(
        id="app-1", application="app", number=1, open=False, commit="a", subject="", by="", opened_at=1.0,
        digest="same", exposed_at=2.0, back_at=3.0, cause="judged", ended_at=4.0, outcome=Outcome.ROLLED_BACK,
    )  # fmt: skip
    again = replace(back, id="app-2", number=2, back_at=0.0, cause=None, outcome=Outcome.SUCCEEDED)
    assert mistaken([back], control_of(())) == ()
    assert mistaken([back, again], control_of(())) == (back,)
    assert mistaken([back, replace(again, digest="other")], control_of(())) == ()


def test_the_raw_numbers_have_the_distribution_of_latency(past: Site):
    metrics = past.get("/api/v1/releases/app-3/targets/eu-north-1/judgement").json()["metrics"]
    latency = next(each for each in metrics if each["metric"] == "latency")
    shares = [point["share"] for point in latency["baseline_slower"]]
    assert shares == sorted(shares, reverse=True)
    assert len(latency["canary_slower"]) == 5
    assert json.dumps(latency["kind"]) == '"rate"'


def test_a_target_that_somebody_changed_by_hand_says_what_to_do_about_it(build: Build):
    def drifted(site: Site) -> None:
        release = site.carried("new", until=30)
        seq = len(site.journal.events(release))
        key = a_pipeline().targets[0].key
        held = e.HoldPlaced(at=NOW, by="shoreward", why="Timeout is 9, and was left as 3", target=key, drift=("T=9",))
        site.journal.append(release, seq, (held,))

    site = build(drifted)
    blocked = site.get("/api/v1/releases/app-1/blockers").json()
    (held,) = (each for each in blocked if each["person"])
    assert "changed it by hand" in held["advice"]
    assert [each["label"] for each in held["actions"]] == ["Resume eu-north-1"]
    assert "Resume eu-north-1" in site.page("/releases/app-1")
