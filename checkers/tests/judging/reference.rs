//! The reference page is made from the code.

use seedbed_checkers::judge::reference_page;

#[test]
fn the_page_of_models_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/models.md");
    let page = reference_page();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == page, "docs/reference/models.md is stale: UPDATE_GOLDEN=1 rewrites it");
}
