//! seedbed: a deterministic laboratory for distributed systems.
