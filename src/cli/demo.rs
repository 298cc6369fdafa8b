//! The nightly job on the built-in simulated tenant, over HTTP, twice with a day between.
