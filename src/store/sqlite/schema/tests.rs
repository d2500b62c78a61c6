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
