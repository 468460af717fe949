//! The tape: a list of steps in the order in which they were computed.
//!
//! A step holds the origins of its inputs and one boxed function that computes the gradients
//! of its inputs from that of its output. Because steps are in order, the backward pass
//! visits the list from its end and reaches each step after all that use its output: no
//! graph is sorted, and neither the pass nor dropping a long tape recurses.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use ndarray::{ArcArray, Array, ArrayBase, ArrayD, DataOwned, Dimension, IxDyn};
use tensor::Element;

use crate::buffers::BufferPool;
use crate::{ParentGradients, Var};

/// Records the operators that are applied to its variables, for [`Var::backward`].
///
/// A clone is another handle to the same tape. A tape stays on its thread; operators use all
/// threads internally.
///
/// `backward` empties the tape, so one tape serves a whole training. That is faster than a
/// new tape for each step, because a tape keeps the memory of its last step for the next;
/// memory that two steps did not use is freed. Compute values that are never differentiated
/// in [`no_grad`](Self::no_grad); otherwise they stay on the tape.
#[derive(Clone)]
pub struct Tape<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    recording: Cell<bool>,
    leaves: Cell<usize>,
    steps: RefCell<Steps<T>>,
    buffers: RefCell<BufferPool<T>>,
}

/// The steps that no backward pass has visited.
struct Steps<T> {
    /// Number of the first one; earlier steps were visited and freed.
    first: usize,
    list: Vec<Step<T>>,
}

/// The part of one operator in the backward pass.
pub(crate) struct Step<T> {
    pub(crate) parents: Vec<Parent>,
    pub(crate) backward: Backward<T>,
}

/// Takes the gradient of a step's output and adds to those of its inputs.
pub(crate) type Backward<T> = Box<dyn FnOnce(ArrayD<T>, &mut ParentGradients<'_, T>)>;

/// An input of a step.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) origin: Origin,
    pub(crate) shape: IxDyn,
}

/// The origin of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// No value is differentiated with respect to it.
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
        let buffers = RefCell::new(BufferPool::new());
        Self { inner: Rc::new(Inner { recording, leaves, steps, buffers }) }
    }

    /// A leaf with a gradient.
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

    /// A leaf without a gradient, such as data or targets.
    ///
    /// An `ArcArray` is shared, not copied.
    pub fn constant<S, D>(&self, array: ArrayBase<S, D>) -> Var<T>
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        Var::new(self, Origin::Constant, array)
    }

    /// Runs `work` without recording: the values that it computes are constants and keep
    /// nothing for a backward pass. Calls may be nested.
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
            // Only between steps: within a step, the backward pass reuses the memory.
            self.release_unused();
        }
        result
    }

    /// Discards the recorded operators, as `backward` does, without computing gradients:
    /// for a step that turns out to have no loss.
    pub fn clear(&self) {
        let _unused = self.take_until(Origin::Constant);
        self.release_unused();
    }

    /// Operators recorded since the last backward pass.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.steps.borrow().list.len()
    }

    /// Whether no operators are recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether operators are being recorded, see [`Tape::no_grad`].
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.inner.recording.get()
    }

    /// An array with **unspecified values**, in the memory of an earlier step if possible.
    pub(crate) fn take<D: Dimension>(&self, shape: D) -> Array<T, D> {
        self.inner.buffers.borrow_mut().take(shape)
    }

    /// Returns the memory of an array to the tape.
    pub(crate) fn give<D: Dimension>(&self, array: Array<T, D>) {
        self.inner.buffers.borrow_mut().give(array);
    }

    /// Shares an array whose memory the tape reuses when it has no other owner.
    pub(crate) fn share<D: Dimension>(&self, array: Array<T, D>) -> ArcArray<T, D> {
        let shared = array.into_shared();
        self.inner.buffers.borrow_mut().share(&shared);
        shared
    }

    /// Frees memory that two steps did not use.
    pub(crate) fn release_unused(&self) {
        self.inner.buffers.borrow_mut().release_unused();
    }

    /// Whether both are handles to one tape.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.inner, &other.inner)
    }

    /// Adds a step and returns the origin of its output.
    pub(crate) fn push(&self, step: Step<T>) -> Origin {
        let mut steps = self.inner.steps.borrow_mut();
        for parent in &step.parents {
            steps.expect_live(parent.origin);
        }
        steps.list.push(step);
        Origin::Step(steps.first + steps.list.len() - 1)
    }

    /// Empties the tape and returns the number of the first step and the steps up to the
    /// one that computed the value of `origin`.
    pub(crate) fn take_until(&self, origin: Origin) -> (usize, Vec<Step<T>>) {
        let mut steps = self.inner.steps.borrow_mut();
        steps.expect_live(origin);
        let first = steps.first;
        let mut list = std::mem::take(&mut steps.list);
        steps.first += list.len();
        // Values that are dropped below may access the tape.
        drop(steps);
        list.truncate(match origin {
            Origin::Step(step) => step + 1 - first,
            Origin::Constant | Origin::Leaf(_) => 0,
        });
        (first, list)
    }
}

impl<T> Steps<T> {
    /// Panics if the step that computed the value of `origin` was freed.
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
