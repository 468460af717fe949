//! Who is at the other end of a request: the address that failed claims are counted by.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::Request;
use axum::http::HeaderMap;

/// The header in which a proxy says whom it asks for.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A client: an IPv4 address, or the 64 leading bits of an IPv6 address, below which one
/// subscriber can choose freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// Whom a request is from. A proxy on this machine is asked in its header; the last address
    /// there is the one that it added itself, and all before are whatever a client likes. Other
    /// machines' proxies are not known, so each of them counts as one client.
    pub(crate) fn of(request: &Request) -> Self {
        let peer = request.extensions().get().map_or(Ipv6Addr::UNSPECIFIED.into(), |&Peer(at)| at);
        let forwarded = peer.to_canonical().is_loopback().then(|| forwarded_for(request.headers()));
        Self::from(forwarded.flatten().unwrap_or(peer))
    }
}

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address => address,
        })
    }
}

/// The last address of the last such header.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).into_iter().next_back()?.to_str().ok()?;
    let last = last.rsplit(',').next()?.trim();
    let bare = || {
        let Some(inner) = last.strip_prefix('[') else {
            return last.rsplit_once(':')?.0.parse().ok();
        };
        let (address, port) = inner.split_once(']')?;
        (port.is_empty() || port.starts_with(':')).then(|| address.parse().ok())?
    };
    last.parse().ok().or_else(bare)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> Client {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header(FORWARDED_FOR, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        Client::of(&request)
    }

    fn at(address: &str) -> Client {
        Client(address.parse().unwrap())
    }

    #[test]
    fn a_proxy_on_this_machine_says_whom_it_asks_for() {
        let own = "127.0.0.1";
        assert_eq!(client(own, &[]), at(own));
        assert_eq!(client(own, &["192.0.2.7"]), at("192.0.2.7"));
        // What a client sent itself stands before what the proxy added.
        assert_eq!(client(own, &["10.9.9.9, 192.0.2.7"]), at("192.0.2.7"));
        assert_eq!(client(own, &["10.9.9.9", "192.0.2.7"]), at("192.0.2.7"));
        assert_eq!(client("::1", &["[2001:db8::7]:443"]), at("2001:db8::"));
        assert_eq!(client(own, &["[2001:db8::7]"]), at("2001:db8::"));
        assert_eq!(client(own, &["[2001:db8::7]x", "[2001:db8::7"]), at(own));
        assert_eq!(client(own, &["192.0.2.7:5060"]), at("192.0.2.7"));
        assert_eq!(client(own, &["unknown"]), at(own));
    }

    #[test]
    fn another_machine_counts_as_itself_whatever_it_says() {
        assert_eq!(client("192.0.2.9", &["192.0.2.7"]), at("192.0.2.9"));
        assert_eq!(client("::ffff:192.0.2.9", &[]), at("192.0.2.9"));
        assert_eq!(client("2001:db8::9", &[]), client("2001:db8::ffff:1", &[]));
        assert_ne!(client("2001:db8::9", &[]), client("2001:db8:0:1::9", &[]));
    }
}
