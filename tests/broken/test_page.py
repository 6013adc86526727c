"""Each row of the page about a changed world has a test that proves it, and each such test has its row."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN = ("test_aliases", "test_detection", "test_drift", "test_functions", "test_regions", "test_rights", "test_stacks")

BEFORE, BAKING, BACK, BOTH, FIRST, ANY = (
    "before staging",
    "while baking",
    "going back",
    "while baking, going back",
    "first deployment",
    "any",
)
OTHERS = "table, queue or other resource changed or deleted"

PROOFS: dict[tuple[str, str], tuple[str, ...]] = {
    ("code, configuration, alias, template, parameter or resource changed by hand", BEFORE): (
        "test_a_target_that_was_changed_is_held_before_it_is_touched",
        "test_a_person_goes_on_over_it_and_only_over_what_they_were_told",
        "test_what_was_changed_back_is_no_drift_any_more",
        "test_what_a_pipeline_lets_differ_stops_nothing",
        "test_a_rollback_and_a_release_that_stayed_leave_no_drift",
    ),
    ("another template applied", BAKING): ("test_a_template_that_somebody_applied_in_mid_release_is_not_written_over",),
    ("value of a configuration written by hand", BAKING): (
        "test_what_somebody_writes_while_values_bake_holds_the_target_by_name",
    ),
    ("another template applied", BACK): (
        "test_a_template_that_somebody_applied_in_mid_release_is_gone_over_on_the_way_back_and_told",
        "test_data_that_somebody_added_in_mid_release_is_not_deleted_on_the_way_back",
    ),
    ("alias moved, or other weights", BAKING): ("test_an_alias_moved_in_mid_shift_sends_the_release_back_and_is_told",),
    ("alias moved, all of it or in part", "after finish, with alarms"): (
        "test_an_alias_moved_on_a_finished_target_holds_the_release_where_there_are_alarms",
        "test_an_alarm_counts_for_more_than_a_moved_alias",
    ),
    (OTHERS, "before the first customer"): (
        "test_what_changed_beside_functions_holds_a_target_before_its_first_customer",
        "test_a_release_that_would_go_over_it_is_held_before_anything_is_touched",
        "test_a_deleted_table_or_queue_is_told_as_such",
        "test_what_a_pipeline_lets_differ_beside_functions_stops_nothing",
        "test_somebody_elses_detection_is_waited_for",
    ),
    (OTHERS, BAKING): ("test_what_changes_while_it_bakes_holds_the_target_before_it_is_finished",),
    ("detection fails", ANY): ("test_a_detection_that_fails_is_told_and_never_taken_as_no_drift",),
    ("alias moved", BACK): (
        "test_an_alias_moved_on_the_way_back_is_moved_over_and_told",
        "test_an_alias_moved_between_traffic_and_stack_is_told_as_well",
        "test_a_way_back_that_is_gone_twice_tells_of_nobody",
    ),
    ("alias deleted", BOTH): (
        "test_an_alias_moved_in_mid_shift_sends_the_release_back_and_is_told",
        "test_a_deleted_alias_serves_again_before_the_stack_is_back",
    ),
    ("function deleted", BEFORE): ("test_a_function_that_is_gone_is_held_for_until_it_is_there_whoever_resumes",),
    ("... and made again without version or alias", BEFORE): (
        "test_a_function_that_was_made_again_bare_gets_its_version_and_alias_from_the_release",
    ),
    ("function deleted", BACK): (
        "test_a_deleted_function_keeps_nobody_else_from_going_back_and_is_gone_back_with_once_it_is_there",
    ),
    ("candidate's version deleted", "before it has traffic"): (
        "test_a_candidate_that_was_deleted_before_it_had_traffic_sends_the_release_back",
        "test_a_version_with_traffic_cannot_be_deleted",
    ),
    ("baseline's version deleted", BACK): ("test_a_baseline_that_was_deleted_is_published_again_from_its_code",),
    ("... and its code is nowhere", BACK): (
        "test_a_baseline_whose_code_is_nowhere_waits_for_a_person_and_heals_when_it_is_back",
    ),
    ("stack deleted", BEFORE): (
        "test_a_target_that_was_changed_is_held_before_it_is_touched",
        "test_a_stack_that_is_gone_is_made_anew_on_a_persons_word",
    ),
    ("stack deleted", BOTH): ("test_a_stack_that_somebody_deleted_in_mid_release_is_told_and_waited_for_by_nobody",),
    ("UPDATE_ROLLBACK_FAILED", BEFORE): (
        "test_a_stuck_stack_is_held_before_it_is_touched_and_released_to_once_it_is_mended",
    ),
    ("UPDATE_ROLLBACK_FAILED", "finish, going back"): (
        "test_a_stack_that_got_stuck_under_a_canary_is_mended_by_the_release",
        "test_a_stack_that_got_stuck_on_the_way_back_is_mended_by_the_release",
        "test_what_nobody_can_mend_is_named_with_the_command_that_skips_it",
    ),
    ("UPDATE_FAILED", "finish, going back"): ("test_an_update_that_somebody_left_unfinished_is_sent_back_by_command",),
    ("DELETE_FAILED", BEFORE): ("test_a_stack_whose_deletion_failed_is_held_before_it_is_touched",),
    ("DELETE_FAILED", "finish, going back"): (
        "test_a_stack_whose_deletion_failed_ends_it_by_command_and_keeps_what_it_held",
    ),
    ("somebody's operation under way", BEFORE): (
        "test_somebody_elses_operation_is_waited_for_as_long_as_it_takes_and_named",
    ),
    ("somebody's operation under way", BACK): ("test_customers_do_not_wait_for_somebody_elses_operation",),
    ("ROLLBACK_COMPLETE", FIRST): ("test_a_stack_whose_creation_failed_is_made_anew",),
    ("REVIEW_IN_PROGRESS, ROLLBACK_FAILED, CREATE_FAILED of somebody else", FIRST): (
        "test_a_stack_that_somebody_has_under_review_is_left_to_them",
        "test_a_stack_whose_creation_somebody_left_unfinished_is_left_to_them",
    ),
    ("a stack made in between", FIRST): ("test_a_stack_that_somebody_made_in_between_is_not_deleted_on_the_way_back",),
    ("region does not answer", BEFORE): (
        "test_before_it_is_touched_a_region_is_waited_for",
        "test_before_it_is_touched_a_region_that_stays_silent_sends_the_release_back",
    ),
    ("region does not answer", BOTH): (
        "test_under_a_canary_a_region_goes_back_as_soon_as_it_answers",
        "test_on_the_way_back_others_do_not_wait_for_a_silent_region",
    ),
    ("role, or a single right, taken away", ANY): (
        "test_a_role_that_is_gone_before_its_wave_sends_the_release_back",
        "test_a_role_revoked_under_a_canary_is_named_and_the_region_goes_back_once_it_is_there",
        "test_a_role_revoked_on_the_way_back_is_waited_for",
        "test_a_single_right_that_is_gone_is_named",
    ),
    ("sessions of a role revoked, or a role made anew", ANY): ("test_sessions_that_were_revoked_are_replaced",),
    ("credentials of a role expire", ANY): ("test_credentials_that_expire_are_replaced_where_a_role_gives_fresh_ones",),
    ("your own credentials expire", ANY): ("test_a_persons_own_credentials_that_expire_are_asked_for",),
}


def rows() -> list[tuple[str, str]]:
    """What happened, and when, of each row of the page's table."""
    page = (ROOT / "docs/broken-world.md").read_text()
    table = page.partition("## Case by case")[2].partition("\n## ")[0]
    lines = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| ")]
    return [(plain(what), plain(when)) for what, when in lines[1:]]


def plain(text: str) -> str:
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text).replace("`", "").strip()


def names_in(*files: Path) -> set[str]:
    return {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}


def test_each_row_of_the_page_has_its_tests_and_each_test_has_its_row() -> None:
    here = Path(__file__).parent
    own = names_in(*(here / f"{name}.py" for name in OWN))
    known = own | names_in(*(ROOT / "tests/configuration").glob("test_*.py"))
    proofs = {test for each in PROOFS.values() for test in each}
    assert rows() == list(PROOFS)
    assert proofs - known == set(), "tests that are gone"
    assert own - proofs == set(), "tests without a row"


def test_every_module_of_this_folder_is_looked_at() -> None:
    assert {file.stem for file in Path(__file__).parent.glob("test_*.py")} - {"test_page"} == set(OWN)
