//! Tests that every back end of [`store`] has to pass.
//!
//! A crate of its own, so that the tests of each back end run the same list: a behavior
//! that is added here is tested for all of them.
//!
//! ```ignore
//! fn with_store(check: &dyn Fn(&store_conformance::Open<'_>)) {
//!     let directory = tempfile::tempdir().unwrap();
//!     let path = directory.path().join("people.redb");
//!     check(&|model, access| Store::open_any_model(&path, model, access));
//! }
//!
//! store_conformance::conformance_tests!(with_store);
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that panics failed")]

mod behavior;
pub mod fixtures;

pub use behavior::run;
use store::{Access, Error, Model, Store};

/// Opens a store at one place, where nobody is enrolled at first.
pub type Open<'f> = dyn Fn(&Model, Access) -> Result<Store, Error> + 'f;

/// Defines a test for each behavior. The argument is a function that calls the function
/// that it is given with an [`Open`], or skips the test.
#[macro_export]
macro_rules! conformance_tests {
    (@list $what:ident ($($argument:path)?)) => {
        $crate::conformance_tests! { @$what ($($argument)?)
            people_are_read_as_they_were_enrolled
            copies_do_not_count
            purge_leaves_nobody
            removed_and_renamed_people_are_not_found
            invalid_requests_change_nothing
            templates_of_another_model_are_refused_until_they_are_rewritten
            a_rewrite_may_swap_names_and_remove_people
            searches_are_exact
            two_names_of_one_person_become_one
            single_photos_can_be_removed
            people_whose_photos_are_old_are_found
        }
    };
    (@tests ($with_store:path) $($name:ident)*) => {
        $(#[test]
        fn $name() {
            $with_store(&|open| $crate::run(stringify!($name), open));
        })*
    };
    (@table () $($name:ident)*) => {
        &[$((stringify!($name), $name)),*]
    };
    ($with_store:path) => {
        $crate::conformance_tests! { @list tests ($with_store) }
    };
}
