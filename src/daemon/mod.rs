//! Composition root: build, run, supervise, drain.
