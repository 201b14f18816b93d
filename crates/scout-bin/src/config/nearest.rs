//! The known name that a misspelt one was probably meant to be.

/// No key is as long; a longer name is not worth the comparison.
const NAME_CHARS: usize = 64;

/// The candidate with the fewest edits from `name`; `None` when even that one would have to change in more than
/// a third of its letters.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().count() > NAME_CHARS {
        return None;
    }
    let (distance, candidate) = candidates.map(|candidate| (edits(name, candidate), candidate)).min()?;
    (distance > 0 && distance * 3 <= candidate.len()).then_some(candidate)
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour to make one of the other.
fn edits(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    // Row `i`, column `j`: edits between the first `i` letters of one and the first `j` of the other.
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}
