//! What every store of alerts promises, as tests that each adapter runs.
//!
//! ```ignore
//! /// An `AlertPlace`, empty.
//! async fn place() -> MyPlace {
//!     MyPlace::new()
//! }
//!
//! scout_testkit::alert_store_tests!(place);
//! scout_testkit::exclusive_lease_tests!(place); // where several processes share a store
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "tests, which fail loudly, and whose names say what they test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use scout_core::alerting::{
    AlertStore, Changes, Expects, Fingerprint, Labels, LeaseToken, Leased, Loaded, Saved, Stored,
};

/// An empty store, for one test.
pub trait AlertPlace: Send + Sync {
    /// The way to it.
    fn store(&self) -> &dyn AlertStore;
}

/// Long enough that no test sees its end.
pub const LONG: Duration = Duration::from_secs(60);

/// The most records that the core writes at once.
pub const RECORDS_PER_WRITE: usize = 64;

/// Makes a test of each promise of every store: `alert_store_tests!(place)`, where `place` is an async function that
/// makes an [`AlertPlace`].
#[macro_export]
macro_rules! alert_store_tests {
    ($place:path) => {
        $crate::alert_store_tests!(
            $place:
            what_was_saved_is_loaded,
            an_empty_store_has_nothing,
            what_is_known_is_not_loaded_again,
            a_record_is_replaced_and_removed,
            a_write_of_the_meta_alone_leaves_records_alone,
            any_bytes_are_kept_as_they_are,
            ten_thousand_records_are_kept,
            the_holder_prolongs_its_lease_and_hears_of_state,
            whoever_has_no_lease_cannot_save,
            a_lease_that_was_given_back_allows_no_more_writes,
            a_stale_holder_changes_nothing,
            a_stale_holder_gives_no_other_lease_back,
            the_same_owner_at_another_time_is_another_holder,
            state_outlives_the_lease,
        );
    };
    ($place:path: $($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                let place = $place().await;
                $crate::alerts::$name($crate::alerts::AlertPlace::store(&place)).await;
            }
        )*
    };
}

/// As [`alert_store_tests`](crate::alert_store_tests), for stores that several processes share.
#[macro_export]
macro_rules! exclusive_lease_tests {
    ($place:path) => {
        $crate::alert_store_tests!(
            $place:
            one_at_a_time_holds_the_lease,
            a_lease_that_ran_out_can_be_taken_over,
            a_lease_that_ran_out_and_was_left_alone_can_be_prolonged,
            a_lease_that_was_given_back_can_be_taken_at_once,
            a_store_that_lost_its_state_is_left_to_whoever_expects_none,
        );
    };
}

/// A fingerprint, the same for the same number.
pub fn fingerprint(number: usize) -> Fingerprint {
    Fingerprint::of(&Labels::from([("number".to_owned(), number.to_string())]))
}

/// A token of that owner's first time.
pub fn token(owner: &str) -> LeaseToken {
    LeaseToken::new(owner, 1)
}

/// A write of records with these numbers and texts.
pub fn changes(meta: &str, put: &[(usize, &str)], remove: &[usize]) -> Changes {
    Changes {
        meta: meta.as_bytes().to_vec(),
        put: put.iter().map(|(number, text)| (fingerprint(*number), text.as_bytes().to_vec())).collect(),
        remove: remove.iter().copied().map(fingerprint).collect(),
    }
}

/// Takes the lease, which has to be free or the token's. Returns whether there was state.
pub async fn take(store: &dyn AlertStore, token: &LeaseToken) -> bool {
    match store.lease(token, LONG, Expects::Nothing).await.unwrap() {
        Leased::Held { has_state } => has_state,
        other => panic!("{other:?} where the lease was due"),
    }
}

/// Saves as whoever has the lease.
pub async fn save(store: &dyn AlertStore, token: &LeaseToken, changes: &Changes) {
    assert_eq!(store.save(token, changes).await.unwrap(), Saved::Written);
}

/// All that is stored.
pub async fn load(store: &dyn AlertStore) -> Stored {
    match store.load(None).await.unwrap() {
        Loaded::State(stored) => stored,
        other => panic!("{other:?} where state was due"),
    }
}

/// Expects exactly these records beside that meta.
pub async fn expect(store: &dyn AlertStore, meta: &str, records: &[(usize, &str)]) {
    let stored = load(store).await;
    assert_eq!(String::from_utf8_lossy(&stored.meta), meta);
    let count = stored.records.len();
    let found: BTreeMap<_, _> = stored.records.into_iter().collect();
    assert_eq!(found.len(), count, "a record came twice");
    let expected: BTreeMap<_, _> =
        records.iter().map(|(number, text)| (fingerprint(*number), text.as_bytes().to_vec())).collect();
    assert_eq!(found, expected);
}

pub async fn what_was_saved_is_loaded(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    expect(store, "m1", &[(1, "one"), (2, "two")]).await;
    save(store, &holder, &changes("m2", &[(3, "three")], &[])).await;
    expect(store, "m2", &[(1, "one"), (2, "two"), (3, "three")]).await;
}

pub async fn an_empty_store_has_nothing(store: &dyn AlertStore) {
    assert_eq!(store.load(None).await.unwrap(), Loaded::Nothing);
    assert_eq!(store.load(Some(b"m")).await.unwrap(), Loaded::Nothing);
    // A lease is no state.
    assert!(!take(store, &token("a")).await);
    assert_eq!(store.load(None).await.unwrap(), Loaded::Nothing);
}

pub async fn what_is_known_is_not_loaded_again(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    assert_eq!(store.load(Some(b"m1")).await.unwrap(), Loaded::Same);
    for other in [&b"m"[..], b"m11", b""] {
        assert!(matches!(store.load(Some(other)).await.unwrap(), Loaded::State(_)));
    }
}

pub async fn a_record_is_replaced_and_removed(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[(1, "one"), (2, "two"), (3, "three")], &[])).await;
    save(store, &holder, &changes("m2", &[(2, "other"), (4, "four")], &[1, 3])).await;
    expect(store, "m2", &[(2, "other"), (4, "four")]).await;
    // What is not there can be removed.
    save(store, &holder, &changes("m3", &[], &[1, 2, 4, 9])).await;
    expect(store, "m3", &[]).await;
    save(store, &holder, &changes("m4", &[(1, "again")], &[])).await;
    expect(store, "m4", &[(1, "again")]).await;
}

pub async fn a_write_of_the_meta_alone_leaves_records_alone(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[], &[])).await;
    expect(store, "m1", &[]).await;
    save(store, &holder, &changes("m2", &[(1, "one")], &[])).await;
    save(store, &holder, &changes("m3", &[], &[])).await;
    expect(store, "m3", &[(1, "one")]).await;
}

pub async fn any_bytes_are_kept_as_they_are(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let records = vec![
        (fingerprint(1), every_byte.clone()),
        (fingerprint(2), Vec::new()),
        (fingerprint(3), vec![b'x'; 256 << 10]),
        (fingerprint(4), b"\r\n$5\r\n".to_vec()),
    ];
    let changes = Changes { meta: every_byte.clone(), put: records.clone(), remove: Vec::new() };
    save(store, &holder, &changes).await;
    let stored = load(store).await;
    assert_eq!(stored.meta, every_byte);
    assert_eq!(stored.records.into_iter().collect::<BTreeMap<_, _>>(), records.into_iter().collect());
    assert_eq!(store.load(Some(&every_byte)).await.unwrap(), Loaded::Same);
}

pub async fn ten_thousand_records_are_kept(store: &dyn AlertStore) {
    const COUNT: usize = 10_000;
    let holder = token("a");
    take(store, &holder).await;
    let text =
        |number: usize| format!("{{\"number\":{number},\"text\":\"{}\"}}", "x".repeat(600)).into_bytes();
    let all: BTreeMap<_, _> = (0..COUNT).map(|number| (fingerprint(number), text(number))).collect();
    let records: Vec<_> = all.clone().into_iter().collect();
    for (number, some) in records.chunks(RECORDS_PER_WRITE).enumerate() {
        let meta = format!("m{number}").into_bytes();
        save(store, &holder, &Changes { meta, put: some.to_vec(), remove: Vec::new() }).await;
    }
    let stored = load(store).await;
    assert_eq!(stored.records.len(), COUNT);
    assert!(stored.records.into_iter().collect::<BTreeMap<_, _>>() == all);

    let names: Vec<_> = all.into_keys().collect();
    for some in names.chunks(RECORDS_PER_WRITE) {
        save(store, &holder, &Changes { meta: b"m".to_vec(), put: Vec::new(), remove: some.to_vec() }).await;
    }
    expect(store, "m", &[]).await;
}

pub async fn the_holder_prolongs_its_lease_and_hears_of_state(store: &dyn AlertStore) {
    let holder = token("a");
    assert!(!take(store, &holder).await);
    assert!(!take(store, &holder).await);
    // What it expects does not matter to whoever has the lease.
    let held = store.lease(&holder, LONG, Expects::State).await.unwrap();
    assert_eq!(held, Leased::Held { has_state: false });
    save(store, &holder, &changes("m1", &[], &[])).await;
    assert!(take(store, &holder).await);
}

pub async fn whoever_has_no_lease_cannot_save(store: &dyn AlertStore) {
    let change = changes("m1", &[(1, "one")], &[]);
    assert_eq!(store.save(&token("a"), &change).await.unwrap(), Saved::Fenced);
    take(store, &token("a")).await;
    for other in [token("b"), LeaseToken::new("a", 2), LeaseToken::new("", 0)] {
        assert_eq!(store.save(&other, &change).await.unwrap(), Saved::Fenced, "{other}");
    }
    assert_eq!(store.load(None).await.unwrap(), Loaded::Nothing);
}

pub async fn a_lease_that_was_given_back_allows_no_more_writes(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    store.release(&holder).await.unwrap();
    assert_eq!(store.save(&holder, &changes("m1", &[], &[])).await.unwrap(), Saved::Fenced);
    // It can be given back twice, and by whoever never had it.
    store.release(&holder).await.unwrap();
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[], &[])).await;
}

pub async fn a_stale_holder_changes_nothing(store: &dyn AlertStore) {
    let (stale, holder) = (token("a"), token("b"));
    take(store, &stale).await;
    save(store, &stale, &changes("m1", &[(1, "one"), (2, "two")], &[])).await;
    store.release(&stale).await.unwrap();
    assert!(take(store, &holder).await);
    let late = changes("late", &[(1, "late"), (3, "late")], &[2]);
    assert_eq!(store.save(&stale, &late).await.unwrap(), Saved::Fenced);
    expect(store, "m1", &[(1, "one"), (2, "two")]).await;
    save(store, &holder, &changes("m2", &[(3, "three")], &[1])).await;
    assert_eq!(store.save(&stale, &late).await.unwrap(), Saved::Fenced);
    expect(store, "m2", &[(2, "two"), (3, "three")]).await;
}

pub async fn a_stale_holder_gives_no_other_lease_back(store: &dyn AlertStore) {
    let (stale, holder) = (token("a"), token("b"));
    take(store, &stale).await;
    store.release(&stale).await.unwrap();
    take(store, &holder).await;
    store.release(&stale).await.unwrap();
    save(store, &holder, &changes("m1", &[], &[])).await;
}

pub async fn the_same_owner_at_another_time_is_another_holder(store: &dyn AlertStore) {
    let (first, second) = (LeaseToken::new("a", 1), LeaseToken::new("a", 2));
    take(store, &first).await;
    store.release(&first).await.unwrap();
    take(store, &second).await;
    assert_eq!(store.save(&first, &changes("m1", &[], &[])).await.unwrap(), Saved::Fenced);
    save(store, &second, &changes("m2", &[], &[])).await;
}

pub async fn state_outlives_the_lease(store: &dyn AlertStore) {
    let holder = token("a");
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    store.release(&holder).await.unwrap();
    expect(store, "m1", &[(1, "one")]).await;
    let next = store.lease(&token("b"), LONG, Expects::State).await.unwrap();
    assert_eq!(next, Leased::Held { has_state: true });
}

pub async fn one_at_a_time_holds_the_lease(store: &dyn AlertStore) {
    let (holder, other) = (token("a"), token("b"));
    take(store, &holder).await;
    for expects in [Expects::Nothing, Expects::State] {
        match store.lease(&other, LONG, expects).await.unwrap() {
            Leased::Other { remaining } => {
                assert!(remaining <= LONG && remaining > LONG / 2, "{remaining:?}");
            }
            answer => panic!("{answer:?} while another one has it"),
        }
    }
    take(store, &holder).await;
    // How long it lives is what was asked for last.
    let short = Duration::from_secs(5);
    store.lease(&holder, short, Expects::Nothing).await.unwrap();
    match store.lease(&other, LONG, Expects::Nothing).await.unwrap() {
        Leased::Other { remaining } => assert!(remaining <= short, "{remaining:?}"),
        answer => panic!("{answer:?} while another one has it"),
    }
}

/// A lease that has run out, and its token.
async fn run_out(store: &dyn AlertStore) -> LeaseToken {
    let stale = token("a");
    let short = Duration::from_millis(20);
    let held = store.lease(&stale, short, Expects::Nothing).await.unwrap();
    assert!(matches!(held, Leased::Held { .. }));
    tokio::time::sleep(short * 3).await;
    stale
}

pub async fn a_lease_that_ran_out_can_be_taken_over(store: &dyn AlertStore) {
    let stale = run_out(store).await;
    assert_eq!(store.save(&stale, &changes("late", &[], &[])).await.unwrap(), Saved::Fenced);
    let holder = token("b");
    assert!(!take(store, &holder).await);
    save(store, &holder, &changes("m1", &[(1, "one")], &[])).await;
    assert_eq!(store.save(&stale, &changes("late", &[], &[1])).await.unwrap(), Saved::Fenced);
    let answer = store.lease(&stale, LONG, Expects::Nothing).await.unwrap();
    assert!(matches!(answer, Leased::Other { .. }), "{answer:?}");
    expect(store, "m1", &[(1, "one")]).await;
}

pub async fn a_lease_that_ran_out_and_was_left_alone_can_be_prolonged(store: &dyn AlertStore) {
    let holder = run_out(store).await;
    take(store, &holder).await;
    save(store, &holder, &changes("m1", &[], &[])).await;
    let answer = store.lease(&token("b"), LONG, Expects::Nothing).await.unwrap();
    assert!(matches!(answer, Leased::Other { .. }), "{answer:?}");
}

pub async fn a_lease_that_was_given_back_can_be_taken_at_once(store: &dyn AlertStore) {
    take(store, &token("a")).await;
    store.release(&token("b")).await.unwrap();
    let answer = store.lease(&token("b"), LONG, Expects::Nothing).await.unwrap();
    assert!(matches!(answer, Leased::Other { .. }), "{answer:?}");
    store.release(&token("a")).await.unwrap();
    take(store, &token("b")).await;
}

pub async fn a_store_that_lost_its_state_is_left_to_whoever_expects_none(store: &dyn AlertStore) {
    let (remembers, last) = (token("a"), token("b"));
    assert_eq!(store.lease(&remembers, LONG, Expects::State).await.unwrap(), Leased::StateLost);
    // Nothing was taken.
    assert_eq!(store.save(&remembers, &changes("m", &[], &[])).await.unwrap(), Saved::Fenced);
    assert!(!take(store, &last).await);
    let answer = store.lease(&remembers, LONG, Expects::State).await.unwrap();
    assert!(matches!(answer, Leased::Other { .. }), "{answer:?}");
    save(store, &last, &changes("m1", &[], &[])).await;
    store.release(&last).await.unwrap();
    let answer = store.lease(&remembers, LONG, Expects::State).await.unwrap();
    assert_eq!(answer, Leased::Held { has_state: true });
}
