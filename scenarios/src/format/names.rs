//! The nearest valid name to one that is not.

/// The valid name that a wrong one most likely means, if any is near.
#[must_use]
pub fn nearest<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong_folded = wrong.to_lowercase().replace('-', "_");
    let reach = (wrong.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for name in valid {
        let name_folded = name.to_lowercase().replace('-', "_");
        let distance = strsim::damerau_levenshtein(&wrong_folded, &name_folded);
        // Two short words are always near each other; something must be left in common.
        let related = distance < name.chars().count() || wrong.chars().count() == 1;
        let better = best.is_none_or(|(shortest, _)| distance < shortest);
        if distance <= reach && related && better {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// Help for a wrong name: the nearest valid one, else the valid ones.
#[must_use]
pub fn suggest<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let valid: Vec<&str> = valid.into_iter().collect();
    if let Some(name) = nearest(wrong, valid.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    match valid.as_slice() {
        [] => None,
        [one] => Some(format!("expected `{one}`")),
        many => Some(format!("expected one of {}", list_names(many))),
    }
}

/// Names in backticks, separated by commas; a long list is cut.
#[must_use]
pub fn list_names(names: &[&str]) -> String {
    const SHOWN_MAX: usize = 40;
    let shown = names.iter().take(SHOWN_MAX).map(|name| format!("`{name}`"));
    let mut text = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN_MAX {
        text.push_str(&format!(" and {} more", names.len() - SHOWN_MAX));
    }
    text
}
