//! Who asks: what fairness and limits are counted by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The peer of a connection. What it says of itself (X-Forwarded-For) counts for
/// nothing: anybody can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// The server itself, where it works for nobody in particular.
    pub const HOUSE: Client = Client(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    /// Who stands behind this address: of IPv6, all of a /64, which is what one
    /// subscriber has at least.
    pub fn of(peer: IpAddr) -> Self {
        match peer.to_canonical() {
            IpAddr::V4(address) => Client(address.into()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Client(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscriber_is_one_client() {
        let of = |text: &str| Client::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::7"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
    }
}
