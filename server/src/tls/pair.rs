//! A certificate and its key: read from PEM, held against each other and
//! against the clock.

use std::fmt::Write;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ServerConfig;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{Error as TlsError, version};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Validity;

use crate::Result;

/// A chain of certificates with the key of the first.
#[derive(Debug)]
pub struct Pair {
    certified: CertifiedKey,
    validity: Validity,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
}

impl Pair {
    /// The pair in these files, or what is wrong with them and what to do.
    pub fn read(cert: &Path, key: &Path) -> Result<Self> {
        let chain = text(cert, "certificate", "--tls-cert")?;
        let secret = text(key, "key", "--tls-key")?;
        let shown = cert.display();
        let pair = Pair::of(&chain, &secret, &shown.to_string(), &key.display().to_string())?;
        if pair.ends() <= SystemTime::now() {
            return Err(format!(
                "the certificate {shown} expired on {}; renew it, or start without --tls-cert",
                pair.validity.not_after
            )
            .into());
        }
        Ok(pair)
    }

    /// The pair in these texts, called so in what is said of them.
    pub fn of(chain: &[u8], secret: &[u8], cert: &str, key: &str) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| format!("the certificate {cert} is damaged: {error}"))?;
        let first = chain.first().ok_or_else(|| {
            format!("{cert} holds no certificate; it must be PEM text, with -----BEGIN CERTIFICATE-----")
        })?;
        let parsed = Certificate::from_der(first)
            .map_err(|error| format!("the certificate {cert} is damaged: {error}"))?;
        let names = names_of(&parsed);
        let validity = *parsed.tbs_certificate().validity();
        let secret = PrivateKeyDer::from_pem_slice(secret).map_err(|error| match error {
            PemError::NoItemsFound => format!(
                "{key} holds no key that can be read; it must be PEM text, with -----BEGIN PRIVATE KEY-----, and \
                 without a passphrase"
            ),
            _ => format!("the key {key} is damaged: {error}"),
        })?;
        let certified = CertifiedKey::from_der(chain, secret, &provider()).map_err(|error| match error {
            TlsError::InconsistentKeys(_) => format!(
                "the key {key} is not that of the first certificate in {cert}; give --tls-key the one that it was \
                 made with"
            ),
            _ => format!("the key {key} with the certificate {cert} is of no use: {error}"),
        })?;
        Ok(Pair { certified, validity, names })
    }

    /// When it begins to hold.
    pub fn begins(&self) -> SystemTime {
        self.validity.not_before.to_system_time()
    }

    /// When it ceases to hold.
    pub fn ends(&self) -> SystemTime {
        self.validity.not_after.to_system_time()
    }

    /// What browsers show of it in their warning, in their way of writing it.
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for byte in self.certified.cert.iter().take(1).flat_map(Sha256::digest) {
            // Writing to a string does not fail.
            let _ = write!(text, "{}{byte:02X}", if text.is_empty() { "" } else { ":" });
        }
        text
    }

    /// How connections are secured with it.
    pub fn config(&self) -> Result<Arc<ServerConfig>> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(self.certified.clone())));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What a file holds, or why it cannot be read.
fn text(path: &Path, what: &str, option: &str) -> Result<Vec<u8>> {
    let shown = path.display();
    std::fs::read(path).map_err(|error| {
        match error.kind() {
            ErrorKind::NotFound => {
                format!("the {what} {shown} does not exist; check the path given to {option}")
            }
            ErrorKind::PermissionDenied => format!(
                "no permission to read the {what} {shown}; make it readable for whom the server runs as, or give \
                 {option} a copy"
            ),
            _ => format!("the {what} {shown} cannot be read: {error}"),
        }
        .into()
    })
}

/// The subject's alternative names; no browser reads any other.
fn names_of(certificate: &Certificate) -> Vec<String> {
    let found = certificate.tbs_certificate().get_extension::<SubjectAltName>();
    let names = found.ok().flatten().map(|(_, names)| names.0).unwrap_or_default();
    names.iter().filter_map(name_of).collect()
}

fn name_of(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_lowercase()),
        GeneralName::IpAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(bytes.as_bytes()).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes.as_bytes()).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
