//! One data folder, one Auralis that writes.

use std::path::Path;

use auralis_tests::folder;

use crate::house::{House, ended, settled};
use crate::interrupt::wait_until;
use crate::support::*;

#[test]
fn nobody_else_writes_where_a_server_does() {
    let house = House::new(3);
    let mut server = house.serve();
    let tracks = settled(&server, 3);
    let data = house.data.path().to_str().expect("text");
    let taken = ["another Auralis works in the data folder", data, "--data"];
    house.scan().fails(1, &taken).fails(1, &["POST /api/library/scan"]);
    let serve = |data: &Path| {
        ended(
            auralis()
                .args(["serve", "--listen", "127.0.0.1:0", "--library"])
                .arg(house.library.path())
                .arg("--data")
                .arg(data),
        )
    };
    serve(house.data.path()).fails(1, &taken);
    // By another name it is the same folder.
    #[cfg(unix)]
    {
        let other = folder();
        let link = other.path().join("link");
        std::os::unix::fs::symlink(house.data.path(), &link).expect("a link");
        serve(&link).fails(1, &["another Auralis works"]);
    }
    let place = house.library.path().join("backup.sqlite");
    house.backup(&place).ok();
    house.restore(&place).fails(1, &taken);
    assert_eq!(house.findings(), [""; 0]);
    // All that came to nothing has not disturbed it.
    assert_eq!(server.get("/api/tracks?limit=500&sort=title").json()["items"].as_array(), Some(&tracks));
    // However it ends, the folder is free.
    server.kill();
    house.restore(&place).ok();
    house.scan().ok();
}

#[test]
fn nobody_else_writes_where_a_scan_does() {
    let house = House::new(60);
    let mut scanning = start(house.command(&["scan", "--workers", "1"]).arg(house.library.path()));
    let catalog = house.catalog("-wal");
    wait_until(&mut scanning, "it writes", || catalog.exists());
    house.scan().fails(1, &["another Auralis works in the data folder"]);
    wait(scanning).ok();
    house.scan().ok();
}
