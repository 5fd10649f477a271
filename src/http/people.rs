//! Who answers for a unit, as it goes out: names and phones masked for everybody, and saying so.

use serde::Serialize;

use super::mask::{MaskedName, MaskedPhone};
use crate::grid::people::{OnDuty, Person, Role};

#[derive(Debug, Serialize)]
pub(super) struct People<'a> {
    officer: Option<Contact>,
    specialists: Vec<Specialist<'a>>,
    branch: Option<Branch<'a>>,
    masked: bool,
}

#[derive(Debug, Serialize)]
struct Contact {
    name: MaskedName,
    phone: MaskedPhone,
}

#[derive(Debug, Serialize)]
struct Specialist<'a> {
    kind: &'a str,
    #[serde(flatten)]
    contact: Contact,
    org: &'a str,
}

#[derive(Debug, Serialize)]
struct Branch<'a> {
    name: &'a str,
    kind: &'a str,
}

impl Contact {
    fn of(person: &Person) -> Self {
        Self { name: MaskedName::new(&person.name), phone: MaskedPhone::new(&person.phone) }
    }
}

impl<'a> People<'a> {
    pub(super) fn masked(duty: &OnDuty<'a>) -> Self {
        let specialist = |person: &&'a Person| match &person.role {
            Role::Specialist { line } => {
                Some(Specialist { kind: line, contact: Contact::of(person), org: &person.org })
            }
            Role::Officer | Role::Secretary | Role::Advisor => None,
        };
        Self {
            officer: duty.officer.map(Contact::of),
            specialists: duty.specialists.iter().filter_map(specialist).collect(),
            branch: duty.branch.map(|branch| Branch { name: &branch.name, kind: &branch.kind }),
            masked: true,
        }
    }

    /// Of a unit those of its street: all its units have the same.
    pub(super) const fn specialists(&self) -> &(impl Serialize + use<'a>) {
        &self.specialists
    }
}
