//! How many messages were sent, and what became of them.

/// Messages of a run. `sent + duplicated` is the sum of the fates: delivered, lost, cut,
/// queue_dropped, undecodable, host_down and in_flight_at_end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageCounts {
    /// Left their host: protocol messages, client requests and replies. A message to oneself never
    /// crosses the network and is not counted.
    pub sent: u64,
    /// Second copies that the network made.
    pub duplicated: u64,
    /// Handed to a handler.
    pub delivered: u64,
    /// Lost on the way.
    pub lost: u64,
    /// Sent into a partition.
    pub cut: u64,
    /// Dropped from the full inbox of a paused or busy host.
    pub queue_dropped: u64,
    /// Could not be decoded after corruption, or was refused: by its checksum, or by a host that
    /// was not its addressee.
    pub undecodable: u64,
    /// Came to a host that was down, or waited in the inbox of one that crashed.
    pub host_down: u64,
    /// On their way, held on a clogged link, or waiting in an inbox when the run ended.
    pub in_flight_at_end: u64,
    /// Had bits flipped, whether they could still be decoded or not: no fate of its own.
    pub corrupted: u64,
    /// Went to another host than they were sent to: no fate of its own.
    pub misdirected: u64,
    /// Bytes of all that were sent.
    pub bytes: u64,
    /// How many were sent of each kind of the protocol, by its index.
    pub by_kind: Vec<u64>,
    /// Requests that clients sent.
    pub client_requests: u64,
    /// Replies that hosts sent to clients.
    pub client_replies: u64,
}
