//! The service `log`: how scenarios speak of its operations, its workload and its histories.

use seedbed_checkers::Verdict;
use seedbed_protocols::services::{Command, Committed, Log, LogOp, LogRet, log_violations};
use seedbed_protocols::{HistoryRecord, OptionsError, Tested};
use seedbed_sim::{
    ClientView, HistoryEvent, Next, NodeId, OpId, SimTime, Target, rng::Purpose, rng::Streams,
};
use serde_json::{Value, json};

fn op(value: Value) -> Result<LogOp, OptionsError> {
    Log::parse_op(&value)
}

#[test]
fn scripts_write_numbers_and_texts() {
    assert_eq!(op(json!(20)), Ok(LogOp::Append(Command::Number(20))));
    assert_eq!(op(json!("x")), Ok(LogOp::Append(Command::Text("x".into()))));
    assert_eq!(op(json!("read")), Ok(LogOp::Read));
    for wrong in [json!(-1), json!(1.5), json!(null), json!(["x"]), json!({"append": 1})] {
        let error = op(wrong.clone()).expect_err("no command");
        assert!(error.message.contains(&wrong.to_string()), "{error}");
    }
}

#[test]
fn what_was_committed_reads_as_a_script_writes_it() {
    let item = |command| Committed { index: 3, term: 2, command };
    for value in [json!(20), json!("x")] {
        let Ok(LogOp::Append(command)) = op(value.clone()) else {
            panic!("{value} is a command");
        };
        assert_eq!(Log::committed(&item(Some(command))), Some((3, value)));
    }
    assert_eq!(Log::committed(&item(None)), None, "a no-op is nobody's command");
}

#[test]
fn the_workload_reads_its_options_and_says_what_is_wrong() {
    let build = |options: Value| (Log::workloads()[0].build)(&options);
    let wrong = |options: Value| build(options).expect_err("bad options").path;
    assert_eq!(wrong(json!({ "clients": 0 })), "clients");
    assert_eq!(wrong(json!({ "timeout": "0" })), "timeout");
    assert_eq!(wrong(json!({ "payload": "2MiB" })), "payload");
    assert_eq!(wrong(json!({ "rate": "fast" })), "rate");
    assert!(build(json!({ "speed": 3 })).is_err());
    let plan = build(json!({ "clients": 4, "rate": "50/s", "timeout": "2s" })).expect("options");
    assert_eq!((plan.clients, plan.config.timeout.as_secs()), (4, 2));
    let interval = plan.config.interval.expect("an open loop");
    assert_eq!(interval.mean_ns(), 80_000_000, "50/s over four clients");
}

#[test]
fn every_command_is_unique_and_as_long_as_asked() {
    let mut seen = std::collections::BTreeSet::new();
    let mut rng = Streams::new(0).open(Purpose::Workload, 0);
    let members = [NodeId::host(0)];
    for options in [json!({}), json!({ "payload": "64B" })] {
        let plan = (Log::workloads()[0].build)(&options).expect("options");
        for number in 0..3 {
            let mut program = (plan.program)(number);
            for _ in 0..50 {
                let client = ClientView { number, generation: 0, members: &members };
                let Next::Invoke(LogOp::Append(command), Target::Leader) =
                    program.next(&client, None, &mut rng)
                else {
                    panic!("a client appends at the leader");
                };
                if let Command::Text(text) = &command {
                    assert_eq!(text.len(), 64);
                }
                assert!(seen.insert(command));
            }
        }
    }
    assert_eq!(seen.len(), 2 * 3 * 50);
}

#[test]
fn the_final_operations_read_every_member() {
    let members = [NodeId::host(0), NodeId::host(2)];
    let finals = Log::finals(&members);
    let expected = members.map(|host| (LogOp::Read, Target::Host(host)));
    assert_eq!(finals, expected);
}

/// One append, acknowledged at index 1, and a read that comes after it and returns `log`.
fn history(last: bool, log: Vec<Option<Command>>) -> Vec<HistoryRecord<Log>> {
    let record = |time, client, last, event| HistoryRecord::<Log> {
        time: SimTime::from_nanos(time),
        op: OpId { client: NodeId::client(client), number: 1 },
        generation: 0,
        last,
        event,
    };
    let invoke = |op| HistoryEvent::Invoke { op, intended: SimTime::ZERO };
    vec![
        record(1, 0, false, invoke(LogOp::Append(Command::Number(7)))),
        record(2, 0, false, HistoryEvent::Ok(LogRet::Index(1))),
        record(3, 1, last, invoke(LogOp::Read)),
        record(4, 1, last, HistoryEvent::Ok(LogRet::Log(log))),
    ]
}

#[test]
fn only_final_reads_must_be_complete() {
    let judge = |records: &[HistoryRecord<Log>]| (Log::checks()[0].judge)(records);
    assert_eq!(Log::checks()[0].name, "log-consistent");
    let kept = vec![Some(Command::Number(7))];
    assert!(judge(&history(true, kept)).is_pass());
    assert!(judge(&history(false, vec![])).is_pass(), "a read in between may lag");
    let records = history(true, vec![]);
    let Verdict::Fail(found) = judge(&records) else {
        panic!("an acknowledged append is lost");
    };
    assert_eq!(found.clause, "acknowledged-kept");
    assert_eq!(log_violations(&records).len(), 1);
}
