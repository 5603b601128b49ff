//! The server's own certificate, for who has no other: signed by itself, made
//! on first use, and kept until it nears its end or lacks a name.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType};

use super::pair::Pair;
use crate::{Result, gate};

/// Its file in the data folder: the key, then the certificate. One file is
/// there whole or not at all.
pub const FILE: &str = "tls.pem";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long it holds. Apple's systems refuse more than 825 days; the 398 of
/// Apple and Chrome bind only authorities that came with the system.
const LIFE: Duration = DAY.saturating_mul(820);
/// Clocks in a house differ.
const BEFORE: Duration = DAY;
/// So long before its end a new one is made.
const RENEWAL: Duration = DAY.saturating_mul(30);

/// Networks between machines that are no machines: nobody asks from there, and
/// they come and go.
const INNER: [&str; 7] = ["br-", "cni", "docker", "podman", "veth", "virbr", "vnet"];

/// Where it lies and whom it is for.
#[derive(Clone, Debug)]
pub struct Own {
    path: PathBuf,
    hosts: Vec<String>,
}

impl Own {
    /// That of the server with this data folder and these further names.
    pub fn new(data: &Path, hosts: &[String]) -> Self {
        Own { path: data.join(FILE), hosts: hosts.to_vec() }
    }

    /// The one that is kept, or a new one where that is of no more use.
    pub fn pair(&self) -> Result<Pair> {
        let wanted = names(&self.hosts);
        let kept = match fs::read(&self.path) {
            Ok(text) => self.parsed(&text).inspect_err(|error| {
                tracing::warn!(%error, "the server's own certificate is made anew");
            }),
            Err(error) => Err(error.into()),
        };
        match kept {
            Ok(pair)
                if !is_ending(&pair) && wanted.needed.is_subset(&pair.names.iter().cloned().collect()) =>
            {
                Ok(pair)
            }
            _ => self.made(wanted),
        }
    }

    fn parsed(&self, text: &[u8]) -> Result<Pair> {
        let shown = self.path.display().to_string();
        Pair::of(text, text, &shown, &shown)
    }

    fn made(&self, names: Names) -> Result<Pair> {
        let text = certificate(names)?;
        self.keep(&text).map_err(|error| {
            format!(
                "the server's own certificate {} cannot be written: {error}; see that it can be, or choose another \
                 folder with --data",
                self.path.display()
            )
        })?;
        tracing::info!(path = %self.path.display(), "a certificate of the server's own was made");
        self.parsed(text.as_bytes())
    }

    /// Puts it in its place for nobody else to read, whole.
    fn keep(&self, text: &str) -> std::io::Result<()> {
        let beside = self.path.with_extension("pem.partial");
        if let Err(error) = fs::remove_file(&beside)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }
}

/// Whether a pair is to be made anew. Before its begin, the clock was wrong
/// when it was made or is so now.
pub fn is_ending(pair: &Pair) -> bool {
    let now = SystemTime::now();
    now < pair.begins() || pair.ends() <= now + RENEWAL
}

/// What a certificate is for.
struct Names {
    /// Without one of these a new one is made.
    needed: BTreeSet<String>,
    /// These come and go, as temporary addresses do (RFC 8981).
    more: BTreeSet<String>,
}

/// How this machine may be asked for.
fn names(hosts: &[String]) -> Names {
    let mut needed: BTreeSet<String> = gate::names(hosts).iter().filter_map(|name| borne(name)).collect();
    needed.insert("127.0.0.1".to_owned());
    let mut more = BTreeSet::from(["::1".to_owned()]);
    for address in addresses() {
        match address {
            IpAddr::V4(_) => needed.insert(address.to_string()),
            IpAddr::V6(_) => more.insert(address.to_string()),
        };
    }
    Names { needed, more }
}

/// A name as certificates have it; none if they cannot.
fn borne(name: &str) -> Option<String> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    is_plain.then(|| name.to_owned())
}

/// The addresses under which others reach this machine.
pub fn addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let outer = interfaces.iter().filter(|own| !INNER.iter().any(|inner| own.name.starts_with(inner)));
    outer.filter(|own| !own.is_loopback() && !own.is_link_local()).map(|own| own.ip()).collect()
}

/// A new key and its certificate, as PEM.
fn certificate(names: Names) -> Result<String> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    for name in names.needed.iter().chain(&names.more) {
        let address = name.parse().map(SanType::IpAddress);
        params.subject_alt_names.push(match address {
            Ok(address) => address,
            Err(_) => SanType::DnsName(name.as_str().try_into()?),
        });
    }
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, "Auralis, signed by itself");
    params.key_usages.push(KeyUsagePurpose::DigitalSignature);
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    let begin = SystemTime::now() - BEFORE;
    params.not_before = begin.into();
    params.not_after = (begin + LIFE).into();
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_holds_no_longer_than_apple_allows_and_from_yesterday_on() {
        let text = certificate(names(&["nas.example".to_owned(), "[fd00::7]".to_owned()])).unwrap();
        let pair = Pair::of(text.as_bytes(), text.as_bytes(), "it", "it").unwrap();
        assert!(pair.ends().duration_since(pair.begins()).unwrap() <= 825 * DAY);
        assert!(pair.begins() < SystemTime::now() - DAY / 2 && !is_ending(&pair));
        for name in ["localhost", "127.0.0.1", "::1", "nas.example", "fd00::7"] {
            assert!(pair.names.iter().any(|known| known == name), "{name} in {:?}", pair.names);
        }
    }

    #[test]
    fn what_no_certificate_can_bear_is_left_out() {
        for host in ["müsik", "nas:80", "*"] {
            let names = names(&[host.to_owned()]);
            assert!(!names.needed.contains(host), "{host}");
            let text = certificate(names).unwrap();
            let pair = Pair::of(text.as_bytes(), text.as_bytes(), "it", "it").unwrap();
            assert!(pair.names.contains(&"localhost".to_owned()));
        }
    }
}
