//! Signatures: two failures that look alike have the same one.

use seedbed_sim::rng::hash_name;

use super::recording::Recording;

/// Eight hex digits of the violated property and the last events of the violation's causal past,
/// in no order: event kind, message kind, and the host's role in the protocol.
pub fn signature(property: &str, recording: &Recording) -> String {
    let mut tail = recording.causal_tail.clone();
    tail.sort();
    let mut text = property.to_owned();
    for event in &tail {
        for part in [&event.event, &event.message, &event.role] {
            // Something that no name contains, so that parts cannot run together.
            text.push('\u{1f}');
            text.push_str(part);
        }
    }
    let hash = hash_name(&text);
    format!("{:08x}", (hash >> 32) as u32 ^ hash as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::CausalEvent;

    fn recording(events: &[(&str, &str, &str)]) -> Recording {
        let event = |(event, message, role): &(&str, &str, &str)| CausalEvent {
            event: (*event).to_owned(),
            message: (*message).to_owned(),
            role: (*role).to_owned(),
        };
        Recording { causal_tail: events.iter().map(event).collect(), ..Recording::default() }
    }

    #[test]
    fn a_signature_is_of_the_set_and_pinned() {
        let one = recording(&[("handled", "vote", "leader"), ("timer-fired", "", "follower")]);
        let other = recording(&[("timer-fired", "", "follower"), ("handled", "vote", "leader")]);
        let less = recording(&[("handled", "vote", "leader")]);
        assert_eq!(signature("election-safety", &one), signature("election-safety", &other));
        assert_ne!(signature("election-safety", &one), signature("log-matching", &one));
        assert_ne!(signature("election-safety", &one), signature("election-safety", &less));
        assert_eq!(signature("election-safety", &less).len(), 8);
    }

    #[test]
    fn parts_do_not_run_together() {
        let one = recording(&[("ab", "c", "")]);
        let other = recording(&[("a", "bc", "")]);
        assert_ne!(signature("p", &one), signature("p", &other));
    }
}
