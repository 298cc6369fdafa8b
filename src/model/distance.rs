//! How many letters two texts differ by.

/// The optimal string alignment distance: inserted, missing, replaced and swapped letters; `None`
/// where it is more than `most`.
pub fn within(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, y) in b.iter().enumerate() {
            let replaced = last[column] + usize::from(x != y);
            let mut least = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            let is_swap = row > 0 && column > 0 && *x == b[column - 1] && a[row - 1] == *y;
            if is_swap {
                least = least.min(before[column - 1] + 1);
            }
            this.push(least);
        }
        if this.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut last, this);
    }
    last.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_were_typed_wrongly_are_counted() {
        assert_eq!(within("fabrikam", "fabrikam", 2), Some(0));
        assert_eq!(within("fabrikam", "farbikam", 2), Some(1));
        assert_eq!(within("fabrikam", "fabricam", 2), Some(1));
        assert_eq!(within("fabrikam", "fabrikm", 2), Some(1));
        assert_eq!(within("", "ab", 2), Some(2));
        assert_eq!(within("fabrikam", "contoso", 2), None);
    }
}
