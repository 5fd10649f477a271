//! Which of the names that overlap in a text are meant: those that together say most of it, and of these the fewest.

use super::names::Mention;

/// What a mention costs, so that one long name is better than two short ones.
const EACH: f64 = 0.4;

/// The mentions that `wanted` allows, without overlap, that cover most characters; in the order of the text.
#[must_use]
pub fn longest(mentions: &[Mention], wanted: impl Fn(&Mention) -> bool) -> Vec<Mention> {
    let mut all: Vec<&Mention> = mentions.iter().filter(|mention| wanted(mention)).collect();
    all.sort_by_key(|mention| (mention.end, mention.start));
    // For the mentions up to each one: what they cover at best, whether it is one of them, and how many of those before it end where it begins.
    let mut best: Vec<(f64, bool, usize)> = Vec::with_capacity(all.len() + 1);
    best.push((0.0, false, 0));
    for (at, mention) in all.iter().enumerate() {
        let before = all[..at].partition_point(|other| other.end <= mention.start);
        let with = best[before].0 + mention.chars() as f64 - EACH;
        let without = best[at].0;
        best.push(if with >= without { (with, true, before) } else { (without, false, at) });
    }
    let (mut chosen, mut at) = (Vec::new(), all.len());
    while at > 0 {
        let (_, taken, before) = best[at];
        if taken {
            chosen.push(*all[at - 1]);
        }
        at = before;
    }
    chosen.reverse();
    chosen
}
