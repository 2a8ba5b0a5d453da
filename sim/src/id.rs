//! Names of hosts, clients and operations.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The bit that tells a client from a host.
const CLIENT_BIT: u32 = 1 << 31;

/// A host, or a client outside the cluster.
///
/// Hosts are numbered from index 0 and written from `n1`; clients likewise from `c1`. In order,
/// every host comes before every client. Serialized as its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(u32);

impl NodeId {
    /// The host with this index: `NodeId::host(0)` is `n1`. Panics from 2^31 on.
    #[inline]
    pub const fn host(index: u32) -> NodeId {
        assert!(index < CLIENT_BIT, "at most 2^31 hosts");
        NodeId(index)
    }

    /// The client with this index: `NodeId::client(0)` is `c1`. Panics from 2^31 on.
    #[inline]
    pub const fn client(index: u32) -> NodeId {
        assert!(index < CLIENT_BIT, "at most 2^31 clients");
        NodeId(index | CLIENT_BIT)
    }

    /// Whether this is a client.
    #[inline]
    pub const fn is_client(self) -> bool {
        self.0 & CLIENT_BIT != 0
    }

    /// The position among the hosts, or among the clients, from 0.
    #[inline]
    pub const fn index(self) -> usize {
        (self.0 & !CLIENT_BIT) as usize
    }

    /// The number it is serialized as: distinct for hosts and clients.
    #[inline]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The inverse of [`NodeId::number`].
    #[inline]
    pub const fn from_number(number: u32) -> NodeId {
        NodeId(number)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.is_client() { 'c' } else { 'n' };
        formatter.pad(&format!("{letter}{}", self.index() + 1))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// One operation of one client, written `c1#7`.
///
/// A client numbers its operations itself, so a protocol may use the pair to recognise a repeated
/// request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OpId {
    /// Who asked.
    pub client: NodeId,
    /// The client's own number for it.
    pub number: u64,
}

impl fmt::Display for OpId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{}#{}", self.client, self.number))
    }
}

impl fmt::Debug for OpId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_write() {
        let host = NodeId::host(2);
        let client = NodeId::client(0);
        assert_eq!((host.to_string(), host.index(), host.is_client()), ("n3".into(), 2, false));
        assert_eq!(
            (client.to_string(), client.index(), client.is_client()),
            ("c1".into(), 0, true)
        );
        assert!(host < client);
        assert_eq!(NodeId::from_number(client.number()), client);
        assert_eq!(format!("{:?}", OpId { client, number: 7 }), "c1#7");
        assert_eq!(format!("{host:<4}|"), "n3  |");
    }

    #[test]
    #[should_panic(expected = "at most 2^31 hosts")]
    fn a_host_index_cannot_reach_into_the_clients() {
        let _ = NodeId::host(1 << 31);
    }
}
