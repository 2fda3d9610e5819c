//! What a store on disk costs: a save after one claim, and reading all of it with every byte checked,
//! beside a plain file that is written anew, synced and renamed, and read without any check.

use crate::harness::{Bench, Contender, output_folder};
use anyhow::{Context, Result};
use sensilla::block::Memory;
use sensilla_std::store::lock::Locking;
use sensilla_std::store::{self, View, Writer};
use std::cell::RefCell;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;

/// Megabytes of a store.
const SIZES: [usize; 3] = [1, 10, 100];
/// Places of the image that one claim changes: header, entry, body, tables, tree.
const CHANGES: usize = 24;
/// Bytes of each.
const CHANGED: usize = 200;

pub fn run(bench: &mut Bench) -> Result<()> {
    let folder = output_folder().join("store");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    for megabytes in SIZES {
        let (save, open) = (format!("save-{megabytes}mb"), format!("open-{megabytes}mb"));
        let image: Vec<u8> = (0..megabytes << 20)
            .map(|at: usize| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8)
            .collect();
        let (path, plain) = (folder.join("a.store"), folder.join("plain"));
        let _ = fs::remove_file(&path);
        let locking = || Locking::None;
        Writer::open(&path, locking(), |_| ())?.save(&view(&image))?;
        let mut writer = Writer::open(&path, locking(), |_| ())?;
        writer.read()?.context("the store is gone")?;
        let writer = RefCell::new(writer);
        let rounds = 25;
        let changed = |image: &mut [u8], turn: &mut usize| {
            *turn += 1;
            for place in 0..CHANGES {
                let at =
                    (place * image.len() / CHANGES + *turn * CHANGED) % (image.len() - CHANGED);
                for byte in &mut image[at..at + CHANGED] {
                    *byte = byte.wrapping_add(1);
                }
            }
        };
        let (mut own, mut other) = (image.clone(), image);
        let (mut turn, mut others_turn) = (0, 0);
        bench.measure(
            &save,
            rounds,
            vec![
                Contender::new("sensilla", 1, || {
                    changed(&mut own, &mut turn);
                    writer.borrow_mut().save(&view(&own)).expect("saved");
                }),
                Contender::new("plain-file", 1, || {
                    changed(&mut other, &mut others_turn);
                    anew(&plain, &other).expect("written");
                }),
            ],
        );
        writer.borrow_mut().tidy(&view(&own))?;
        if !plain.exists() {
            anew(&plain, &other)?;
        }
        bench.measure(
            &open,
            rounds,
            vec![
                Contender::new("sensilla", 1, || {
                    black_box(store::read(&path).expect("read"));
                }),
                Contender::new("plain-file", 1, || {
                    black_box(Memory::from(&fs::read(&plain).expect("read")[..]));
                }),
            ],
        );
    }
    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn view(image: &[u8]) -> View<'_> {
    [("node", vec![image])].into()
}

/// Replaces a file, so that a crash leaves the one before or this one.
fn anew(path: &std::path::Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(())
}
