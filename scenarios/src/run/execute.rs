//! A run from its beginning to its record.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use seedbed_protocols::{CLIENTS_FINISHED, Protocol, Tested, Totals};
use seedbed_sim::rng::{Purpose, Streams};
use seedbed_sim::{CLIENT_REPLY, CLIENT_REQUEST, Invariant, NodeId, Sim, SimTime, Violation};
use serde_json::Value;

use super::build::{Built, build};
use super::director::{Atlas, Director, Span, Tally};
use super::driver::{Driver, Over};
use super::gauges::Gauges;
use super::history::open_operations;
use super::judge::{Found, judge, measures, vacuous};
use super::ledger::{Ledger, LedgerKeeper};
use super::meter::Meter;
use super::record::{Messages, Operations, RECORD_VERSION, RunRecord, Verdict};
use super::recording::{Recording, TraceLevel};
use super::script::Script;
use super::tracer::{Recorder, SharedRecorder};
use super::world::SimWorld;
use super::{RunOptions, RunOutput, ViolationPoint};
use crate::format::{Contract, EndShape, Expect, Scenario};

/// What the drive through a run left behind, apart from the simulation.
struct Driven {
    over: Over,
    /// Where the script stood, if the run was over before it.
    script_at: Option<String>,
    violations: Vec<Violation>,
    tallies: Vec<Tally>,
    faults: BTreeMap<String, u64>,
    faults_active: Vec<String>,
    swarm_off: Vec<String>,
    drawn: Vec<String>,
    spans: Vec<Span>,
}

/// Runs a validated scenario for one of its protocols.
pub(crate) fn run<P: Protocol>(scenario: &Scenario, seed: u64, options: &RunOptions) -> RunOutput {
    let built = match build::<P>(scenario, seed) {
        Ok(built) => built,
        Err(error) => panic!("{error}: scenarios are validated before they run"),
    };
    let ledger = Rc::new(RefCell::new(Ledger::default()));
    let keeper = (!scenario.script.is_empty())
        .then(|| Box::new(LedgerKeeper(ledger.clone())) as Box<dyn Invariant<P>>);
    let gauges = Gauges::of(scenario);
    let is_judged = |property: &str| judges::<P>(scenario, &built.params, property);
    let extra = keeper.into_iter().chain(gauges.observers());
    let mut sim = built.simulation(scenario, &is_judged, extra);
    if options.keep_going {
        sim.keep_going();
    }
    let recorder = (options.trace != TraceLevel::Off).then(|| {
        let recorder = Rc::new(RefCell::new(Recorder::new(options.trace)));
        sim.set_tracer(Box::new(SharedRecorder(recorder.clone())));
        recorder
    });
    let meter = options.series.map(|series| {
        sim.keep_host_times();
        Box::new(Meter::new(scenario, series, sim.counts()))
    });
    let mut world = SimWorld::new(sim, built.host_params.clone(), scenario.protocol.is_list());
    world.meter = meter;
    let director = make_director(&built, scenario, seed);
    let bound = judges::<P>(scenario, &built.params, CLIENTS_FINISHED)
        .then(|| P::liveness_bound(&built.params));
    let mut driver = Driver::new(
        &mut world,
        director,
        scenario,
        bound,
        options.keep_going,
        options.until_ns.map(SimTime::from_nanos),
    );
    let driven = drive(&mut driver, ledger, seed);
    let meter = world.meter.take();
    let mut output = conclude(scenario, seed, options, &world, &driven, &gauges, recorder);
    output.record.series = meter.map(|meter| meter.finish(&world.sim, &driven.spans));
    output
}

/// Whether a property is judged: beyond the contract only if the protocol promises it even then, or
/// if the scenario is there to show it broken.
fn judges<P: Protocol>(scenario: &Scenario, params: &P::Params, property: &str) -> bool {
    let is_expected = match &scenario.expect {
        Expect::Violation(expected) => expected.property == property,
        Expect::Pass => false,
    };
    let is_promised = match scenario.contract {
        Contract::Within => true,
        Contract::Beyond => scenario
            .strains()
            .into_iter()
            .all(|strain| P::promises_beyond(params, strain, property)),
    };
    is_expected || is_promised
}

fn make_director<P: Protocol>(built: &Built<P>, scenario: &Scenario, seed: u64) -> Director {
    let hosts = built.places.members.len();
    let crashes_max = match scenario.contract {
        Contract::Within => P::tolerance(&built.params, hosts).crashes,
        Contract::Beyond => hosts,
    };
    let heal_at = scenario.end.as_ref().and_then(|end| match end.shape() {
        EndShape::Heal { at, .. } => Some(SimTime::from_nanos(at.0)),
        EndShape::Milestone { .. } => None,
    });
    let director = Director::new(scenario, seed, built.places.clone(), heal_at, crashes_max);
    let director = match scenario.contract {
        Contract::Within => {
            let tolerance = P::tolerance(&built.params, hosts);
            let (lost_max, damaged_max) = (tolerance.lost_copies, tolerance.damaged_copies);
            director.with_atlas(Atlas { lost_max, damaged_max })
        }
        Contract::Beyond => director,
    };
    if !scenario.end.as_ref().is_some_and(|end| end.core_only) {
        return director;
    }
    // Named like no fault: a stream of its own.
    let mut rng = Streams::new(seed).open_named(Purpose::Fault, u64::MAX, "core");
    let hosts: Vec<(NodeId, &str)> = built.places.with_roles();
    match P::core(&built.params, &hosts, &mut rng) {
        Some(core) => director.with_core(core),
        None => director,
    }
}

/// Plays the script and goes on to the end.
fn drive(driver: &mut Driver<'_>, ledger: Rc<RefCell<Ledger>>, seed: u64) -> Driven {
    let mut script_at = None;
    let mut over = None;
    if !driver.scenario.script.is_empty() {
        let mut script = Script::new(driver, ledger, seed);
        if let Err(early) = script.run() {
            script_at = Some(script.at.clone());
            over = Some(early);
        }
        driver.in_script = false;
    }
    let over = over.unwrap_or_else(|| driver.finish());
    driver.director.count_met_rules(driver.world);
    let director = &driver.director;
    Driven {
        over,
        script_at,
        violations: std::mem::take(&mut driver.violations),
        tallies: director.tallies.clone(),
        faults: director.effects.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect(),
        faults_active: director.describe_active(driver.world),
        swarm_off: director.swarm_off.iter().map(|kind| (*kind).to_owned()).collect(),
        drawn: director.drawn.clone(),
        spans: director.spans.clone(),
    }
}

fn conclude<P: Protocol>(
    scenario: &Scenario,
    seed: u64,
    options: &RunOptions,
    world: &SimWorld<P>,
    driven: &Driven,
    gauges: &Gauges<P>,
    recorder: Option<Rc<RefCell<Recorder>>>,
) -> RunOutput {
    let sim = &world.sim;
    let messages = messages_of(sim);
    let operations = operations_of(sim);
    let mut measures = measures::<P::Service>(sim.history(), &messages, &operations);
    gauges.read(&Totals { end: sim.now(), messages: sim.counts() }, &mut measures);
    let mut violations: Vec<Violation> = sim.violations().to_vec();
    violations.extend(driven.violations.iter().cloned());
    // Stable: what the simulation found in an event comes first.
    violations.sort_by_key(|violation| violation.event);
    let mut unknown = not_finished(driven, sim.now());
    if violations.is_empty() || options.keep_going {
        let found = judge::<P::Service>(scenario, sim.history(), &measures);
        unknown = unknown.or(add_found(found, &mut violations, sim));
    }
    let point = violations.first().map(|violation| ViolationPoint {
        event: violation.event,
        time_ns: violation.time.nanos(),
        host: recorder
            .as_ref()
            .and_then(|recorder| recorder.borrow().host_of(violation.event))
            .map(|host| host.to_string()),
    });
    let (verdict, property, message) = verdict_of(&violations, unknown, driven);
    let record = RunRecord {
        format_version: RECORD_VERSION,
        scenario: scenario.name.clone(),
        protocol: P::NAME.to_owned(),
        seed,
        verdict,
        property,
        message,
        also: further_properties(&violations),
        digest: format!("{:016x}", sim.digest()),
        events: sim.events(),
        virtual_time_ns: sim.now().nanos(),
        milestones: milestones_of(sim, None),
        milestones_after_heal: match heal_time(scenario, sim.now()) {
            Some(heal) => milestones_of(sim, Some(heal)),
            None => BTreeMap::new(),
        },
        measures,
        messages,
        operations,
        faults: with_buggify(driven.faults.clone(), sim),
        swarm_off: driven.swarm_off.clone(),
        series: None,
    };
    RunOutput {
        recording: recorder.map(|recorder| finish_recording(&recorder, point.as_ref(), world)),
        record,
        violation: point,
        history: options.history.then(|| history_text(sim)),
        faults_active: driven.faults_active.clone(),
        shown: options.show.iter().map(|name| (name.clone(), show(sim, name))).collect(),
        drawn: driven.drawn.clone(),
    }
}

/// The faults that took effect, and the places where the protocol misbehaved within its rights.
fn with_buggify<P: Protocol>(
    mut faults: BTreeMap<String, u64>,
    sim: &Sim<P>,
) -> BTreeMap<String, u64> {
    let fired = sim.buggified().into_iter().filter(|(_, times)| *times > 0);
    faults.extend(fired.map(|(place, times)| (format!("buggify:{place}"), times)));
    faults
}

/// Adds what the checks found violated; returns the first that could not say.
fn add_found<P: Protocol>(
    found: Vec<Found>,
    violations: &mut Vec<Violation>,
    sim: &Sim<P>,
) -> Option<(String, String)> {
    let mut unknown = None;
    for found in found {
        match found {
            Found::Violated { property, message } => {
                let (time, event) = (sim.now(), sim.events());
                violations.push(Violation { property, message, time, event });
            }
            Found::Unknown { property, message } => {
                unknown = unknown.or(Some((property, message)));
            }
        }
    }
    unknown
}

/// The properties that were violated beside the first, once each.
fn further_properties(violations: &[Violation]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for violation in violations {
        if !names.contains(&violation.property) {
            names.push(violation.property.clone());
        }
    }
    names.drain(..names.len().min(1));
    names
}

/// Why a run that violated nothing says nothing, either.
fn not_finished(driven: &Driven, now: SimTime) -> Option<(String, String)> {
    let property = |name: &str| name.to_owned();
    match (&driven.over, &driven.script_at) {
        (Over::Limit(name), _) => {
            Some((property("limits"), format!("the limit `{name}` was hit at {now}")))
        }
        (Over::Early, _) => Some((property("until"), format!("the run was stopped at {now}"))),
        (Over::End, Some(at)) => Some((
            property("script"),
            format!("the run ended at {now}, when the script was at {at}"),
        )),
        (Over::End, None) | (Over::Violation, _) => None,
    }
}

fn verdict_of(
    violations: &[Violation],
    unknown: Option<(String, String)>,
    driven: &Driven,
) -> (Verdict, Option<String>, Option<String>) {
    if let Some(first) = violations.first() {
        return (Verdict::Fail, Some(first.property.clone()), Some(first.message.clone()));
    }
    if let Some((property, message)) = unknown {
        return (Verdict::Unknown, Some(property), Some(message));
    }
    match vacuous(&driven.tallies) {
        Some((property, message)) => (Verdict::Vacuous, Some(property), Some(message)),
        None => (Verdict::Pass, None, None),
    }
}

/// When everything healed, if it did.
fn heal_time(scenario: &Scenario, now: SimTime) -> Option<SimTime> {
    match scenario.end.as_ref()?.shape() {
        EndShape::Heal { at, .. } => Some(SimTime::from_nanos(at.0)).filter(|at| *at <= now),
        EndShape::Milestone { .. } => None,
    }
}

/// When each milestone was first reached, or how long after heal.
fn milestones_of<P: Protocol>(sim: &Sim<P>, heal: Option<SimTime>) -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for (name, first, after_heal) in sim.milestones() {
        let time = match heal {
            None => first.map(SimTime::nanos),
            Some(heal) => after_heal.map(|at| at.nanos() - heal.nanos()),
        };
        if let Some(time) = time {
            times.insert(name.to_owned(), time);
        }
    }
    times
}

fn messages_of<P: Protocol>(sim: &Sim<P>) -> Messages {
    let counts = sim.messages();
    let kinds = sim.kinds().iter().map(|kind| kind.to_string());
    let mut by_kind: BTreeMap<String, u64> = kinds.zip(counts.by_kind).collect();
    by_kind.insert(CLIENT_REQUEST.to_owned(), counts.client_requests);
    by_kind.insert(CLIENT_REPLY.to_owned(), counts.client_replies);
    by_kind.retain(|_, count| *count > 0);
    Messages {
        sent: counts.sent,
        duplicated: counts.duplicated,
        delivered: counts.delivered,
        lost: counts.lost,
        cut: counts.cut,
        queue_dropped: counts.queue_dropped,
        undecodable: counts.undecodable,
        corrupted: counts.corrupted,
        misdirected: counts.misdirected,
        host_down: counts.host_down,
        in_flight_at_end: counts.in_flight_at_end,
        bytes: counts.bytes,
        by_kind,
    }
}

fn operations_of<P: Protocol>(sim: &Sim<P>) -> Operations {
    let counts = sim.operations();
    // Nobody knows what became of those that were under way when the run ended.
    let open = open_operations::<P::Service>(sim.history());
    Operations { ok: counts.ok, fail: counts.fail, info: counts.info + open }
}

fn finish_recording<P: Protocol>(
    recorder: &Rc<RefCell<Recorder>>,
    point: Option<&ViolationPoint>,
    world: &SimWorld<P>,
) -> Recording {
    recorder.borrow().finish(point.map(|point| point.event), |host| world.role_of(host))
}

fn history_text<P: Protocol>(sim: &Sim<P>) -> String {
    match P::Service::history_text(sim.history()) {
        Ok(text) => text,
        Err(error) => panic!("the history of a run has no JSON form: {error}"),
    }
}

/// The node on a host, as it would be serialized.
fn show<P: Protocol>(sim: &Sim<P>, name: &str) -> Value {
    let number = name.strip_prefix('n').and_then(|number| number.parse::<u32>().ok());
    let Some(index) = number.and_then(|number| number.checked_sub(1)) else {
        return Value::Null;
    };
    let view = sim.view();
    let node = view.node(NodeId::host(index));
    node.and_then(|node| serde_json::to_value(node).ok()).unwrap_or(Value::Null)
}
