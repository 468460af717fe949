//! The tape: a list of steps in the order they were computed.
//!
//! A step holds where its inputs came from and one boxed function that turns the
//! gradient of its output into gradients of its inputs. Because steps are in
//! order, walking the list from its end visits each after all that use it: no
//! graph is sorted and nothing recurses, in the walk or when a long tape is
//! dropped.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use ndarray::{ArcArray, Array, ArrayBase, ArrayD, DataOwned, Dimension, IxDyn};
use tensor::Element;

use crate::buffers::Buffers;
use crate::{ParentGradients, Var};

/// Records operators on its variables, to be differentiated by [`Var::backward`].
///
/// Cloning gives another handle to the same tape. A tape stays on its thread;
/// operators use all threads inside.
///
/// `backward` empties the tape, so one serves a whole training. It is faster than a
/// new one for each step, because a tape keeps the memory of its last step for the
/// next; memory that two steps did not use is freed. What is computed and never
/// differentiated belongs into [`no_grad`](Self::no_grad), or it stays on the tape.
#[derive(Clone)]
pub struct Tape<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    recording: Cell<bool>,
    leaves: Cell<usize>,
    steps: RefCell<Steps<T>>,
    buffers: RefCell<Buffers<T>>,
}

/// The steps that were not walked yet.
struct Steps<T> {
    /// Number of the first one: those before are walked and freed.
    first: usize,
    list: Vec<Step<T>>,
}

/// One operator's part of the backward walk.
pub(crate) struct Step<T> {
    pub(crate) parents: Vec<Parent>,
    pub(crate) backward: Backward<T>,
}

/// Takes the gradient of a step's output, adds to those of its inputs.
pub(crate) type Backward<T> = Box<dyn FnOnce(ArrayD<T>, &mut ParentGradients<'_, T>)>;

/// An input of a step.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) origin: Origin,
    pub(crate) shape: IxDyn,
}

/// Where a variable came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing is differentiated with respect to it.
    Constant,
    /// A parameter, by number.
    Leaf(usize),
    /// The output of a step, by number.
    Step(usize),
}

impl<T: Element> Tape<T> {
    /// An empty tape.
    #[must_use]
    pub fn new() -> Self {
        let steps = RefCell::new(Steps { first: 0, list: Vec::new() });
        let (recording, leaves) = (Cell::new(true), Cell::new(0));
        let buffers = RefCell::new(Buffers::new());
        Self { inner: Rc::new(Inner { recording, leaves, steps, buffers }) }
    }

    /// A leaf that gets a gradient.
    ///
    /// An `ArcArray` is shared, not copied.
    pub fn parameter<S, D>(&self, array: ArrayBase<S, D>) -> Var<T>
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        let leaf = self.inner.leaves.get();
        self.inner.leaves.set(leaf + 1);
        Var::new(self, Origin::Leaf(leaf), array)
    }

    /// A leaf without a gradient: data, targets.
    ///
    /// An `ArcArray` is shared, not copied.
    pub fn constant<S, D>(&self, array: ArrayBase<S, D>) -> Var<T>
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        Var::new(self, Origin::Constant, array)
    }

    /// Runs `work` without recording: what it computes is constant and keeps
    /// nothing for a backward walk. May be nested.
    pub fn no_grad<R>(&self, work: impl FnOnce() -> R) -> R {
        /// Restores the state also when `work` panics.
        struct Restore<'a>(&'a Cell<bool>, bool);
        impl Drop for Restore<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let recording = &self.inner.recording;
        let _restore = Restore(recording, recording.replace(false));
        let result = work();
        if self.is_empty() {
            // Between steps; within one, the backward walk will want its memory.
            self.tidy();
        }
        result
    }

    /// Forgets what was recorded, as `backward` does, but for the gradients: for a step
    /// that turned out to have nothing to learn from.
    pub fn clear(&self) {
        let _unused = self.take_until(Origin::Constant);
        self.tidy();
    }

    /// Operators recorded since the last backward walk.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.steps.borrow().list.len()
    }

    /// Whether nothing is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether operators are recorded just now, see [`Tape::no_grad`].
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.inner.recording.get()
    }

    /// An array with **unspecified values**, in memory of an earlier step if there is
    /// some of that size.
    pub(crate) fn take<D: Dimension>(&self, shape: D) -> Array<T, D> {
        self.inner.buffers.borrow_mut().take(shape)
    }

    /// Takes back an array that is no longer needed.
    pub(crate) fn give<D: Dimension>(&self, array: Array<T, D>) {
        self.inner.buffers.borrow_mut().give(array);
    }

    /// Shares an array whose memory comes back when no one holds it any more.
    pub(crate) fn share<D: Dimension>(&self, array: Array<T, D>) -> ArcArray<T, D> {
        let shared = array.into_shared();
        self.inner.buffers.borrow_mut().lend(&shared);
        shared
    }

    /// Frees memory that was not used for two steps.
    pub(crate) fn tidy(&self) {
        self.inner.buffers.borrow_mut().tidy();
    }

    /// Whether both are handles to one tape.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    /// Adds a step and says where its output comes from.
    pub(crate) fn push(&self, step: Step<T>) -> Origin {
        let mut steps = self.inner.steps.borrow_mut();
        for parent in &step.parents {
            steps.expect_live(parent.origin);
        }
        steps.list.push(step);
        Origin::Step(steps.first + steps.list.len() - 1)
    }

    /// Empties the tape and returns the steps up to the one that gave `origin`,
    /// with the number of the first.
    pub(crate) fn take_until(&self, origin: Origin) -> (usize, Vec<Step<T>>) {
        let mut steps = self.inner.steps.borrow_mut();
        steps.expect_live(origin);
        let first = steps.first;
        let mut list = std::mem::take(&mut steps.list);
        steps.first += list.len();
        // What is dropped here must find the tape free.
        drop(steps);
        list.truncate(match origin {
            Origin::Step(step) => step + 1 - first,
            Origin::Constant | Origin::Leaf(_) => 0,
        });
        (first, list)
    }
}

impl<T> Steps<T> {
    /// Panics if the step that gave `origin` is freed.
    fn expect_live(&self, origin: Origin) {
        if let Origin::Step(step) = origin {
            assert!(
                step >= self.first,
                "this variable is the output of step {step}, which an earlier `backward` \
                 has freed with all before step {}: detach it to use its value",
                self.first
            );
        }
    }
}

impl<T: Element> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Element> fmt::Debug for Tape<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tape")
            .field("len", &self.len())
            .field("recording", &self.is_recording())
            .finish_non_exhaustive()
    }
}
