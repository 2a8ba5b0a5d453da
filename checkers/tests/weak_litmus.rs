//! Small histories that tell the levels apart, written as one line a process.

use seedbed_checkers::weak::Level::{
    Causal, CausalConvergence, CausalMemory, MonotonicReads, MonotonicWrites, Pram, ReadYourWrites,
    Sequential, WritesFollowReads,
};
use seedbed_checkers::weak::{
    EVENTUAL_CONVERGENCE, Level, consistent, eventually_converges, sequential,
};
use seedbed_checkers::{
    Budget, History, Kv, KvOp, KvRet, Process, Queue, QueueOp, TakeRet, Value, Verdict,
};

type KvHistory = History<KvOp<String, Value>, KvRet<Value>>;

/// `x=1` writes, `x:1` reads, `x:nil` reads the initial value, `x=1?` is a write of unknown fate
/// and `x=1!` one that failed.
fn history_of(processes: &[&str]) -> KvHistory {
    let mut history = History::new();
    let operations = (0..).zip(processes).flat_map(|(process, line)| {
        line.split_whitespace().enumerate().map(move |(place, text)| (place, process, text))
    });
    let mut sorted: Vec<(usize, u32, &str)> = operations.collect();
    sorted.sort_by_key(|&(place, process, _)| (place, process));
    for (place, process, text) in sorted {
        let value_of = |text: &str| match text.trim_end_matches(['?', '!']) {
            "nil" => Value::Nil,
            number => Value::Int(number.parse().unwrap()),
        };
        let time_ns = u64::try_from(place * 10).unwrap();
        let process = Process::client(process);
        if let Some((key, value)) = text.split_once(':') {
            let id = history.invoke(process, time_ns, KvOp::Get(key.to_owned()));
            history.ok(id, time_ns + 5, KvRet::Value(value_of(value)));
            continue;
        }
        let (key, value) = text.split_once('=').unwrap();
        let id = history.invoke(process, time_ns, KvOp::Put(key.to_owned(), value_of(value)));
        match value.chars().last() {
            Some('?') => history.info(id, time_ns + 5),
            Some('!') => history.fail(id, time_ns + 5),
            Some(_) | None => history.ok(id, time_ns + 5, KvRet::Done),
        }
    }
    history
}

fn judge(level: Level, processes: &[&str]) -> Verdict {
    consistent(level, &Kv::new(Value::Nil), &history_of(processes), Budget::default())
}

/// Holds the history against all levels: those named are violated, all others are not.
fn violates(processes: &[&str], expected: &[Level]) {
    let violated = Level::ALL.into_iter().filter(|&level| !judge(level, processes).is_pass());
    let violated: Vec<Level> = violated.collect();
    assert_eq!(violated, expected, "{processes:?}");
}

/// The levels that are at least causal.
const CAUSAL: [Level; 4] = [Sequential, CausalMemory, CausalConvergence, Causal];

#[test]
fn the_levels_of_bouajjani_are_told_apart() {
    // "On verifying causal consistency", figure 3.
    violates(&["x=1 x:2", "x=2 x:1"], &[Sequential, CausalConvergence]);
    violates(&["z=1 x=1 y=1", "x=2 z:nil y:1 x:2"], &[Sequential, CausalMemory, Pram]);
    let reader = ["z=1 x=1 y=1", "x=2", "x:2 z:nil y:1 x:2"];
    violates(&reader, &[Sequential, CausalMemory, Pram, MonotonicWrites]);
    let relayed = ["z=1", "z:1 x=1", "x:1 y=1", "x=2", "x:2 z:nil y:1 x:2"];
    violates(&relayed, &[Sequential, CausalMemory, WritesFollowReads]);
    let none = ["x=1 y=1", "x:1 x=2", "x:2 x:1", "x:1 x:2"];
    violates(&none, &[Sequential, CausalMemory, CausalConvergence, Causal, WritesFollowReads]);
    violates(&["x=1 y=1", "x=2 y:1 x:2"], &[]);
}

#[test]
fn each_guarantee_is_broken_alone() {
    let with = |levels: &[Level]| [&CAUSAL[..], &[Pram], levels].concat();
    // An own write is missed; own writes are seen in both orders.
    violates(&["x=1 x:nil"], &with(&[ReadYourWrites]));
    violates(&["x=1 x=2 x:1 x:2"], &with(&[ReadYourWrites]));
    // Reads go back.
    let back = with(&[MonotonicReads, MonotonicWrites, WritesFollowReads]);
    violates(&["x=1", "x:1 x:nil"], &back);
    let but_causal: Vec<Level> = back.iter().copied().filter(|&level| level != Causal).collect();
    // For weak causal consistency, each read may see concurrent writes in an order of its own.
    violates(&["x=1", "x=2", "x:1 x:2 x:1"], &but_causal);
    // Writes of one process are seen in the other order, on one key and on two.
    violates(&["x=1 x=2", "x:2 x:1"], &with(&[MonotonicWrites]));
    violates(&["x=1 y=1", "y:1 x:nil"], &with(&[MonotonicWrites]));
    // An answer is seen before the question.
    violates(&["x=1", "x:1 y=1", "y:1 x:nil"], &[&CAUSAL[..], &[WritesFollowReads]].concat());
    // Reading one's own next write.
    violates(&["x:1 x=1"], &with(&[WritesFollowReads]));
}

#[test]
fn near_misses_hold() {
    violates(&["x=1 x:1", "x=2 x:2 x:1"], &[]);
    // Older own values may be seen if nothing says that they are older.
    violates(&["x=1", "x=2", "x:2 x:1"], &[]);
    // Another process overwrote in between.
    violates(&["x=1 x:2 x:2", "x=2"], &[]);
    violates(&["x=1 y=1", "y:1 x:1"], &[]);
    violates(&["x=1", "x:1 y=1", "y:1 x:1"], &[]);
    violates(&["x=1 y=1", "x:1 y:nil"], &[]);
}

#[test]
fn fates_of_writes_count() {
    // A write of unknown fate may be seen or not, and late; once seen it has taken place.
    violates(&["x=1?", "x:nil x:nil"], &[]);
    violates(&["x=1?", "x:nil x:1"], &[]);
    let back = [MonotonicReads, MonotonicWrites, WritesFollowReads];
    violates(&["x=1?", "x:1 x:nil"], &[&CAUSAL[..], &[Pram], &back].concat());
    // One that failed has not.
    violates(&["x=1! x:nil"], &[]);
    violates(&["x=1!", "x:1"], &Level::ALL);
    violates(&["x:7"], &Level::ALL);
    let text = judge(MonotonicReads, &["x=1!", "x:1"]).to_string();
    assert!(text.contains("returned a value whose only write failed"), "{text}");
    let text = judge(MonotonicReads, &["x:7"]).to_string();
    assert!(text.contains("returned a value that nobody wrote"), "{text}");
}

#[test]
fn repeated_values_are_searched_for_sources() {
    // Either write of 1 may be the last.
    violates(&["x=1", "x=2", "x=1", "x:1 x:2 x:1"], &[]);
    violates(&["x=1", "x=2", "x=nil", "x:nil x:1 x:nil"], &[]);
    // None of them saves the third change.
    let back = [MonotonicReads, MonotonicWrites, WritesFollowReads];
    let broken = [&CAUSAL[..3], &[Pram], &back].concat();
    let history = ["x=1", "x=2", "x=1", "x:1 x:2 x:1 x:2"];
    violates(&history, &broken);
    let text = judge(Pram, &history).to_string();
    assert!(text.starts_with("fail: pram: values repeat, and whichever write"), "{text}");
}

#[test]
fn a_small_budget_is_no_verdict() {
    let history = history_of(&["x=1", "x=2", "x=1", "x:1 x:2 x:1"]);
    for level in Level::ALL.into_iter().filter(|&level| level != ReadYourWrites) {
        let verdict =
            consistent(level, &Kv::new(Value::Nil), &history, Budget { steps: 1, states: 1 });
        let Verdict::Unknown(reason) = verdict else { panic!("{level}: {verdict}") };
        assert!(reason.contains("budget of 1"), "{reason}");
    }
}

#[test]
fn what_is_no_register_is_left_alone() {
    let mut history: KvHistory = History::new();
    let id = history.invoke(Process::client(1), 1, KvOp::Append("x".into(), Value::from("a")));
    history.ok(id, 2, KvRet::Done);
    let id = history.invoke(Process::client(1), 3, KvOp::Get("x".into()));
    history.ok(id, 4, KvRet::Value(Value::Nil));
    let model = Kv::new(Value::Nil);
    for level in Level::ALL {
        match (level, consistent(level, &model, &history, Budget::default())) {
            (Sequential, Verdict::Fail(_)) => {}
            (_, Verdict::Unknown(reason)) => assert!(reason.contains("append"), "{reason}"),
            (_, verdict) => panic!("{level}: {verdict}"),
        }
    }
}

#[test]
fn other_objects_are_judged_by_search() {
    let history_of = |answers: [u64; 2]| {
        let mut history = History::new();
        for value in [1, 2] {
            let id = history.invoke(Process::client(1), value, QueueOp::Enqueue(value));
            history.ok(id, value, TakeRet::Done);
        }
        // Stale, and in order, although everything was put in long before.
        for (client, value) in (2..).zip(answers) {
            let id = history.invoke(Process::client(client), 10, QueueOp::Dequeue);
            history.ok(id, 11, TakeRet::Value(value));
            let id = history.invoke(Process::client(client), 12, QueueOp::Dequeue);
            history.ok(id, 13, TakeRet::Empty);
        }
        history
    };
    let judge = |history: History<QueueOp<u64>, TakeRet<u64>>| {
        sequential(&Queue::new(), &history, Budget::default())
    };
    assert_eq!(judge(history_of([1, 2])), Verdict::Pass);
    let text = judge(history_of([1, 1])).to_string();
    assert!(text.starts_with("fail: sequential: no order of the 6 operations fits"), "{text}");
}

#[test]
fn stores_converge_once_writing_stops() {
    let judge = |processes: &[&str], quiet_ns| {
        eventually_converges(&Kv::new(Value::Nil), &history_of(processes), quiet_ns)
    };
    let fails = |processes: &[&str], quiet_ns, what: &str| {
        let text = judge(processes, quiet_ns).to_string();
        assert!(text.starts_with(&format!("fail: {EVENTUAL_CONVERGENCE}: ")), "{text}");
        assert!(text.contains(what), "{text}");
    };
    // What was read before the end of the last write does not count.
    assert_eq!(judge(&["x=1 x:1 x:2", "x=2 x:2 x:2"], 20), Verdict::Pass);
    assert_eq!(judge(&["x=1 x=3 x:3", "x=2 x:1 x:3"], 20), Verdict::Pass);
    fails(&["x=1 x:1 x:1", "x=2 x:2 x:2"], 20, "different values");
    assert_eq!(judge(&["x=1 x:1", "x=2 x:2 x:1"], 20), Verdict::Pass);
    // Keys need not agree with each other.
    assert_eq!(judge(&["x=1 x:1 y:2", "y=2 y:2 x:1"], 0), Verdict::Pass);
    fails(&["x=1 x:nil"], 0, "initial value");
    assert_eq!(judge(&["x=nil x:nil"], 0), Verdict::Pass);
    fails(&["x=1 x:7"], 0, "nobody wrote");
    // A write of unknown fate lands when it likes, but others cannot come and go.
    assert_eq!(judge(&["x=1 x:1 x:2", "x=2?"], 0), Verdict::Pass);
    fails(&["x=1 x:1 x:3", "x=3 x:3 x:3", "x=2?"], 0, "different values");
    let Verdict::Unknown(reason) = judge(&["x=1 x:1"], 100) else { panic!("it was judged") };
    assert!(reason.contains("no read was answered"), "{reason}");
}
