//! Codes for new units: the next that was never used, by the district's scheme.

use std::collections::HashSet;

use super::{AskFault, DraftFault, Drafts, Open, lock};
use crate::grid::Level;
use crate::grid::change::{Change, Row};
use crate::grid::draft::State;

/// Every code that a unit has, had, or will have if a draft is published.
#[derive(Debug)]
pub(super) struct Codes {
    used: HashSet<String>,
    levels: Vec<Level>,
}

impl Drafts {
    pub(super) fn codes(&self, open: &Open) -> Result<Codes, DraftFault> {
        let head = self.serving.state();
        let snapshot = &head.snapshot;
        let mut used: HashSet<String> = snapshot.hierarchy.units().iter().map(|unit| unit.code.clone()).collect();
        for row in snapshot.history.lineage() {
            used.extend([row.old.clone(), row.new.clone()]);
        }
        let mut reserved = lock(&self.reserved);
        if reserved.is_none() {
            let drafts = self.list()?;
            // Those of steps that were undone too: they may be made again.
            let steps = drafts.iter().filter(|d| d.state != State::Discarded).flat_map(|draft| &draft.steps);
            *reserved = Some(steps.flat_map(|step| step.changes.iter().flat_map(begun)).collect());
        }
        used.extend(reserved.iter().flatten().cloned());
        Ok(Codes { used, levels: open.base.snapshot.district.levels.clone() })
    }

    /// Keeps other drafts from giving the codes of these changes to units of theirs.
    pub(super) fn keep_codes(&self, changes: &[Change]) {
        if let Some(reserved) = lock(&self.reserved).as_mut() {
            reserved.extend(changes.iter().flat_map(begun));
        }
    }
}

/// The codes that a change gives.
fn begun(change: &Change) -> impl Iterator<Item = String> {
    change.rows.iter().filter_map(|row| row.after.as_ref()).map(|row| row.code.clone())
}

impl Codes {
    /// A code for a new unit below `parent`: the one asked for, if it may be, or the next.
    pub(super) fn take(&mut self, parent: &Row, asked: Option<&str>) -> Result<String, AskFault> {
        let length = self.levels.get(usize::from(parent.level) + 1).and_then(|level| level.code_length);
        let code = match (asked, length) {
            (Some(asked), _) => {
                let code = asked.to_owned();
                if self.used.contains(&code) {
                    return Err(AskFault::CodeWasUsed(code));
                }
                if let Some(length) = length
                    && !(code.chars().count() == length && code.starts_with(&parent.code))
                {
                    return Err(AskFault::CodeForm { code, length, parent: parent.code.clone() });
                }
                code
            }
            (None, Some(length)) => self.next(&parent.code, length)?,
            (None, None) => return Err(AskFault::CodeNeeded),
        };
        self.used.insert(code.clone());
        Ok(code)
    }

    /// Whether codes of a level are given by a scheme.
    pub(super) fn has_scheme(&self, level: u8) -> bool {
        self.levels.get(usize::from(level)).is_some_and(|level| level.code_length.is_some())
    }

    fn next(&self, parent: &str, length: usize) -> Result<String, AskFault> {
        let digits = length.saturating_sub(parent.chars().count());
        let most = 10_u64.checked_pow(u32::try_from(digits).unwrap_or(u32::MAX)).unwrap_or(u64::MAX);
        let after_last = self.used.iter().filter(|code| code.chars().count() == length);
        let number = |code: &String| code.strip_prefix(parent).and_then(|rest| rest.parse::<u64>().ok());
        let next = after_last.filter_map(number).max().unwrap_or(0) + 1;
        if digits == 0 || next >= most {
            return Err(AskFault::CodesUsedUp(parent.to_owned()));
        }
        Ok(format!("{parent}{next:0digits$}"))
    }
}

/// The name of a unit that was cut off another: the number in it is that of the new code.
pub(super) fn renumbered(old: &Row, code: &str) -> String {
    let number = |code: &str| {
        let tail: String = code.chars().rev().take(3).collect::<Vec<_>>().into_iter().rev().collect();
        tail.parse::<u32>().ok()
    };
    let Some(new) = number(code) else { return format!("{}（分）", old.name) };
    if let Some(was) = number(&old.code) {
        let was = was.to_string();
        // The number as a word of its own, the last of them.
        let digit = |at: usize| old.name.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let alone = |at: &usize| !digit(at + was.len()) && !at.checked_sub(1).is_some_and(digit);
        if let Some(at) = old.name.rmatch_indices(was.as_str()).map(|(at, _)| at).find(alone) {
            return format!("{}{new}{}", &old.name[..at], &old.name[at + was.len()..]);
        }
    }
    format!("{}（{new}）", old.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str, name: &str) -> Row {
        Row {
            id: 1,
            level: 0,
            code: code.to_owned(),
            name: name.to_owned(),
            parent: None,
            class: String::new(),
            households: 0,
            population: 0,
        }
    }

    #[test]
    fn the_next_code_was_never_used_and_one_asked_for_fits_the_scheme() {
        let level = |length| Level {
            key: "k".to_owned(),
            name: String::new(),
            name_en: String::new(),
            code_length: length,
            bands: Vec::new(),
        };
        let used = ["37001", "37007", "38002"].map(str::to_owned).into();
        let mut codes = Codes { used, levels: vec![level(Some(2)), level(Some(5))] };
        let parent = row("37", "");
        assert_eq!(codes.take(&parent, None).as_deref(), Ok("37008"));
        assert_eq!(codes.take(&parent, None).as_deref(), Ok("37009"));
        assert_eq!(codes.take(&parent, Some("37002")).as_deref(), Ok("37002"));
        assert_eq!(codes.take(&parent, Some("37002")), Err(AskFault::CodeWasUsed("37002".to_owned())));
        assert!(matches!(codes.take(&parent, Some("39002")), Err(AskFault::CodeForm { length: 5, .. })));
        assert_eq!(codes.take(&parent, Some("37999")).as_deref(), Ok("37999"));
        assert_eq!(codes.take(&parent, None), Err(AskFault::CodesUsedUp("37".to_owned())));
        codes.levels.pop();
        assert_eq!(codes.take(&parent, None), Err(AskFault::CodeNeeded));
    }

    #[test]
    fn a_unit_cut_off_is_named_by_its_number() {
        let named = |name, code| renumbered(&row("370871001003001001", name), code);
        assert_eq!(named("王庄社区第一网格1号微网格", "370871001003001012"), "王庄社区第一网格12号微网格");
        assert_eq!(named("11号院1号", "370871001003001002"), "11号院2号");
        assert_eq!(named("医院", "370871001003001002"), "医院（2）");
        assert_eq!(named("医院", "x"), "医院（分）");
    }
}
