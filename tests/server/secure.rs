//! A client over TLS that trusts what it is told to and nothing else, and
//! certificates made to measure.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auralis_tests::http::{Response, read};
use auralis_tests::program;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, DEFAULT_VERSIONS, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::house::{House, PATIENCE};

/// A secured connection.
pub type Secured = StreamOwned<ClientConnection, TcpStream>;

/// Who to trust, and how to speak.
pub struct Client {
    pub config: ClientConfig,
    roots: RootCertStore,
}

impl Client {
    /// One that trusts the certificates in this PEM text.
    pub fn trusting(pem: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.expect("PEM")).expect("a certificate");
        }
        Client { config: speaking(DEFAULT_VERSIONS, roots.clone()), roots }
    }

    /// The same, speaking this version only.
    pub fn only(self, version: &'static SupportedProtocolVersion) -> Self {
        Client { config: speaking(&[version], self.roots.clone()), ..self }
    }

    /// One that trusts the server's own certificate.
    pub fn of(house: &House) -> Self {
        Client::trusting(&std::fs::read(house.data.path().join("tls.pem")).expect("a certificate"))
    }

    /// A connection on which the server has shown that it is `name`.
    pub fn connect(&self, address: SocketAddr, name: &str) -> std::io::Result<Secured> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let connection =
            ClientConnection::new(Arc::new(self.config.clone()), name).map_err(std::io::Error::other)?;
        let mut secured = StreamOwned::new(connection, stream);
        while secured.conn.is_handshaking() {
            secured.conn.complete_io(&mut secured.sock)?;
        }
        Ok(secured)
    }

    /// One request on a connection of its own; it ends with the answer.
    pub fn get(&self, address: SocketAddr, path: &str) -> Response {
        let stream = self.connect(address, "localhost").expect("it is trusted");
        let mut stream = BufReader::new(stream);
        let answer = ask(&mut stream, &asked(address, path, "Connection: close\r\n"));
        let mut rest = Vec::new();
        // Without the alert that says so, the end may be a cut (RFC 8446, §6.1).
        stream.read_to_end(&mut rest).expect("the connection is closed in order");
        assert!(rest.is_empty());
        answer
    }
}

fn speaking(versions: &[&'static SupportedProtocolVersion], roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Sends these bytes, and reads one answer.
pub fn ask<S: Read + Write>(stream: &mut BufReader<S>, request: &str) -> Response {
    stream.get_mut().write_all(request.as_bytes()).expect("it is sent");
    stream.get_mut().flush().expect("it is sent");
    read(stream, false).expect("an answer")
}

/// A request for `path`, with these further lines.
pub fn asked(address: SocketAddr, path: &str, lines: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n{lines}\r\n", address.port())
}

/// The command that serves a house's library to everybody.
pub fn wide(house: &House, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(["serve", "--listen", "0.0.0.0:0", "--no-watch", "--data"]).arg(house.data.path());
    command.arg("--library").arg(house.library.path()).args(args);
    command
}

/// A certificate with its key, in files.
pub struct Files {
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Files {
    /// Where `name.crt` and `name.key` are to lie.
    pub fn at(folder: &Path, name: &str) -> Self {
        Files { cert: folder.join(format!("{name}.crt")), key: folder.join(format!("{name}.key")) }
    }

    /// The options that name them.
    pub fn args(&self) -> [&str; 4] {
        ["--tls-cert", utf8(&self.cert), "--tls-key", utf8(&self.key)]
    }

    pub fn write(&self, cert: &str, key: &str) {
        std::fs::write(&self.key, key).expect("a file");
        std::fs::write(&self.cert, cert).expect("a file");
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// An authority, of which clients know the certificate.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed"))
    }

    /// A client that trusts it.
    pub fn client(&self) -> Client {
        Client::trusting(self.0.pem().as_bytes())
    }

    /// A certificate for `localhost` that holds from yesterday for so many days,
    /// and its key.
    pub fn pair(&self, days: u64) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let certificate = lasting(days).signed_by(&key, &self.0).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }
}

/// What is said of `localhost`, from yesterday on for so many days.
pub fn lasting(days: u64) -> CertificateParams {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let begin = SystemTime::now() - DAY;
    params.not_before = begin.into();
    params.not_after = (begin + DAY * u32::try_from(days).expect("days")).into();
    params
}
