//! Drafts: changes that are not in force yet, and their way through review. A draft is the fold of its log; nothing in the log is ever rewritten.

use jiff::Timestamp;
use jiff::civil::Date;

use super::change::Change;

/// Who does something, and for which part of the district he may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub name: String,
    pub scope: Scope,
}

/// For which units somebody may decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    District,
    /// Those of these codes and all below them.
    Units(Vec<String>),
}

impl Scope {
    /// Whether a unit is in it, by the codes of the unit and all above it.
    #[must_use]
    pub fn covers<'a>(&self, mut chain: impl Iterator<Item = &'a str>) -> bool {
        match self {
            Self::District => true,
            Self::Units(codes) => chain.any(|code| codes.iter().any(|known| known == code)),
        }
    }
}

/// What happened to a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The first of every log.
    Opened {
        title: String,
        base: u64,
    },
    /// Changes made together: one step.
    Changed {
        changes: Vec<Change>,
    },
    /// A step was undone: that of the entry with this number. `steps` are later ones that read differently without it.
    Undone {
        step: u64,
        steps: Vec<(u64, Vec<Change>)>,
    },
    /// The draft was replayed on a later version; the steps that stand now read so, by the number of their entry.
    Rebased {
        base: u64,
        steps: Vec<(u64, Vec<Change>)>,
    },
    Submitted {
        effective: Date,
        document: String,
        reason: String,
    },
    Returned {
        reason: String,
    },
    /// `complete` when with this word everybody concerned has agreed.
    Approved {
        note: String,
        complete: bool,
    },
    Published {
        version: u64,
    },
    Discarded,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// 1, 2, 3 … within the draft.
    pub number: u64,
    pub actor: Actor,
    pub at: Timestamp,
    pub entry: Entry,
}

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Being worked on; a returned one is again.
    Draft,
    Submitted,
    Approved,
    Published,
    Discarded,
}

impl State {
    /// Every state with the word that the wire uses for it.
    pub const WORDS: [(Self, &'static str); 5] = [
        (Self::Draft, "draft"),
        (Self::Submitted, "submitted"),
        (Self::Approved, "approved"),
        (Self::Published, "published"),
        (Self::Discarded, "discarded"),
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(state, _)| *state == self).map_or("", |(_, word)| word)
    }
}

/// Changes made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the entry that made it.
    pub number: u64,
    pub by: String,
    pub at: Timestamp,
    pub changes: Vec<Change>,
    /// An undone step stays in the log and out of the draft.
    pub undone: bool,
}

/// What was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The day from which the boundaries are to hold.
    pub effective: Date,
    pub document: String,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
}

/// Somebody's word on a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    pub by: Actor,
    pub at: Timestamp,
    pub note: String,
}

/// A draft as its log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: u64,
    pub title: String,
    pub author: Actor,
    pub opened: Timestamp,
    /// The version that its steps are made on.
    pub base: u64,
    pub state: State,
    pub steps: Vec<Step>,
    /// What was handed in last; stays when it was returned.
    pub submission: Option<Submission>,
    /// Of the last submission.
    pub approvals: Vec<Approval>,
    /// Why it was returned last.
    pub returned: Option<String>,
    /// The version it became.
    pub version: Option<u64>,
    /// Number of the last entry.
    pub last: u64,
    pub changed: Timestamp,
}

/// A log that tells no draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    #[error("entry {0} is not the next one")]
    OutOfOrder(u64),
    #[error("the log does not begin with the opening of the draft")]
    NotOpened,
    #[error("entry {0} opens a draft that is open")]
    OpenedTwice(u64),
    #[error("entry {0} names a step that is not there")]
    NoStep(u64),
}

impl Draft {
    /// Reads a log.
    ///
    /// # Errors
    /// [`LogFault`] for a log that was not written by following a draft.
    pub fn fold(id: u64, log: &[Logged]) -> Result<Self, LogFault> {
        let (first, rest) = log.split_first().ok_or(LogFault::NotOpened)?;
        let Entry::Opened { title, base } = &first.entry else { return Err(LogFault::NotOpened) };
        if first.number != 1 {
            return Err(LogFault::OutOfOrder(first.number));
        }
        let mut draft = Self {
            id,
            title: title.clone(),
            author: first.actor.clone(),
            opened: first.at,
            base: *base,
            state: State::Draft,
            steps: Vec::new(),
            submission: None,
            approvals: Vec::new(),
            returned: None,
            version: None,
            last: 1,
            changed: first.at,
        };
        rest.iter().try_for_each(|logged| draft.follow(logged))?;
        Ok(draft)
    }

    /// Takes in the next entry.
    ///
    /// # Errors
    /// As [`Draft::fold`]; the draft is then as it was.
    pub fn follow(&mut self, logged: &Logged) -> Result<(), LogFault> {
        if logged.number != self.last + 1 {
            return Err(LogFault::OutOfOrder(logged.number));
        }
        match &logged.entry {
            Entry::Opened { .. } => return Err(LogFault::OpenedTwice(logged.number)),
            Entry::Changed { changes } => self.steps.push(Step {
                number: logged.number,
                by: logged.actor.name.clone(),
                at: logged.at,
                changes: changes.clone(),
                undone: false,
            }),
            Entry::Undone { step, steps } => {
                self.step_mut(*step)?;
                self.reword(steps)?;
                self.step_mut(*step)?.undone = true;
            }
            Entry::Rebased { base, steps } => {
                self.reword(steps)?;
                self.base = *base;
            }
            Entry::Submitted { effective, document, reason } => {
                self.submission = Some(Submission {
                    effective: *effective,
                    document: document.clone(),
                    reason: reason.clone(),
                    by: logged.actor.name.clone(),
                    at: logged.at,
                });
                (self.approvals, self.returned, self.state) = (Vec::new(), None, State::Submitted);
            }
            Entry::Returned { reason } => (self.returned, self.state) = (Some(reason.clone()), State::Draft),
            Entry::Approved { note, complete } => {
                let (by, at, note) = (logged.actor.clone(), logged.at, note.clone());
                self.approvals.push(Approval { by, at, note });
                if *complete {
                    self.state = State::Approved;
                }
            }
            Entry::Published { version } => (self.version, self.state) = (Some(*version), State::Published),
            Entry::Discarded => self.state = State::Discarded,
        }
        (self.last, self.changed) = (logged.number, logged.at);
        Ok(())
    }

    fn reword(&mut self, steps: &[(u64, Vec<Change>)]) -> Result<(), LogFault> {
        for (number, _) in steps {
            self.step_mut(*number)?;
        }
        for (number, changes) in steps {
            self.step_mut(*number)?.changes.clone_from(changes);
        }
        Ok(())
    }

    fn step_mut(&mut self, number: u64) -> Result<&mut Step, LogFault> {
        self.steps.iter_mut().find(|step| step.number == number).ok_or(LogFault::NoStep(number))
    }

    /// The changes that stand, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().filter(|step| !step.undone).flat_map(|step| &step.changes)
    }

    /// Whether somebody had a hand in it: opened it, changed it or handed it in. Whoever did may not approve it (four eyes).
    #[must_use]
    pub fn is_by(&self, name: &str) -> bool {
        let handed_in = self.submission.as_ref().is_some_and(|submission| submission.by == name);
        self.author.name == name || handed_in || self.steps.iter().any(|step| step.by == name)
    }
}
