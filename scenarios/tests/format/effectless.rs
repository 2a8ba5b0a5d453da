//! Faults that could do nothing, or more than the contract allows: pieces of the good scenario of
//! [`crate::errors`], and what stands there instead.

/// The fault that most of the cases replace.
const CRASH: &str = "\"crash\": { \"at\": \"6s\", \"select\": \"n1\", \"for\": \"1s\" }";

/// What is wrong, the piece of the good scenario, and what stands there instead.
pub const CASES: &[(&str, &str, &str)] = &[
    ("a chance of no loss", CRASH, "\"loss\": { \"at\": \"6s\", \"chance\": \"0%\" }"),
    (
        "a chance of no second delivery",
        CRASH,
        "\"duplicate\": { \"at\": \"6s\", \"chance\": \"0%\" }",
    ),
    ("a chance of no reordering", CRASH, "\"reorder\": { \"at\": \"6s\", \"chance\": \"0%\" }"),
    (
        "corruption and misdirection that never happen, and not to clients",
        "\"loss\": \"1%\" },\n  \"workloads\": [ { \"append\": { \"clients\": 2 } } ],\n  \
         \"faults\": [",
        "\"checksum\": true, \"addressee\": true },\n  \
         \"workloads\": [ { \"append\": { \"clients\": 2 } } ],\n  \"faults\": [
    { \"corrupt\": { \"at\": \"1s\", \"chance\": 0 } },
    { \"misdirect\": { \"at\": \"1s\", \"chance\": 0 } },
    { \"corrupt\": { \"at\": \"1s\", \"chance\": 1, \"kinds\": [\"client-reply\"] } },
    { \"misdirect\": { \"at\": \"1s\", \"chance\": 1, \"to\": \"clients\" } },",
    ),
    ("a delay of nothing", CRASH, "\"delay\": { \"at\": \"6s\", \"by\": \"0s\" }"),
    (
        "a drawn delay of nothing",
        CRASH,
        "\"delay\": { \"at\": \"6s\", \"by\": { \"uniform\": [\"0s\", \"0s\"] } }",
    ),
    (
        "reordering by nothing",
        CRASH,
        "\"reorder\": { \"at\": \"6s\", \"chance\": 1, \"by\": \"0s\" }",
    ),
    (
        "a message delayed by nothing",
        CRASH,
        "\"message\": { \"at\": \"6s\", \"from\": \"n1\", \"to\": \"n2\", \"kind\": \"vote\", \
         \"do\": { \"delay\": \"0s\" } }",
    ),
    (
        "clients who hear twice",
        CRASH,
        "\"duplicate\": { \"at\": \"6s\", \"chance\": 1, \"kinds\": [\"client-request\", \
         \"client-reply\"] }",
    ),
    (
        "clients whose messages go astray",
        CRASH,
        "\"duplicate\": { \"at\": \"6s\", \"chance\": 1, \"from\": \"clients\", \"to\": \
         [\"c1\", \"c2\"] }",
    ),
    (
        "more hosts that leave than tolerated, and a heal that brings none back",
        CRASH,
        "\"leave\": { \"at\": \"6s\", \"select\": [\"n1\", \"n2\", \"n3\"] } }, \
         { \"heal\": { \"at\": \"8s\" }",
    ),
    (
        "hosts that leave one by one in a sequence",
        CRASH,
        "\"sequence\": { \"at\": \"6s\", \"steps\": [ { \"leave\": { \"select\": \"n1\" } }, \
         { \"leave\": { \"select\": [\"n2\", \"n3\"] } }, { \"heal\": {} } ] }",
    ),
    (
        "hosts that leave, and a join of too few",
        CRASH,
        "\"leave\": { \"at\": \"6s\", \"select\": [\"n1\", \"n2\", \"n3\", \"n4\"] } }, \
         { \"join\": { \"at\": \"8s\", \"select\": \"n1\" }",
    ),
    (
        "a disk fault by half its name",
        CRASH,
        "\"lost_write\": { \"at\": \"6s\", \"select\": \"n1\", \"chance\": 1 }",
    ),
];
