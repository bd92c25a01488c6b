//! How far a buyer reaches. Whoever lets a language model name URLs lets it send requests from this machine, so its buyer is
//! held to the public web: what a name resolves to is looked at where the connection is made, so that a name cannot lead
//! into a private network, whatever it resolved to before.

use super::origin::Origin;
use ipnet::{Ipv4Net, Ipv6Net};
use purse_protocol::{PaymentRefusal, WhoCanFix};
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// IPv4 networks that are not of the public web, by IANA's registry of special-purpose addresses (RFC 6890): of this
/// machine, private, shared by a carrier, of the link, for documents and measurements, for many, reserved.
const NOT_PUBLIC_V4: [Ipv4Net; 14] = [
    net4([0, 0, 0, 0], 8),
    net4([10, 0, 0, 0], 8),
    net4([100, 64, 0, 0], 10),
    net4([127, 0, 0, 0], 8),
    net4([169, 254, 0, 0], 16),
    net4([172, 16, 0, 0], 12),
    net4([192, 0, 0, 0], 24),
    net4([192, 0, 2, 0], 24),
    net4([192, 88, 99, 0], 24),
    net4([192, 168, 0, 0], 16),
    net4([198, 18, 0, 0], 15),
    net4([198, 51, 100, 0], 24),
    net4([203, 0, 113, 0], 24),
    net4([224, 0, 0, 0], 3),
];
/// IPv6: all that is public lies in here.
const PUBLIC_V6: Ipv6Net = net6([0x2000, 0], 3);
/// But not these: protocol assignments with Teredo, documents, 6to4, documents again.
const NOT_PUBLIC_V6: [Ipv6Net; 4] =
    [net6([0x2001, 0], 23), net6([0x2001, 0xdb8], 32), net6([0x2002, 0], 16), net6([0x3fff, 0], 20)];
/// Stands for the IPv4 address in its last 32 bits, where a network translates (NAT64).
const TRANSLATED: Ipv6Net = net6([0x64, 0xff9b], 96);

const fn net4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn net6([a, b]: [u16; 2], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

/// Which sellers may be asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    public_only: bool,
    origins: Vec<Origin>,
}

impl Reach {
    /// All, those of this machine and its network too. For whoever names the URLs himself.
    pub fn everywhere() -> Self {
        Self::default()
    }

    /// Those of the public web.
    pub fn public() -> Self {
        Self { public_only: true, origins: Vec::new() }
    }

    /// Of those, the ones at these origins; none named: all of them.
    pub fn only(mut self, origins: Vec<Origin>) -> Self {
        self.origins = origins;
        self
    }

    /// Refuses a URL beyond it. Names are not resolved here: the client does that, and looks.
    pub(super) fn allows(&self, url: &Url) -> Result<(), PaymentRefusal> {
        let known = Origin::of(url).ok();
        if !self.origins.is_empty() && !known.is_some_and(|origin| self.origins.contains(&origin)) {
            let what = "whoever runs this program lets it buy from named sellers only, and this is none of them";
            return Err(PaymentRefusal::new("SellerNotAllowed", what)
                .by(WhoCanFix::Operator)
                .quoted("origin", &url.origin().ascii_serialization())
                .next("buy from one of the sellers that are named, or have the operator name this one with --origin"));
        }
        if self.public_only
            && (super::request::is_local(url) || address_of(url).is_some_and(|address| !is_public(address)))
        {
            return Err(not_public());
        }
        Ok(())
    }

    /// What a client is built with. Within the public web it uses no proxy: a proxy would resolve names by itself.
    pub(super) fn limit(&self, client: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
        if self.public_only { client.no_proxy().dns_resolver(Arc::new(PublicOnly(System))) } else { client }
    }
}

/// The address that is a URL's host, where it is one.
fn address_of(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an address is one of the public web.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) if TRANSLATED.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(address) => PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address)),
    }
}

/// This machine's own way to resolve names.
struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// Gives what another resolver finds, if all of it is public. The client connects to what this gives and to nothing else.
struct PublicOnly<R>(R);

/// A name leads to this machine or into its network.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to this machine or into its network")]
struct NotPublic;

impl<R: Resolve> Resolve for PublicOnly<R> {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.0.resolve(name);
        Box::pin(async move {
            let found = found.await?.collect::<Vec<_>>();
            match found.iter().all(|address| is_public(address.ip())) {
                true => Ok(Box::new(found.into_iter()) as Addrs),
                false => Err(NotPublic.into()),
            }
        })
    }
}

/// The refusal, where a request failed for that it would have left the public web.
pub(super) fn stopped(error: &(dyn Error + 'static)) -> Option<PaymentRefusal> {
    let mut causes = std::iter::successors(Some(error), |error: &&'_ (dyn Error + 'static)| (*error).source());
    causes.any(|cause| cause.is::<NotPublic>()).then(not_public)
}

fn not_public() -> PaymentRefusal {
    let what = "that URL leads to this machine or into its network, where a model has no business";
    PaymentRefusal::new("LocalSellerNotAllowed", what)
        .by(WhoCanFix::Operator)
        .next("buy on the public web; for a seller nearby the server is started with --allow-local")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::super::exchange::{Exchange as _, NoAnswer};
    use super::*;
    use std::net::SocketAddr;

    /// Every name is there.
    #[derive(Clone)]
    struct Always(Vec<SocketAddr>);

    impl Resolve for Always {
        fn resolve(&self, _: Name) -> Resolving {
            let found = self.0.clone();
            Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
        }
    }

    #[test]
    fn only_the_public_web_is_public() {
        let public = |text: &str| is_public(text.parse().unwrap());
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!public(text), "{text}");
        }
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn urls_beyond_the_reach_are_refused_by_name() {
        let refused =
            |reach: &Reach, url: &str| reach.allows(&Url::parse(url).unwrap()).err().map(|refusal| refusal.code);
        let public = Reach::public();
        for url in [
            "http://localhost:1/",
            "https://a.localhost/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:192.168.0.1]/",
        ] {
            assert_eq!(refused(&public, url).as_deref(), Some("LocalSellerNotAllowed"), "{url}");
            assert_eq!(refused(&Reach::everywhere(), url), None, "{url}");
        }
        assert_eq!(refused(&public, "https://api.example/"), None);
        let named = Reach::everywhere().only(vec!["https://api.example".parse().unwrap()]);
        assert_eq!(refused(&named, "https://api.example:443/x"), None);
        for url in ["https://api.example:444/", "http://api.example/", "https://b.example/", "https://api.example.b/"] {
            assert_eq!(refused(&named, url).as_deref(), Some("SellerNotAllowed"), "{url}");
        }
    }

    /// Safety 3.4: a name of the public web that leads to this machine is found out where the connection is made, and no
    /// connection is made. One private address among public ones is enough.
    #[tokio::test]
    async fn a_name_that_leads_home_is_not_followed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let home = listener.local_addr().unwrap();
        let url = format!("http://seller.example:{}/", home.port()).parse::<Url>().unwrap();
        let ask = async |found: &[SocketAddr], guarded: bool| {
            let found = Always(found.to_vec());
            let client = reqwest::Client::builder().no_proxy();
            let client = match guarded {
                true => client.dns_resolver(Arc::new(PublicOnly(found))),
                false => client.dns_resolver(Arc::new(found)),
            };
            let mut client = client.timeout(std::time::Duration::from_millis(300)).build().unwrap();
            client.send(reqwest::Request::new(reqwest::Method::GET, url.clone())).await
        };
        let public = SocketAddr::from(([192, 0, 9, 9], 0));
        for found in [&[home][..], &[public, home]] {
            match ask(found, true).await {
                Err(NoAnswer::Refused(refusal)) => assert_eq!(refusal.code, "LocalSellerNotAllowed"),
                other => unreachable!("{:?}", other.map(|response| response.status()).map_err(|_| "failed otherwise")),
            }
        }
        assert!(listener.accept().is_err(), "nobody connected");
        assert!(matches!(ask(&[home], false).await, Err(NoAnswer::Failed(_))));
        assert!(listener.accept().is_ok(), "unguarded, it is connected to: or the test would see nothing");
    }
}
