//! Batches made ahead of time, on threads that overlap with the training step.
//!
//! Thread t of T makes every T-th batch and puts it into a queue of its own, of
//! room for one; the queues are emptied in turn. So batches come in order
//! whichever thread is faster, and at most two a thread wait in memory.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Batches in order, from any number on.
pub(in super::super) struct Loader<B> {
    threads: Vec<Thread<B>>,
    next: u64,
}

/// One thread; both are `Some` while it runs.
struct Thread<B> {
    queue: Option<Receiver<B>>,
    handle: Option<JoinHandle<()>>,
}

impl<B: Send + 'static> Loader<B> {
    /// Starts `threads` threads, at least one, on batches from number `first` on. Each has a
    /// copy of `make`, which makes the batch of a number.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(in super::super) fn start(
        make: impl FnMut(u64) -> B + Clone + Send + 'static,
        first: u64,
        threads: usize,
    ) -> io::Result<Self> {
        let count = threads.max(1);
        let mut loader = Self { threads: Vec::with_capacity(count), next: 0 };
        for offset in 0..count {
            let (sender, queue) = sync_channel(1);
            let mut make = make.clone();
            let work = move || {
                let numbers = (first + offset as u64..).step_by(count);
                for number in numbers {
                    if sender.send(make(number)).is_err() {
                        // The loader was dropped.
                        return;
                    }
                }
            };
            let handle = Builder::new().name(format!("images {offset}")).spawn(work)?;
            loader.threads.push(Thread { queue: Some(queue), handle: Some(handle) });
        }
        Ok(loader)
    }

    /// The next batch, once it is ready.
    ///
    /// # Panics
    /// When the thread that makes it panicked, with its message.
    pub(in super::super) fn next(&mut self) -> B {
        let turn = (self.next % self.threads.len() as u64) as usize;
        let thread = &mut self.threads[turn];
        self.next += 1;
        match thread.queue.as_ref().map(Receiver::recv) {
            Some(Ok(batch)) => batch,
            _ => match thread.handle.take().map(JoinHandle::join) {
                Some(Err(panic)) => resume_unwind(panic),
                _ => unreachable!("a loading thread ends only when the loader is dropped"),
            },
        }
    }
}

impl<B> Drop for Loader<B> {
    /// Waits for the threads, each of which ends its current batch.
    fn drop(&mut self) {
        for thread in &mut self.threads {
            thread.queue = None;
        }
        for thread in &mut self.threads {
            // A panic was passed on by `next`, or concerns a batch that is not needed.
            let _ = thread.handle.take().map(JoinHandle::join);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::augmentation::AugmentationOptions;
    use crate::batches::{Batch, BatchBuilder, Sampler, Sampling};
    use crate::source::{Canvas, Source, SourceError};

    /// Plain images of different grays; image 3 cannot be read, 1000 panics.
    #[derive(Default)]
    struct Grays {
        count: usize,
        read: AtomicUsize,
    }

    impl Source for Grays {
        fn len(&self) -> usize {
            self.count
        }
        fn identity(&self, index: usize) -> u32 {
            index as u32
        }
        fn name(&self, index: usize) -> String {
            format!("gray {index}")
        }
        fn canvas(&self, index: usize) -> Result<Canvas, SourceError> {
            self.read.fetch_add(1, Ordering::Relaxed);
            assert!(index < 1000, "image {index} breaks the decoder");
            if index == 3 {
                return Err(SourceError::Other("there is no face".into()));
            }
            Canvas::whole(RgbImage::from_pixel(8, 8, Rgb([index as u8; 3])))
        }
    }

    /// A loader of these batches.
    fn start(builder: &BatchBuilder, first: u64, threads: usize) -> Loader<Batch> {
        let mut builder = builder.clone();
        Loader::start(move |number| builder.batch(number), first, threads).unwrap()
    }

    fn builder(count: usize) -> (Arc<Grays>, BatchBuilder) {
        let source = Arc::new(Grays { count, ..Grays::default() });
        let sampling = Sampling::Images { images: 4 };
        let sampler = Sampler::new(source.as_ref(), &Default::default(), sampling, 2).unwrap();
        let augmentation = AugmentationOptions::default();
        (source.clone(), BatchBuilder { source, sampler, augmentation, seed: 2 })
    }

    #[test]
    fn batches_are_the_same_with_any_number_of_threads() {
        let (_, mut builder) = builder(10);
        let expected: Vec<Batch> = (7..19).map(|number| builder.batch(number)).collect();
        for threads in [0, 1, 2, 5] {
            let mut loader = start(&builder, 7, threads);
            for expected in &expected {
                let batch = loader.next();
                assert_eq!(batch.images, expected.images, "{threads} threads");
                assert_eq!(batch.identities, expected.identities);
                assert_eq!(batch.unreadable, expected.unreadable);
            }
        }
        let unreadable: Vec<_> = expected.iter().flat_map(|batch| &batch.unreadable).collect();
        assert!(!unreadable.is_empty());
        for one in unreadable {
            assert_eq!((one.index, one.name.as_str()), (3, "gray 3"));
            assert_eq!(one.reason, "there is no face");
        }
        // A batch that lacks an image has one less, the others in their places.
        let short = expected.iter().find(|batch| !batch.unreadable.is_empty()).unwrap();
        assert_eq!((short.images.dim().0, short.identities.len()), (3, 3));
    }

    #[test]
    fn the_queue_is_bounded_and_ends_when_it_is_dropped() {
        let (source, builder) = builder(100);
        let mut loader = start(&builder, 0, 2);
        loader.next();
        drop(loader);
        // One taken, and for each thread one in the queue and one being made.
        let read = source.read.load(Ordering::Relaxed);
        assert!(read <= 5 * 4, "{read} images were read for one batch");
    }

    #[test]
    #[should_panic(expected = "breaks the decoder")]
    fn a_panic_while_loading_is_passed_on() {
        let (_, builder) = builder(2000);
        let mut loader = start(&builder, 0, 1);
        (0..100).for_each(|_| drop(loader.next()));
    }
}
