//! When faults happen, in words: what the types cannot say of themselves.

/// One way to say when, with fields of a scenario that show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placing {
    /// Its key, or what it is about.
    pub title: &'static str,
    /// What it does.
    pub text: &'static str,
    /// Definitions of the schema whose fields belong to it.
    pub definitions: &'static [&'static str],
    /// Fields of a scenario that show it: JSON without the outer braces.
    pub example: &'static str,
}

/// Every way to say when faults happen, and how they end.
pub const PLACEMENTS: &[Placing] = &[
    Placing {
        title: "at",
        text: "At a time, counted from the start of the run. Times from `heal_at` on are refused: \
               no fault happens after the heal. A placed fault whose selector means nobody at its \
               time (`leader` during an election) waits for up to 5 s.",
        definitions: &[],
        example: r#""faults": [ { "crash": { "at": "2s", "select": "n1", "for": "500ms" } } ]"#,
    },
    Placing {
        title: "when and after",
        text: "Once a condition first holds, and `after` that if it is given. A condition that is \
               never reached makes the run vacuous: it has not shown what the scenario is about.",
        definitions: &["Condition", "SentCondition"],
        example: r#""faults": [ { "partition": { "when": { "milestone": "leader-elected" }, "after": "1s", "groups": [["leader"], ["rest"]], "for": "2s" } }, { "pause": { "when": { "sent": { "kind": "append-entries", "count": 20 } }, "select": "follower", "for": "300ms" } } ]"#,
    },
    Placing {
        title: "for",
        text: "How long the fault lasts. A fault without it holds what it took until another one \
               lets it go (`heal`, `restart`, `unclog`), or until everything heals. A link, host, \
               clock or disk is free when no fault holds it.",
        definitions: &[],
        example: r#""faults": [ { "clog": { "at": "1s", "from": "n1", "to": "n2" } }, { "unclog": { "at": "2s", "from": "n1", "to": "n2" } } ]"#,
    },
    Placing {
        title: "every",
        text: "Again and again: a period alone, or an object that says from when, until when and how \
               often. All firings together count as one fault: it has taken effect if one of them has.",
        definitions: &["EveryObject"],
        example: r#""faults": [ { "pause": { "every": { "period": "800ms", "from": "1s", "times": 3 }, "select": "random", "for": "200ms" } } ]"#,
    },
    Placing {
        title: "in order",
        text: "A `sequence` is itself placed, and its steps happen one after the other, with waits \
               between them. The faults in it say nothing of when. See [sequence](#sequence).",
        definitions: &[],
        example: r#""faults": [ { "sequence": { "when": { "milestone": "leader-elected" }, "steps": [ { "pause": { "select": "leader" } }, { "wait": "700ms" }, { "heal": { "select": "all" } } ] } } ]"#,
    },
    Placing {
        title: "drawn",
        text: "A `random` draws for each seed how many faults happen, of which kinds, when, how long, \
               and to whom among those on whom the kind takes effect, so that no seed is without faults \
               by accident. What it draws stays within what the protocol tolerates, unless the contract is \
               `beyond`. See [random](#random).",
        definitions: &[],
        example: r#""faults": [ { "random": { "from": "1s", "until": "4s", "kinds": ["crash", "clog", "loss"], "times": [2, 4], "for": ["100ms", "1s"] } } ]"#,
    },
    Placing {
        title: "in a script",
        text: "Any fault but `random` may be a step of a script: it happens when the script comes to \
               it, and selectors may be names that the script has bound.",
        definitions: &[],
        example: r#""script": [ { "expect_leader": { "within": "3s", "bind": "L1" } }, { "partition": { "isolate": "$L1", "for": "1s" } }, { "wait": "2s" } ]"#,
    },
    Placing {
        title: "swarm",
        text: "With `\"swarm\": true` each seed switches a drawn subset of the scenario's fault kinds \
               off, so that what one kind would hide another can show. The record lists them in \
               `swarm_off`; kinds that end what others hold are never switched off.",
        definitions: &[],
        example: r#""swarm": true, "faults": [ { "random": { "from": "1s", "until": "4s", "kinds": ["crash", "pause", "partition", "clog"], "times": [3, 5], "for": ["100ms", "1s"] } } ]"#,
    },
    Placing {
        title: "contract",
        text: "A protocol declares what it tolerates. Within the contract (the default) faults stay \
               within it: `check` looks at what is placed, and `random` draws no more than that at a \
               time. Beyond it, only those properties are demanded that the protocol still promises.",
        definitions: &["Contract"],
        example: r#""contract": "beyond", "faults": [ { "crash": { "at": "2s", "select": "all", "for": "500ms" } } ]"#,
    },
    Placing {
        title: "end",
        text: "At `heal_at` every hold ends: crashed hosts restart, paused ones resume, cuts, clogs, \
               losses, delays and errors stop. Damage stays, and so do the base settings of the \
               network. Then the run goes on for `settle`, in which every client must get its final \
               operations through. Or the run ends `when` a milestone is reached.",
        definitions: &["End"],
        example: r#""end": { "heal_at": "5s", "settle": "4s" }"#,
    },
];
