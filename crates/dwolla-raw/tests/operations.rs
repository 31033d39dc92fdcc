//! The table of operations is whole, and says rightly how each is let in.

use std::collections::BTreeSet;

use dwolla_raw::{Auth, OPERATIONS};

#[test]
fn every_operation_is_listed_once_and_only_the_token_is_asked_for_without_one() {
    assert_eq!(OPERATIONS.len(), 20);
    let ids: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
    let routes: BTreeSet<_> = OPERATIONS.iter().map(|operation| (operation.method, operation.path)).collect();
    assert_eq!((ids.len(), routes.len()), (20, 20));
    for operation in OPERATIONS {
        let expected = if operation.id == "obtain_token" { Auth::Basic } else { Auth::Bearer };
        assert_eq!(operation.auth, expected, "{}", operation.id);
    }
}
