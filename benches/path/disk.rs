//! What the disk allows: a zero-filled file and fdatasync, nothing else.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

const FILE_BYTES: usize = 256 << 20;

/// Records per second that `producers` get acknowledged, each with `window` under way, when one
/// thread writes what waits and syncs once for all of it.
pub fn group_commit(producers: usize, window: usize, record_bytes: usize, span: Duration) -> f64 {
    let (_folder, file) = zero_filled();
    let (send, receive) = mpsc::sync_channel::<mpsc::SyncSender<()>>(producers * window);
    let begin = Instant::now();
    let threads: Vec<_> = (0..producers)
        .map(|_| {
            let send = send.clone();
            std::thread::spawn(move || {
                let (done, acknowledged) = mpsc::sync_channel(window);
                let mut count = 0_usize;
                while begin.elapsed() < span {
                    (0..window).for_each(|_| send.send(done.clone()).unwrap());
                    (0..window).for_each(|_| acknowledged.recv().unwrap());
                    count += window;
                }
                count
            })
        })
        .collect();
    drop(send);
    let record = vec![b'r'; record_bytes];
    let mut offset = 0;
    let mut block = Vec::new();
    while let Ok(first) = receive.recv() {
        let mut waiting = vec![first];
        waiting.extend(receive.try_iter());
        block.clear();
        waiting
            .iter()
            .for_each(|_| block.extend_from_slice(&record));
        if offset + block.len() > FILE_BYTES {
            offset = 0;
        }
        file.write_all_at(&block, offset as u64).unwrap();
        file.sync_data().unwrap();
        offset += block.len();
        waiting.into_iter().for_each(|done| done.send(()).unwrap());
    }
    let count: usize = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    count as f64 / begin.elapsed().as_secs_f64()
}

/// The median time of one write of 4 KiB and its fdatasync.
pub fn single_sync(rounds: usize) -> Duration {
    let (_folder, file) = zero_filled();
    let mut spans: Vec<Duration> = (0..rounds)
        .map(|n| {
            let begin = Instant::now();
            file.write_all_at(&[b'r'; 4096], (n * 4096) as u64).unwrap();
            file.sync_data().unwrap();
            begin.elapsed()
        })
        .collect();
    spans.sort();
    spans[rounds / 2]
}

fn zero_filled() -> (tempfile::TempDir, File) {
    // Beside the build's output: the system's temporary folder may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = File::create_new(folder.path().join("zeroes")).unwrap();
    let zeroes = vec![0; 1 << 20];
    for n in 0..FILE_BYTES / zeroes.len() {
        file.write_all_at(&zeroes, (n * zeroes.len()) as u64)
            .unwrap();
    }
    file.sync_all().unwrap();
    (folder, file)
}
