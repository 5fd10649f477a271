//! Flow 1 in bulk: blocks of rows in, the same rows with owners out, in their order, on every core, in memory that does not grow.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use super::locate::{MAX_ACCURACY_M, QuestionFault};
use crate::coverage::FaceIx;
use crate::crs::{Cgcs2000, Crs};
use crate::exchange::points::{Answered, Block, Cutter, Form, Found, Overlong};
use crate::grid::Unit;
use crate::locate::Located;
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
        let (mut points, mut located) = (Vec::new(), Vec::new());
        self.form.answer(block, |asked| {
            let read: Vec<Result<Cgcs2000, String>> =
                asked.iter().map(|(x, y)| self.crs.read(*x, *y).map_err(|fault| fault.to_string())).collect();
            points.clear();
            points.extend(read.iter().filter_map(|point| point.as_ref().ok()));
            snapshot.locator.locate_all(&points, self.accuracy_m, &mut located);
            let mut located = located.iter();
            let found = |point: Result<Cgcs2000, String>| {
                point.and_then(|_| located.next().map(|found| self.found(snapshot, found)).ok_or_else(String::new))
            };
            read.into_iter().map(found).collect()
        })
    }

    fn found<'a>(&'a self, snapshot: &'a Snapshot, located: &Located) -> Found<'a> {
        let code = |face| snapshot.hierarchy.unit_of_face(face).map(|ix| snapshot.hierarchy.unit(ix).code.as_str());
        Found {
            owner: located.owner.map_or(&self.nobody, |face| self.owner(snapshot, face)),
            distance_m: located.boundary_m,
            outcome: located.outcome,
            neighbours: located.neighbours.iter().filter_map(|near| code(near.face)).collect(),
        }
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

    /// Answers a whole stream on all cores: [`run`].
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
        run(|block| self.answer(snapshot, block), BLOCK_BYTES, (cutter, input), output, done)
    }
}

/// Answers a whole stream on all cores: one thread at a time reads a block of about `block_bytes`, each answers its own, and whoever finishes the block
/// that is to be written next writes it and those behind it that are finished; nobody else waits for that, unless far ahead. `done` is called
/// after each block is written. Memory: a block and its answers for each core, and the answers of sixteen blocks.
///
/// # Errors
/// [`BulkFault`]; every row before it is then written.
pub fn run(
    answer: impl Fn(&Block) -> Answered + Sync,
    block_bytes: usize,
    (cutter, input): (Cutter, impl Read + Send),
    output: impl Write + Send,
    done: impl FnMut(&Tally, &Answered) -> io::Result<()> + Send,
) -> Result<Tally, BulkFault> {
    let source = Mutex::new(Source { cutter: Some(cutter), input, block_bytes, next: 0, fault: None });
    let sink = Mutex::new(Sink::new(output, done));
    let turn = Condvar::new();
    let line = Line { source: &source, sink: &sink, turn: &turn };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from).clamp(1, MOST_THREADS) {
            scope.spawn(|| line.work(&answer));
        }
    });
    let Sink { writer, tally, fault, .. } = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (fault, writer) {
        (Some(fault), _) => Err(fault),
        (None, None) => Err(BulkFault::Crashed),
        (None, Some((mut output, _))) => output.flush().map_err(BulkFault::Output).map(|()| tally),
    }
}

/// More threads than these wait for each other's turn only.
const MOST_THREADS: usize = 16;
/// How many blocks may be finished before the one that is to be written next is: a thread that does not get its core for a while holds up
/// nobody until then.
const MOST_AHEAD: u64 = 16;

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
    block_bytes: usize,
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
            if cutter.ready() < self.block_bytes {
                let input = self.input.by_ref();
                let filled = cutter.fill(self.block_bytes, |buffer| {
                    ended = input.take(self.block_bytes as u64).read_to_end(buffer)? == 0;
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
    /// What writes, and what is told of it; with the thread that is writing while one is.
    writer: Option<(W, D)>,
    /// From the block that is written next, what has come of each: its answers, or why there are no more.
    finished: VecDeque<Option<io::Result<Answered>>>,
    /// The number of the block that is written next.
    next: u64,
    tally: Tally,
    fault: Option<BulkFault>,
}

impl<W, D> Sink<W, D> {
    const fn new(output: W, done: D) -> Self {
        let tally = Tally { rows: 0, bad: 0 };
        Self { writer: Some((output, done)), finished: VecDeque::new(), next: 0, tally, fault: None }
    }

    /// Puts what came of a block in its place; not of one that was written.
    fn put(&mut self, number: u64, came: io::Result<Answered>) {
        let place = (number - self.next) as usize;
        if self.finished.len() <= place {
            self.finished.resize_with(place + 1, || None);
        }
        self.finished[place] = Some(came);
    }

    /// Takes the answers that are to be written next, if they have come, and counts them.
    fn take(&mut self) -> Option<Answered> {
        let came = self.finished.front_mut()?.take()?;
        self.finished.pop_front();
        self.next += 1;
        match came {
            Ok(answered) => {
                self.tally.rows += answered.rows;
                self.tally.bad += answered.bad.len() as u64;
                Some(answered)
            }
            Err(error) => {
                self.fault = Some(BulkFault::Input { rows: self.tally.rows, error });
                None
            }
        }
    }
}

/// What the threads of one run share.
struct Line<'a, R, W, D> {
    source: &'a Mutex<Source<R>>,
    sink: &'a Mutex<Sink<W, D>>,
    /// Told when another block may be finished, and when something is at fault.
    turn: &'a Condvar,
}

impl<R: Read, W: Write, D: FnMut(&Tally, &Answered) -> io::Result<()>> Line<'_, R, W, D> {
    /// Blocks until there are none, or something is at fault.
    fn work(&self, answer: impl Fn(&Block) -> Answered) {
        // Whoever waits for this thread must not wait for ever should it end abnormally.
        let _watch = Watch(self);
        loop {
            let given = self.source.lock().unwrap_or_else(PoisonError::into_inner).block();
            let (number, came) = match given {
                Given::Block(number, block) => (number, Ok(answer(&block))),
                Given::Broken(number, error) => (number, Err(error)),
                Given::Ended => break,
            };
            let Some(mut sink) = self.room_for(number) else { break };
            sink.put(number, came);
            if self.write(sink).fault.is_some() {
                break;
            }
        }
    }

    /// Waits until a block is not too far ahead; `None` when that will not happen.
    fn room_for(&self, number: u64) -> Option<MutexGuard<'_, Sink<W, D>>> {
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.turn.wait_while(sink, |sink| number - sink.next > MOST_AHEAD && sink.fault.is_none());
        Some(wait.unwrap_or_else(PoisonError::into_inner)).filter(|sink| sink.fault.is_none())
    }

    /// Writes what can be written, unless another thread is at it: that one then comes to all that was put here. Nobody waits meanwhile.
    fn write<'s>(&'s self, mut sink: MutexGuard<'s, Sink<W, D>>) -> MutexGuard<'s, Sink<W, D>> {
        let Some((mut output, mut done)) = sink.writer.take() else { return sink };
        while sink.fault.is_none()
            && let Some(answered) = sink.take()
        {
            let tally = sink.tally;
            drop(sink);
            self.turn.notify_all();
            let written = output.write_all(&answered.bytes).and_then(|()| done(&tally, &answered));
            drop(answered);
            sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.fault = sink.fault.take().or(written.err().map(BulkFault::Output));
        }
        sink.writer = Some((output, done));
        if sink.fault.is_some() {
            self.turn.notify_all();
        }
        sink
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_written_in_order_whoever_finishes_first_and_up_to_the_fault() {
        let written = Mutex::new(Vec::new());
        let sink = Mutex::new(Sink::new(io::sink(), |tally: &Tally, answered: &Answered| {
            written.lock().unwrap_or_else(PoisonError::into_inner).push((tally.rows, answered.rows));
            Ok(())
        }));
        let source =
            Mutex::new(Source { cutter: None, input: io::empty(), block_bytes: BLOCK_BYTES, next: 0, fault: None });
        let line = Line { source: &source, sink: &sink, turn: &Condvar::new() };
        let finish = |number: u64, came| {
            let mut sink = line.room_for(number).expect("there is room");
            sink.put(number, came);
            drop(line.write(sink));
            written.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        let rows = |rows| Ok(Answered { rows, ..Answered::default() });
        assert_eq!(finish(2, rows(4)), []);
        assert_eq!(finish(0, rows(1)), [(1, 1)]);
        assert_eq!(finish(4, rows(16)), [(1, 1)]);
        assert_eq!(finish(3, Err(io::Error::other("broken"))), [(1, 1)]);
        assert_eq!(finish(1, rows(2)), [(1, 1), (3, 2), (7, 4)], "and not what is behind the fault");
        assert!(line.room_for(5).is_none());
        let fault = sink.into_inner().map(|sink| sink.fault);
        assert!(matches!(fault, Ok(Some(BulkFault::Input { rows: 7, .. }))));
    }
}
