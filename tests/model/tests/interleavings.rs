//! Threads that ask for a level beside one that changes it, and other races.

use pylog_model::{
    Before, change_max_level, change_twice, drop_calls, push_into_list, race, take_from_inbox,
};

fn no_interleaving_leaves_a_stale_answer(
    resolvers: usize,
    changes: usize,
    preemptions: Option<usize>,
) {
    for before in [Before::Nothing, Before::TheAnswer] {
        for accepts in [false, true] {
            let count = race(resolvers, changes, before, accepts, preemptions);
            println!("known before: {before:?}, then {accepts}: {count} interleavings, none wrong");
            assert!(count > 100, "loom saw no race");
        }
    }
}

#[test]
fn two_questions_beside_a_change() {
    no_interleaving_leaves_a_stale_answer(2, 1, Some(3));
}

#[test]
fn a_question_beside_two_changes() {
    no_interleaving_leaves_a_stale_answer(1, 2, None);
}

#[test]
fn two_questions_beside_two_changes() {
    no_interleaving_leaves_a_stale_answer(2, 2, Some(2));
}

#[test]
#[ignore = "some minutes in a release build: `cargo test --release -p pylog-model -- --ignored`"]
fn two_questions_beside_a_change_with_any_number_of_preemptions() {
    no_interleaving_leaves_a_stale_answer(2, 1, None);
}

#[test]
fn each_of_two_changes_is_obeyed() {
    let count = change_twice(4);
    println!("{count} interleavings, none wrong");
    assert!(count > 10, "loom saw no race");
}

#[test]
fn each_dropped_call_is_counted_by_one_answer() {
    let count = drop_calls(2, 3);
    println!("{count} interleavings, none wrong");
    assert!(count > 10, "loom saw no race");
}

#[test]
fn no_interleaving_leaves_a_maximum_that_rejects_what_python_accepts() {
    let count = change_max_level(1, 3) + change_max_level(2, 2);
    println!("{count} interleavings, none wrong");
    assert!(count > 100, "loom saw no race");
}

#[test]
fn each_entry_of_a_list_is_whole_and_in_its_place() {
    let count = push_into_list(2, 2);
    println!("{count} interleavings, none wrong");
    assert!(count > 100, "loom saw no race");
}

#[test]
fn each_value_of_an_inbox_is_taken_once_and_in_the_order_of_its_thread() {
    let count = take_from_inbox(2, 3);
    println!("{count} interleavings, none wrong");
    assert!(count > 100, "loom saw no race");
}
