//! What quantities are called, and which of them have a picture of their own.

use crate::results::Quantity;

use super::scene::Scene;
use super::unit::Unit;

/// What a quantity is called on an axis, without its unit.
pub(super) fn label(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Milestone(name) => format!("time from start to {name}"),
        Quantity::AfterHeal(name) => format!("time from heal to {name}"),
        Quantity::Measure(name) => match name.as_str() {
            "messages_per_operation" => "messages per operation".to_owned(),
            "bytes_sent" => "bytes sent in a run".to_owned(),
            "messages_sent" => "messages sent in a run".to_owned(),
            "operations_ok" => "operations that took place in a run".to_owned(),
            "latency_p50_ns" => "median operation latency of a run".to_owned(),
            "latency_p99_ns" => "99th percentile of operation latency of a run".to_owned(),
            other => other.strip_suffix("_ns").unwrap_or(other).replace('_', " "),
        },
    }
}

/// The title of a quantity's pictures.
pub(super) fn title(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Milestone(name) => format!("Time until {name} is first reached"),
        Quantity::AfterHeal(name) => format!("Time from heal until {name} holds"),
        Quantity::Measure(_) => {
            let label = label(quantity);
            let mut letters = label.chars();
            let first = letters.next().map(|letter| letter.to_uppercase().to_string());
            format!("{}{}", first.unwrap_or_default(), letters.as_str())
        }
    }
}

/// The name of a quantity's files.
pub(super) fn file_name(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Milestone(name) => format!("time-to-{name}"),
        Quantity::AfterHeal(name) => format!("time-to-{name}-after-heal"),
        Quantity::Measure(name) => name.strip_suffix("_ns").unwrap_or(name).to_owned(),
    }
}

/// The unit in which a quantity is shown, if `highest` is its largest number.
pub(super) fn unit(quantity: &Quantity, highest: f64) -> Unit {
    match quantity {
        Quantity::Milestone(_) | Quantity::AfterHeal(_) => Unit::of_time(highest),
        Quantity::Measure(name) if name.ends_with("_ns") => Unit::of_time(highest),
        Quantity::Measure(_) => Unit::PLAIN,
    }
}

/// Whether a quantity has pictures unless a study asks for them.
pub(super) fn is_drawn(quantity: &Quantity, scene: &Scene<'_>) -> bool {
    match quantity {
        Quantity::Milestone(_) | Quantity::AfterHeal(_) => true,
        Quantity::Measure(name) => match name.as_str() {
            // How long a run is decides these.
            "messages_sent" | "operations_ok" => false,
            // The latencies of operations themselves say more.
            "latency_p50_ns" | "latency_p99_ns" => {
                let series = scene.members.iter().filter_map(|it| it.group.series.as_ref());
                series.into_iter().all(|series| series.latency.is_empty())
            }
            _ => true,
        },
    }
}
