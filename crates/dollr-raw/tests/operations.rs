//! The table of operations is whole, and says rightly who needs a token.

use std::collections::BTreeSet;

use dollr_raw::{Auth, OPERATIONS};

#[test]
fn every_operation_is_listed_once_and_only_the_token_is_free() {
    assert_eq!(OPERATIONS.len(), 59);
    let ids: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
    let routes: BTreeSet<_> = OPERATIONS.iter().map(|operation| (operation.method, operation.path)).collect();
    assert_eq!((ids.len(), routes.len()), (59, 59));
    let free: Vec<_> = OPERATIONS.iter().filter(|operation| operation.auth == Auth::None).collect();
    assert_eq!(free.iter().map(|operation| operation.id).collect::<Vec<_>>(), ["obtain_token"]);
}
