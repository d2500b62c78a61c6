//! Where to look for an alarm: for each block of the log, and of the notifications, the hashes of the
//! root ids that it speaks of. A block costs one row, however many alarms it has; one that was not
//! seen whole (the process began inside it, or it is the last) has none and is searched.

use rusqlite::{Connection, params};

use super::fault::Fault;

/// Entries or notifications of one block, as a power of two.
const BITS: u32 = 10;

/// Blocks of the log.
pub(super) const LOG: &str = "log";

/// Blocks of the notifications of rules.
pub(super) const SAID: &str = "said";

/// The schema that has them; an older database is searched.
const SINCE: i64 = 4;

/// The hash of a root id. It is on disk: never another one.
pub(super) fn hash(id: &str) -> u32 {
    // FNV-1a, folded.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u32::try_from((hash ^ (hash >> 32)) & 0xffff_ffff).unwrap_or(0)
}

/// What was seen of the last block.
pub(super) struct Signs {
    kind: &'static str,
    seen: Vec<(i64, u32)>,
    /// The first number of which everything is seen.
    from: i64,
    /// How much of `seen` this transaction wrote.
    written: usize,
}

impl Signs {
    /// After the number `last`.
    pub(super) fn after(kind: &'static str, last: i64) -> Self {
        Self {
            kind,
            seen: Vec::new(),
            from: last + 1,
            written: 0,
        }
    }

    pub(super) fn note(&mut self, number: i64, hash: u32) {
        self.seen.push((number, hash));
    }

    pub(super) fn mark(&self) -> usize {
        self.seen.len()
    }

    pub(super) fn rewind(&mut self, mark: usize) {
        self.seen.truncate(mark);
        self.written = 0;
    }

    /// Writes the blocks in front of the last one.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), Fault> {
        let Some(last) = self.seen.last().map(|(number, _)| number >> BITS) else {
            return Ok(());
        };
        let end = self
            .seen
            .partition_point(|(number, _)| number >> BITS < last);
        if end == 0 {
            return Ok(());
        }
        let blocks = self.seen[..end].chunk_by(|one, next| one.0 >> BITS == next.0 >> BITS);
        for seen in blocks {
            let Some(block) = seen.first().map(|(number, _)| number >> BITS) else {
                continue;
            };
            if (block << BITS).max(1) < self.from {
                continue;
            }
            let mut hashes: Vec<u32> = seen.iter().map(|(_, hash)| *hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            let hashes: Vec<u8> = hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
            conn.prepare_cached(
                "INSERT OR REPLACE INTO signs (kind, block, hashes) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![self.kind, block, hashes])?;
        }
        self.written = end;
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn settle(&mut self) {
        self.seen.drain(..self.written.min(self.seen.len()));
        self.written = 0;
    }
}

/// Spans of numbers, both ends in them, in which something of that hash may be; the newest first.
pub(super) fn spans(conn: &Connection, kind: &str, hash: u32) -> Result<Vec<(i64, i64)>, Fault> {
    let mut spans = Vec::new();
    let mut above = i64::MAX;
    if super::schema::version(conn)? >= SINCE {
        let mut statement = conn.prepare_cached(
            "SELECT block, hashes FROM signs WHERE kind = ?1 ORDER BY block DESC",
        )?;
        let mut rows = statement.query([kind])?;
        while let Some(row) = rows.next()? {
            let block: i64 = row.get(0)?;
            let (low, high) = (block << BITS, ((block + 1) << BITS) - 1);
            if high < above {
                spans.push((high + 1, above));
            }
            let hashes = row.get_ref(1)?.as_blob().unwrap_or_default();
            if holds(hashes, hash) {
                spans.push((low, high));
            }
            above = low - 1;
        }
    }
    spans.push((0, above));
    Ok(spans)
}

fn holds(hashes: &[u8], hash: u32) -> bool {
    let (hashes, _) = hashes.as_chunks::<4>();
    hashes.binary_search(&hash.to_be_bytes()).is_ok()
}

/// Forgets blocks that retention has taken everything of.
pub(super) fn prune(conn: &Connection) -> Result<(), Fault> {
    for (kind, first) in [
        (LOG, "SELECT min(position) FROM log"),
        (SAID, "SELECT min(id) FROM notifications"),
    ] {
        conn.prepare_cached(&format!(
            "DELETE FROM signs WHERE kind = ?1 AND block < (({first}) >> {BITS})"
        ))?
        .execute([kind])?;
    }
    Ok(())
}
