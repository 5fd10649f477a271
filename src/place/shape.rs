//! Which characters look alike: what a tired eye or a scanner takes one for the other.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The groups that each character belongs to.
static GROUPS: LazyLock<HashMap<char, Vec<u16>>> = LazyLock::new(|| {
    let mut groups: HashMap<char, Vec<u16>> = HashMap::new();
    let lines = include_str!("shapes.txt").lines().filter(|line| !line.starts_with('#'));
    for (at, line) in lines.enumerate() {
        line.chars().for_each(|c| groups.entry(c).or_default().push(at as u16));
    }
    groups
});

/// Whether two characters look alike.
#[must_use]
pub fn alike(a: char, b: char) -> bool {
    match (GROUPS.get(&a), GROUPS.get(&b)) {
        (Some(of_a), Some(of_b)) => of_a.iter().any(|group| of_b.contains(group)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_alike() {
        assert!(alike('粟', '栗') && alike('灿', '仙') && alike('仙', '灿'));
        assert!(!alike('隆', '楼') && !alike('a', 'b'));
    }
}
