//! The known word that a misspelt one was most likely meant to be.

/// Words longer than this are not compared: the comparison is quadratic.
const MAX_CHARS: usize = 64;

/// The candidate that differs from `word` in few letters, in any case.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = word.chars().count();
    if length > MAX_CHARS {
        return None;
    }
    let word = word.to_lowercase();
    let (distance, candidate) = candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count() <= MAX_CHARS)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= (length / 3).max(1)).then_some(candidate)
}
