//! Two threads that ask for a level, and one that changes it.

use pylog_model::{Before, race};

fn no_interleaving_leaves_a_stale_answer(preemptions: Option<usize>) {
    for before in [Before::Nothing, Before::TheAnswer] {
        for accepts in [false, true] {
            let count = race(2, before, accepts, preemptions);
            println!("known before: {before:?}, then {accepts}: {count} interleavings, none wrong");
            assert!(count > 100, "loom saw no race");
        }
    }
}

#[test]
fn with_three_preemptions() {
    no_interleaving_leaves_a_stale_answer(Some(3));
}

#[test]
#[ignore = "some minutes in a release build: `cargo test --release -p pylog-model -- --ignored`"]
fn with_any_number_of_preemptions() {
    no_interleaving_leaves_a_stale_answer(None);
}
