//! What a schema cannot say: names, times that lie in order, and keys that exclude each other.

use serde_json::{Map, Value, json};

use crate::writer::{Part, Place, Writer, alternatives, required};

/// The keys that say when a fault happens.
const WHEN: [&str; 3] = ["at", "when", "every"];

/// What every fault may have beside its own keys.
const COMMON: [&str; 8] = ["at", "when", "after", "every", "for", "name", "optional", "$comment"];

/// Verbs that hold other steps.
const OUTER_STEPS: [&str; 4] = ["repeat", "chance", "if", "measure"];

/// The keys of which exactly one is written, where a schema only says that each may be.
const ONE_OF: &[(&str, &[&str])] = &[
    ("NotCommitted", &["op", "ref", "index"]),
    ("If", &["alive", "leader", "accepted", "same"]),
    ("Measure", &["mean", "p50", "p99", "max"]),
    ("MeasureSteps", &["at_most", "at_least"]),
    ("Clog", &["select", "from"]),
    ("Unclog", &["select", "from"]),
];

/// Keys that are about a form of partition, and are none.
const ASIDE: [&str; 2] = ["kinds", "flap"];

/// Keys that mean nothing without another one.
const ONLY_WITH: &[(&str, &str)] =
    &[("reorder_by", "reorder"), ("correlation", "loss"), ("after", "when")];

/// Zones bear the names of regions, so that a measured network can be laid over them.
pub const REGIONS: [&str; 3] = ["virginia", "tokyo", "ireland"];

/// Keys that mean nothing beside another one.
const NOT_BESIDE: &[(&str, &str, &str)] = &[("Clog", "to", "select"), ("Unclog", "to", "select")];

impl<'s> Writer<'s> {
    /// Takes keys out of those wanted that exclude each other, and adds those of which one must be.
    pub fn choose(
        &mut self,
        wanted: &mut Vec<&'s str>,
        properties: &'s Map<String, Value>,
        place: Place<'s>,
    ) {
        if WHEN.iter().all(|key| properties.contains_key(*key)) {
            self.choose_time(wanted, properties, place);
        }
        let own: Vec<&'s str> = properties
            .keys()
            .map(String::as_str)
            .filter(|key| place.owner == "Partition" && !COMMON.contains(key))
            .filter(|key| !ASIDE.contains(key))
            .filter(|key| *key != "majorities_ring" || self.hosts.len() > 3)
            .filter(|key| *key != "clients" || self.clients > 0)
            .collect();
        if place.owner == "Partition" {
            wanted.retain(|key| COMMON.contains(key) || ASIDE.contains(key));
        }
        self.keep_one(wanted, &own);
        if self.submissions.is_empty() {
            wanted.retain(|key| *key != "ref");
        }
        for (owner, keys) in ONE_OF {
            if place.owner == *owner {
                let keys: Vec<&'s str> = properties
                    .keys()
                    .map(String::as_str)
                    .filter(|key| keys.contains(key))
                    .filter(|key| *key != "ref" || !self.submissions.is_empty())
                    .collect();
                self.keep_one(wanted, &keys);
            }
        }
        for (owner, key, beside) in NOT_BESIDE {
            if place.owner == *owner && wanted.contains(beside) {
                wanted.retain(|one| one != key);
            }
        }
        for (key, other) in ONLY_WITH {
            if wanted.contains(key) && !wanted.contains(other) && properties.contains_key(*other) {
                wanted.push(other);
            }
        }
        if place.owner == "NetworkSettings" && self.zones.is_empty() {
            wanted.retain(|key| !["zones", "wan"].contains(key));
        }
        // Whoever loses a reply gets no index.
        if place.owner == "ExpectReply" {
            self.keep_one(wanted, &["accepted", "index", "ret"]);
        }
    }

    fn keep_one(&mut self, wanted: &mut Vec<&'s str>, keys: &[&'s str]) {
        if !keys.is_empty() {
            wanted.retain(|key| !keys.contains(key));
            let chosen: &'s str = self.draw.one::<&'s str>(keys);
            wanted.push(chosen);
        }
    }

    /// A fault says once when it happens, and a step of a script or a sequence never.
    fn choose_time(
        &mut self,
        wanted: &mut Vec<&'s str>,
        properties: &'s Map<String, Value>,
        place: Place<'s>,
    ) {
        wanted.retain(|key| !WHEN.contains(key) && *key != "after");
        let is_missing = |key: &str| self.missing.contains(&format!("{}.{key}", place.owner));
        let lacks_after = is_missing("after");
        let unsaid: Vec<&'s str> = WHEN.into_iter().filter(|way| is_missing(way)).collect();
        let waits_itself = place.owner == "MessageFault" && self.draw.once_in(3);
        if place.part != Part::Faults || waits_itself {
            return;
        }
        let way = match unsaid.as_slice() {
            _ if lacks_after && self.draw.once_in(2) => "when",
            [] => *self.draw.one(&["at", "at", "when", "every"]),
            unsaid => *self.draw.one(unsaid),
        };
        wanted.push(way);
        if way == "when" && (lacks_after || self.draw.once_in(2)) {
            wanted.push("after");
        }
        // A fault that is not let go stays until the heal: for most that would be long.
        if properties.contains_key("for") && !wanted.contains(&"for") && !self.draw.once_in(4) {
            wanted.push("for");
        }
    }

    /// A value of a definition whose schema says too little.
    pub fn known_definition(&mut self, name: &str, place: Place<'s>) -> Option<Value> {
        Some(match name {
            "Nanos" => json!(self.time(place)),
            "Targets" if (place.owner, place.key) == ("ClientCut", "select") => {
                json!(self.draw.one(&["clients", "c1"]))
            }
            "SignedNanos" => json!(format!("-{}ms", self.draw.between(1, 20))),
            "Chance" if self.draw.once_in(2) => json!(format!("{}%", self.draw.between(1, 30))),
            "Chance" => json!(self.draw.between(1, 30) as f64 / 100.0),
            "Comparison" => json!(format!("{}{}", self.draw.one(&["<", ">="]), 3)),
            "Amount" | "Quantity" if place.key == "at_least" => json!(1),
            "Amount" => json!("10MB"),
            "Selector" => json!(self.selector(place)),
            "Targets" if place.owner.is_empty() && place.key == "zones" => {
                // A host is in one zone.
                json!(format!("n{}", self.zones.len()))
            }
            "Fault" => self.fault(place),
            "Step" => self.step(place),
            "SequenceStep" if self.draw.once_in(3) => json!({ "wait": self.time(place) }),
            "SequenceStep" => self.fault(Place { part: Part::Sequence, ..place }),
            "Named" => self.workload(),
            "Check" => self.check(place),
            "End" => self.end(),
            "Shape" => json!(self.draw.between(12, 30) as f64 / 10.0),
            // Most faults are beyond what some protocol tolerates.
            "Contract" if !self.draw.once_in(4) => json!("beyond"),
            "Nodes" if self.draw.once_in(2) && self.hosts.len() != 4 => json!(self.hosts.len()),
            "Nodes" => json!(self.hosts),
            _ => return None,
        })
    }

    /// A value of a key whose schema says too little.
    pub fn known_key(&mut self, schema: &'s Value, place: Place<'s>) -> Option<Value> {
        let names = self.names;
        Some(match (place.owner, place.key) {
            ("Condition", "milestone") | ("MilestoneCheck", "name") => {
                json!(self.draw.one(&names.milestones))
            }
            ("MilestoneCheck" | "Since", "after") if !self.heals => json!("start"),
            ("Condition", "operations") => json!(self.draw.between(1, 30)),
            (_, "kind") => json!(self.draw.one(&names.kinds)),
            ("Measure", "name") => json!(self.draw.one(&names.measures)),
            ("ExpectedViolation", "property") => json!(self.draw.one(&names.properties)),
            (_, "without") if schema["type"] == "string" => json!(self.draw.one(&names.invariants)),
            (_, "name") => {
                self.named += 1;
                json!(format!("fault {}", self.named))
            }
            ("Submit" | "Agree", "bind") => {
                let name = self.new_name("S");
                self.submissions.push(name.clone());
                self.bound.push(name.clone());
                json!(name)
            }
            ("ExpectLeader", "bind") => {
                let name = self.new_name("L");
                self.bound.push(name.clone());
                json!(name)
            }
            ("NotCommitted", "ref") => json!(self.draw.one(&self.submissions)),
            (_, "op") => match self.draw.between(0, 4) {
                0 => json!("read"),
                1 => json!("a text"),
                _ => json!(self.draw.between(1, 9)),
            },
            (_, "ret") => json!(1),
            ("Agree", "on") => json!(self.draw.between(1, self.hosts.len() as u64)),
            (owner, "kinds") if owner != "RandomKind" && schema["type"] == "string" => {
                json!(self.draw.one(&names.kinds))
            }
            ("Partition", _) if schema["type"] == "boolean" => json!(true),
            ("Latency", "quantiles") if schema["type"] == "array" => {
                json!([[0, self.time(place)], [1, "30ms"]])
            }
            ("Latency", "mixture") if schema["type"] == "array" => json!([
                { "weight": 3, "latency": self.time(place) },
                { "weight": 1, "latency": { "uniform": ["1ms", "9ms"] } },
            ]),
            ("HostSettings", "params") | ("", "params") => self.params(),
            ("Partition", "groups") => self.groups(place),
            (_, "steps" | "else") if schema["type"] == "array" => {
                let count = self.draw.between(1, 2);
                let deeper = Place { depth: place.depth + 1, ..place };
                (0..count).map(|_| self.value(&schema["items"], deeper)).collect()
            }
            ("Limits", "events") => json!(self.draw.between(150_000, 200_000)),
            ("Limits", "events_per_instant") => json!(self.draw.between(10_000, 20_000)),
            _ => return None,
        })
    }

    fn new_name(&mut self, letter: &str) -> String {
        self.named += 1;
        format!("{letter}{}", self.named)
    }

    /// A key where keys are names.
    pub fn key_of_map(&mut self, place: Place<'s>) -> String {
        match place.key {
            "sometimes" => self.draw.one(&self.names.milestones).clone(),
            "zones" if place.owner == "NetworkSettings" => self.draw.one(&self.zones).clone(),
            "zones" => {
                let name = REGIONS[self.zones.len()].to_owned();
                self.zones.push(name.clone());
                name
            }
            "bind" => self.new_name("B"),
            other => panic!("what are the keys of `{other}`?"),
        }
    }

    /// A time that makes sense where it stands.
    pub fn time(&mut self, place: Place<'_>) -> String {
        let end = self.faults_end_ms;
        let (low, high) = match place.key {
            "at" => (300, end - 200),
            "from" if place.owner == "RandomFaults" => (200, 900),
            "from" => (200, 800),
            "until" => (1_200, end),
            "period" => (300, 1_000),
            "every" => (500, 1_500),
            "after" => (0, 500),
            "for" if place.part == Part::Script => (50, 500),
            "for" => (100, 1_000),
            "within" => (1_000, 3_000),
            "wait" => (10, 400),
            "steps" => (50, 400),
            "min" => (0, 2),
            "mean" => (5, 20),
            "max" => (50, 100),
            _ => (1, 20),
        };
        let milliseconds = self.draw.between(low, high);
        match self.draw.between(0, 4) {
            0 => format!("{}us", milliseconds * 1_000),
            1 if milliseconds.is_multiple_of(100) => {
                format!("{}.{}s", milliseconds / 1_000, milliseconds % 1_000 / 100)
            }
            _ => format!("{milliseconds}ms"),
        }
    }

    /// A selector that may stand here.
    fn selector(&mut self, place: Place<'_>) -> String {
        let mut words: Vec<String> = vec!["all".to_owned()];
        words.extend(self.hosts.iter().cloned());
        words.extend(self.zones.iter().cloned());
        let is_link = ["LinkSettings", "Direction"].contains(&place.owner);
        if self.clients > 0 && (is_link || place.part == Part::Faults && self.draw.once_in(6)) {
            words.extend(["clients", "c1"].map(str::to_owned));
        }
        if place.part != Part::Fixed {
            words.extend(["random", "majority", "minority"].map(str::to_owned));
            let own = self.names.selectors.iter();
            words.extend(own.flat_map(|name| [name.clone(), format!("{name}+1")]));
        }
        if place.part == Part::Script {
            let bound = self.bound.iter();
            words.extend(bound.flat_map(|name| [format!("${name}"), format!("${name}+1")]));
        }
        self.draw.one(&words).clone()
    }

    /// Groups of a partition: no host stands in two of them.
    fn groups(&mut self, place: Place<'_>) -> Value {
        match self.draw.between(0, 3) {
            0 => json!([["n1"], ["n2", "n3"]]),
            1 => json!(["minority", "rest"]),
            2 if self.clients > 0 => json!([["n2", "c1"], ["rest"]]),
            _ => {
                let one = self.selector(place);
                if one == "all" { json!([["n1"], "rest"]) } else { json!([[one], ["rest"]]) }
            }
        }
    }

    /// A fault of a drawn kind.
    pub fn fault(&mut self, place: Place<'s>) -> Value {
        let kinds: Vec<&'s Value> = alternatives(&self.schema["$defs"]["Fault"])
            .into_iter()
            .filter(|kind| match (place.part, required(kind)[0]) {
                (Part::Faults, _) => true,
                (_, "random") | (Part::Sequence, "sequence") => false,
                (_, _) => true,
            })
            .collect();
        let kind = self.pick(kinds, "Fault");
        let place = Place { owner: "Fault", ..place };
        self.fault_of(kind, place)
    }

    /// A fault of a kind, by the kind's alternative in the schema.
    pub fn fault_of(&mut self, kind: &'s Value, place: Place<'s>) -> Value {
        let key = required(kind)[0];
        json!({ key: self.value(&kind["properties"][key], Place { key, ..place }) })
    }

    fn step(&mut self, place: Place<'s>) -> Value {
        let place = Place { part: Part::Script, ..place };
        let steps: Vec<&'s Value> = alternatives(&self.schema["$defs"]["Step"])
            .into_iter()
            // What a service brings has no key of its own here.
            .filter(|step| step.get("propertyNames").is_none())
            .filter(|step| {
                let outer = required(step).first().is_some_and(|key| OUTER_STEPS.contains(key));
                !outer || place.depth < 2
            })
            .collect();
        let step = self.pick(steps, "Step");
        match required(step).first() {
            Some(key) => {
                let inner = &step["properties"][*key];
                json!({ *key: self.value(inner, Place { key, owner: "Step", ..place }) })
            }
            None => self.fault(place),
        }
    }

    fn workload(&mut self) -> Value {
        let names = self.names;
        let known: Vec<&String> = names.workloads.keys().collect();
        let name = *self.draw.one(&known);
        let options = &names.workloads[name];
        let mut written = Map::new();
        for (key, values) in options {
            if self.draw.once_in(2) {
                written.insert(key.clone(), self.draw.one(values).clone());
            }
        }
        // Without a rate a client never rests.
        if let Some(rates) = options.get("rate") {
            written.insert("rate".to_owned(), self.draw.one(rates).clone());
        }
        self.clients += written.get("clients").and_then(Value::as_u64).unwrap_or(0);
        json!({ name: written })
    }

    fn check(&mut self, place: Place<'s>) -> Value {
        let kinds = alternatives(&self.schema["$defs"]["Check"]);
        let names = self.names;
        let kind = self.pick(kinds, "Check");
        match required(kind).first() {
            Some(key) => {
                let place = Place { owner: "Check", key, ..place };
                json!({ *key: self.value(&kind["properties"][*key], place) })
            }
            None if kind["type"] == "string" => json!(self.draw.one(&names.checkers)),
            None => {
                let band = &self.schema["$defs"]["Band"];
                let band = self.pick(alternatives(band), "Band");
                let band = self.value(band, Place { owner: "Band", ..place });
                json!({ self.draw.one(&names.bounds): band })
            }
        }
    }

    /// Some of the options that scenarios of the library give the protocol.
    fn params(&mut self) -> Value {
        let names = self.names;
        let mut written = Map::new();
        for (key, values) in &names.params {
            if self.draw.once_in(3) {
                written.insert(key.clone(), self.draw.one(values).clone());
            }
        }
        Value::Object(written)
    }

    fn end(&mut self) -> Value {
        if self.heals {
            // Not every protocol settles sooner.
            let mut end = json!({ "heal_at": format!("{}ms", self.faults_end_ms), "settle": "3s" });
            if self.draw.once_in(6) {
                end["core_only"] = json!(true);
            }
            end
        } else {
            let at_most = format!("{}ms", self.faults_end_ms);
            json!({ "when": self.draw.one(&self.names.milestones), "at_most": at_most })
        }
    }
}
