//! Flow 1 in bulk: blocks of rows in, the same rows with owners out, in their order, on every core, in memory that does not grow.

use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use super::locate::{MAX_ACCURACY_M, QuestionFault};
use crate::coverage::FaceIx;
use crate::crs::Crs;
use crate::exchange::points::{Answered, Block, Cutter, Form, Found, Overlong};
use crate::grid::Unit;
use crate::snapshot::Snapshot;

/// How much is read at once, and so about how large a block is.
pub const BLOCK_BYTES: usize = 256 << 10;

/// One question for every row: the form of the rows, the system of their numbers, how sure they are.
///
/// What a unit adds to a row is written once, when the first row is found in it. Memory: 24 bytes a unit, and the texts of the units found.
#[derive(Debug)]
pub struct Bulk {
    form: Form,
    crs: Crs,
    accuracy_m: f64,
    owners: Box<[OnceLock<Box<[u8]>>]>,
    nobody: Box<[u8]>,
}

impl Bulk {
    /// # Errors
    /// [`QuestionFault`] when the accuracy is not 0 … [`MAX_ACCURACY_M`] or nobody knows the system.
    pub fn new(snapshot: &Snapshot, form: Form, crs: Crs, accuracy_m: f64) -> Result<Self, QuestionFault> {
        if !(0.0..=MAX_ACCURACY_M).contains(&accuracy_m) {
            return Err(QuestionFault::Accuracy(accuracy_m));
        }
        // A system that does not exist is told once and not in every row.
        if let Crs::Plane(plane) = crs {
            plane.check()?;
        }
        let owners = snapshot.coverage.faces().iter().map(|_| OnceLock::new()).collect();
        let nobody = form.owner_cells("", "", "");
        Ok(Self { form, crs, accuracy_m, owners, nobody })
    }

    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// Every row of a block with its owner, from the snapshot that this was made for. A row that cannot be answered says why.
    #[must_use]
    pub fn answer(&self, snapshot: &Snapshot, block: &Block) -> Answered {
        self.form.answer(block, |x, y| self.find(snapshot, x, y))
    }

    fn find<'a>(&'a self, snapshot: &'a Snapshot, x: f64, y: f64) -> Result<Found<'a>, String> {
        let point = self.crs.read(x, y).map_err(|fault| fault.to_string())?;
        let located = snapshot.locator.locate(point, self.accuracy_m);
        let code = |face| snapshot.hierarchy.unit_of_face(face).map(|ix| snapshot.hierarchy.unit(ix).code.as_str());
        Ok(Found {
            owner: located.owner.map_or(&self.nobody, |face| self.owner(snapshot, face)),
            distance_m: located.boundary_m,
            outcome: located.outcome,
            neighbours: located.neighbours.iter().filter_map(|near| code(near.face)).collect(),
        })
    }

    fn owner(&self, snapshot: &Snapshot, face: FaceIx) -> &[u8] {
        let Some(owner) = self.owners.get(face.ix()) else { return &self.nobody };
        owner.get_or_init(|| {
            let hierarchy = &snapshot.hierarchy;
            let Some(ix) = hierarchy.unit_of_face(face) else { return self.nobody.clone() };
            let called = |unit: &Unit| if unit.name.is_empty() { unit.code.clone() } else { unit.name.clone() };
            let chain: Vec<String> = hierarchy.chain(ix).into_iter().map(|ix| called(hierarchy.unit(ix))).collect();
            let unit = hierarchy.unit(ix);
            self.form.owner_cells(&unit.code, &unit.name, &chain.join(" > "))
        })
    }

    /// Answers a whole stream on all cores: one thread at a time reads a block, each answers its own, and they write in turn. `head` is what
    /// was read already; `done` is called after each block is written. Memory: two blocks and their answers for each core.
    ///
    /// # Errors
    /// [`BulkFault`]; every row before it is then written.
    pub fn run(
        &self,
        snapshot: &Snapshot,
        (cutter, input): (Cutter, impl Read + Send),
        output: impl Write + Send,
        done: impl FnMut(&Tally, &Answered) -> io::Result<()> + Send,
    ) -> Result<Tally, BulkFault> {
        let source = Mutex::new(Source { cutter: Some(cutter), input, next: 0, fault: None });
        let sink = Mutex::new(Sink { output, done, next: 0, tally: Tally::default(), fault: None });
        let turn = Condvar::new();
        let line = Line { source: &source, sink: &sink, turn: &turn };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(2, usize::from).clamp(1, MOST_THREADS) {
                scope.spawn(|| line.work(|block| self.answer(snapshot, block)));
            }
        });
        let Sink { mut output, tally, fault, .. } = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => Err(fault),
            None => output.flush().map_err(BulkFault::Output).map(|()| tally),
        }
    }
}

/// More threads than these wait for each other's turn only.
const MOST_THREADS: usize = 16;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: u64,
    pub bad: u64,
}

/// Why a run ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum BulkFault {
    #[error("after row {rows}: {error}")]
    Input { rows: u64, error: io::Error },
    #[error(transparent)]
    Output(io::Error),
    #[error("a thread ended abnormally")]
    Crashed,
}

struct Source<R> {
    /// `None` after the end.
    cutter: Option<Cutter>,
    input: R,
    next: u64,
    /// Found while reading, told when the rows before it are given out.
    fault: Option<io::Error>,
}

/// What reading gives, with its number.
enum Given {
    Block(u64, Block),
    Broken(u64, io::Error),
    Ended,
}

impl<R: Read> Source<R> {
    fn block(&mut self) -> Given {
        loop {
            if let Some(fault) = self.fault.take() {
                self.cutter = None;
                return Given::Broken(self.next, fault);
            }
            let Some(cutter) = &mut self.cutter else { return Given::Ended };
            let mut ended = false;
            if cutter.ready() < BLOCK_BYTES {
                let input = self.input.by_ref();
                let filled = cutter.fill(BLOCK_BYTES, |buffer| {
                    ended = input.take(BLOCK_BYTES as u64).read_to_end(buffer)? == 0;
                    Ok::<(), Ended>(())
                });
                self.fault = filled.err().map(|Ended(fault)| fault);
            }
            let block = if ended { self.cutter.take().and_then(Cutter::finish) } else { cutter.take() };
            if let Some(block) = block {
                self.next += 1;
                return Given::Block(self.next - 1, block);
            }
        }
    }
}

/// What ends reading.
struct Ended(io::Error);

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self(error)
    }
}

impl From<Overlong> for Ended {
    fn from(overlong: Overlong) -> Self {
        Self(io::Error::new(io::ErrorKind::InvalidData, overlong))
    }
}

struct Sink<W, D> {
    output: W,
    done: D,
    /// The number of the block that is written next.
    next: u64,
    tally: Tally,
    fault: Option<BulkFault>,
}

/// What the threads of one run share.
struct Line<'a, R, W, D> {
    source: &'a Mutex<Source<R>>,
    sink: &'a Mutex<Sink<W, D>>,
    turn: &'a Condvar,
}

impl<R: Read, W: Write, D: FnMut(&Tally, &Answered) -> io::Result<()>> Line<'_, R, W, D> {
    /// Blocks until there are none, or something is at fault.
    fn work(&self, answer: impl Fn(&Block) -> Answered) {
        // Whoever waits for this thread's turn must not wait for ever should it end abnormally.
        let _watch = Watch(self);
        loop {
            let given = self.source.lock().unwrap_or_else(PoisonError::into_inner).block();
            let (number, block) = match given {
                Given::Block(number, block) => (number, block),
                Given::Ended => break,
                Given::Broken(number, error) => {
                    if let Some(mut sink) = self.my_turn(number) {
                        sink.fault = Some(BulkFault::Input { rows: sink.tally.rows, error });
                    }
                    break;
                }
            };
            let answered = answer(&block);
            drop(block);
            let Some(mut sink) = self.my_turn(number) else { break };
            sink.tally.rows += answered.rows;
            sink.tally.bad += answered.bad.len() as u64;
            let Sink { output, done, tally, .. } = &mut *sink;
            let written = output.write_all(&answered.bytes).and_then(|()| done(tally, &answered));
            sink.next += 1;
            if let Err(error) = written {
                sink.fault = Some(BulkFault::Output(error));
            }
            drop(sink);
            self.turn.notify_all();
        }
    }

    /// Waits until every block before `number` is written; `None` when that will not happen.
    fn my_turn(&self, number: u64) -> Option<MutexGuard<'_, Sink<W, D>>> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.turn.wait_while(sink, |sink| sink.next != number && sink.fault.is_none());
        Some(wait.unwrap_or_else(PoisonError::into_inner)).filter(|sink| sink.fault.is_none())
    }
}

/// Tells the others when a thread ends before it said so.
struct Watch<'a, 'b, R, W, D>(&'a Line<'b, R, W, D>);

impl<R, W, D> Drop for Watch<'_, '_, R, W, D> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let mut sink = self.0.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.fault.get_or_insert(BulkFault::Crashed);
        drop(sink);
        self.0.turn.notify_all();
    }
}
