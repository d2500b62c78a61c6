#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::store::StoreClass;

const FIRST: &str = "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')";
const SECOND: &str = "ALTER TABLE notes ADD COLUMN author TEXT; UPDATE notes SET author = 'nobody'";
const BROKEN: &str = "CREATE TABLE half (x); INSERT INTO missing VALUES (1)";

fn database() -> (tempfile::TempDir, PathBuf, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("klaxond.db");
    let conn = Connection::open(&path).unwrap();
    (folder, path, conn)
}

fn text(conn: &Connection, sql: &str) -> String {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn an_older_database_is_copied_beside_itself_and_brought_up() {
    let (_folder, path, mut conn) = database();
    migrate(&mut conn, &path, &[FIRST]).unwrap();
    let copy = copy_name(&path, 1);
    assert_eq!(copy.file_name().unwrap(), "klaxond.db.v1.backup");
    assert!(
        !copy.exists(),
        "a database that is just made has nothing to copy"
    );

    migrate(&mut conn, &path, &[FIRST, SECOND]).unwrap();
    assert_eq!(version(&conn).unwrap(), 2);
    assert_eq!(
        text(&conn, "SELECT text || author FROM notes"),
        "keptnobody"
    );

    let old = Connection::open(&copy).unwrap();
    assert_eq!(version(&old).unwrap(), 1);
    assert_eq!(text(&old, "SELECT text FROM notes"), "kept");
    assert!(old.prepare("SELECT author FROM notes").is_err());
}

#[test]
fn a_database_of_this_version_is_left_alone() {
    let (_folder, path, mut conn) = database();
    migrate(&mut conn, &path, &[FIRST, SECOND]).unwrap();
    conn.execute_batch("INSERT INTO notes VALUES ('later', 'me')")
        .unwrap();
    migrate(&mut conn, &path, &[FIRST, SECOND]).unwrap();
    assert_eq!(
        text(&conn, "SELECT group_concat(text) FROM notes"),
        "kept,later"
    );
    assert!(!copy_name(&path, 2).exists());
}

#[test]
fn a_later_schema_is_refused_and_not_touched() {
    let (_folder, path, mut conn) = database();
    migrate(&mut conn, &path, &[FIRST, SECOND]).unwrap();
    let error = migrate(&mut conn, &path, &[FIRST]).unwrap_err();
    assert_eq!(error.class(), StoreClass::TooNew);
    let told = error.to_string();
    assert!(
        told.contains("schema 2") && told.contains("knows 1"),
        "{told}"
    );
    assert_eq!(version(&conn).unwrap(), 2);
}

#[test]
fn a_step_that_fails_leaves_the_version_before_it() {
    let (_folder, path, mut conn) = database();
    migrate(&mut conn, &path, &[FIRST, BROKEN]).unwrap_err();
    assert_eq!(version(&conn).unwrap(), 1);
    assert!(
        conn.prepare("SELECT x FROM half").is_err(),
        "half a step stayed"
    );

    // The mended step finds the database as it was, and the copy is of the same version.
    migrate(&mut conn, &path, &[FIRST, SECOND]).unwrap();
    assert_eq!(text(&conn, "SELECT author FROM notes"), "nobody");
    assert!(copy_name(&path, 1).exists());
}

#[test]
fn the_fourth_step_counts_what_is_there() {
    let (_folder, path, mut conn) = database();
    migrate(&mut conn, &path, &STEPS[..3]).unwrap();
    let insert = "INSERT INTO messages (id, notification, contact, template, bucket, severity, created, shadow, \
                  state, reason, attempts, unknowns) VALUES (?1, 1, 'a', 'b', 'c', 'd', 1, 0, ?2, '', 0, 0)";
    for (id, state) in [(1, "queued"), (2, "read"), (3, "read")] {
        conn.execute(insert, (id, state)).unwrap();
    }
    conn.execute_batch(
        "INSERT INTO meta (id, uuid) VALUES (1, 'x'); INSERT INTO log VALUES (1, 5, 'o', '{}')",
    )
    .unwrap();
    migrate(&mut conn, &path, STEPS).unwrap();
    assert_eq!(version(&conn).unwrap(), 4);
    assert!(copy_name(&path, 3).exists());
    let counts = "SELECT group_concat(state || messages) FROM (SELECT * FROM counts WHERE messages > 0 ORDER BY state)";
    assert_eq!(text(&conn, counts), "queued1,read2");
    conn.execute("UPDATE messages SET state = 'sending' WHERE id = 1", [])
        .unwrap();
    conn.execute("DELETE FROM messages WHERE id = 2", [])
        .unwrap();
    assert_eq!(text(&conn, counts), "read1,sending1");
    let refused = conn.execute("DELETE FROM log", []).unwrap_err();
    assert!(refused.to_string().contains("audit trail"), "{refused}");
}
