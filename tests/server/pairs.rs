//! Certificates: given ones that are of use and of none, their renewal while
//! the server runs, and the server's own.

use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Output};

use auralis_server::{gate, tls};
use auralis_tests::{auralis, folder, serving};
use rcgen::{CertificateParams, KeyPair};

use crate::house::{House, until};
use crate::secure::{Authority, Client, Files, ask, asked, lasting, wide};

#[track_caller]
fn check_refused(data: &Path, args: &[&str], words: &[&str]) {
    let mut command = auralis();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
    let output: Output = command.output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert!(output.stdout.is_empty());
    assert!(!data.exists(), "it left a trace");
}

#[test]
fn a_pair_of_no_use_is_named_with_the_way_out() {
    let folder = folder();
    let data = folder.path().join("data");
    let authority = Authority::new();
    let good = Files::at(folder.path(), "good");
    let (cert, key) = authority.pair(90);
    good.write(&cert, &key);
    let [_, good_cert, _, good_key] = good.args();
    check_refused(&data, &["--tls-cert", good_cert], &["--tls-key"]);
    check_refused(&data, &["--tls-key", good_key], &["--tls-cert"]);
    let absent = ["--tls-cert", "/no/such.crt", "--tls-key", good_key];
    check_refused(&data, &absent, &["/no/such.crt", "does not exist", "--tls-cert"]);
    let absent = ["--tls-cert", good_cert, "--tls-key", "/no/such.key"];
    check_refused(&data, &absent, &["/no/such.key", "does not exist", "--tls-key"]);
    // What is not what it should be.
    let bad = Files::at(folder.path(), "bad");
    let (_, other) = authority.pair(90);
    let (expired, its_key) = authority.pair(0);
    let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (cert, key, words) in [
        (&cert, &other, &["bad.key", "bad.crt", "not that of", "--tls-key"][..]),
        (&expired, &its_key, &["bad.crt", "expired on", "renew"]),
        (&cert, &locked, &["bad.key", "no key", "passphrase"]),
        (&cert, &String::new(), &["bad.key", "no key"]),
        (&key, &key, &["bad.crt", "no certificate", "PEM"]),
        (&String::new(), &key, &["bad.crt", "no certificate"]),
        (&cert[..cert.len() / 2].to_owned(), &key, &["bad.crt"]),
        (&cert.replace("MII", "MIJ"), &key, &["bad.crt", "damaged"]),
    ] {
        bad.write(cert, key);
        check_refused(&data, &bad.args(), words);
    }
    fs::create_dir(folder.path().join("folder.crt")).unwrap();
    let path = folder.path().join("folder.crt");
    let args = ["--tls-cert", path.to_str().unwrap(), "--tls-key", good_key];
    check_refused(&data, &args, &["folder.crt", "cannot be read"]);
}

#[test]
fn a_given_pair_is_used_on_this_machine_too_however_it_is_given() {
    let authority = Authority::new();
    let client = authority.client();
    let mut house = House::new(&[]);
    let files = Files::at(house.library.path(), "given");
    let (cert, key) = authority.pair(90);
    files.write(&cert, &key);
    let settings = house.library.path().join("settings.toml");
    fs::write(&settings, format!("tls_cert = {:?}\ntls_key = {:?}\n", files.cert, files.key)).unwrap();
    let [_, cert, _, key] = files.args();
    let mut named = house.command(&[]);
    named.env("AURALIS_TLS_CERT", cert).env("AURALIS_TLS_KEY", key);
    let mut kept = house.command(&["--config", settings.to_str().unwrap()]);
    kept.env_remove("AURALIS_TLS_CERT");
    for command in [house.command(&files.args()), named, kept, wide(&house, &files.args())] {
        house.run(command);
        assert_eq!(client.get(house.address(), "/api/health").status, 200);
        assert_eq!(house.get("/api/health").status, 200);
        assert!(!house.data.path().join("tls.pem").exists(), "another was made");
        house.server().kill();
    }
}

#[test]
fn a_renewed_pair_is_taken_up_and_a_bad_one_is_not() {
    let [first, second, third] = [Authority::new(), Authority::new(), Authority::new()];
    let mut house = House::new(&[]);
    let files = Files::at(house.library.path(), "given");
    let (cert, key) = first.pair(90);
    files.write(&cert, &key);
    let log = house.library.path().join("log");
    let mut command: Command = serving(house.data.path(), files.args());
    command.env("AURALIS_LOG", "info").stderr(fs::File::create(&log).unwrap());
    house.run(command);
    let address = house.address();
    let mut kept = BufReader::new(first.client().connect(address, "localhost").unwrap());
    let (cert, key) = second.pair(90);
    files.write(&cert, &key);
    until("the second is used", || {
        // Who was there goes on.
        assert_eq!(ask(&mut kept, &asked(address, "/api/health", "")).status, 200);
        second.client().connect(address, "localhost").ok()
    });
    assert!(first.client().connect(address, "localhost").is_err());
    assert_eq!(ask(&mut kept, &asked(address, "/api/health", "")).status, 200);
    // A key that belongs to another, as when only one of both was renewed.
    let (cert, key) = third.pair(90);
    fs::write(&files.cert, &cert).unwrap();
    until("it is told", || fs::read_to_string(&log).unwrap().contains("used further").then_some(()));
    assert!(second.client().connect(address, "localhost").is_ok());
    fs::write(&files.key, &key).unwrap();
    until("the third is used", || third.client().connect(address, "localhost").ok());
}

#[cfg(unix)]
#[test]
fn the_own_pair_is_for_the_servers_eyes_only_and_kept() {
    use std::os::unix::fs::PermissionsExt;
    let mut house = House::new(&[]);
    let path = house.data.path().join("tls.pem");
    let mut made = |args: &[&str]| {
        house.run(wide(&house, args));
        let answer = Client::of(&house).get(house.address(), "/api/health");
        house.server().kill();
        assert_eq!(answer.status, 200);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let names: Vec<_> =
            fs::read_dir(house.data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| !name.to_string_lossy().ends_with(".partial")), "{names:?}");
        fs::read(&path).unwrap()
    };
    let first = made(&[]);
    assert!(made(&[]) == first, "it was made anew without a reason");
    // A further name wants a further certificate; one less does not.
    let second = made(&["--host", "nas.example"]);
    assert!(second != first);
    assert!(made(&[]) == second);
    // What a crash left beside it is in nobody's way.
    fs::write(path.with_extension("pem.partial"), b"half").unwrap();
    let third = made(&["--host", "other.example"]);
    assert!(third != second);
}

#[test]
fn the_own_pair_is_made_anew_when_it_ends_or_is_of_no_use() {
    let mut house = House::new(&[]);
    let path = house.data.path().join("tls.pem");
    house.run(wide(&house, &[]));
    house.server().kill();
    let text = fs::read_to_string(&path).unwrap();
    let params = |days| {
        let key = KeyPair::generate().unwrap();
        let mut params = lasting(days);
        // All that the server wants.
        let addresses = tls::addresses().into_iter().map(|address| address.to_string());
        let names = gate::names(&[]).into_iter().chain(addresses).chain(["127.0.0.1".to_owned()]);
        params.subject_alt_names =
            CertificateParams::new(names.collect::<Vec<_>>()).unwrap().subject_alt_names;
        format!("{}{}", key.serialize_pem(), params.self_signed(&key).unwrap().pem())
    };
    for (what, kept, is_kept) in [
        ("it lasts", params(90), true),
        ("it ends soon", params(20), false),
        ("it ended", params(0), false),
        ("it is garbage", "nonsense".to_owned(), false),
        ("it is empty", String::new(), false),
        ("its key is gone", text[text.find("-----BEGIN CERT").unwrap()..].to_owned(), false),
    ] {
        fs::write(&path, &kept).unwrap();
        house.run(wide(&house, &[]));
        let answer = Client::of(&house).get(house.address(), "/api/health");
        house.server().kill();
        assert_eq!(answer.status, 200, "{what}");
        assert_eq!(fs::read_to_string(&path).unwrap() == kept, is_kept, "{what}");
    }
}
