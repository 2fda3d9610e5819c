//! The contenders, built for the native processor, driven over a pipe by the benchmark so that all
//! are measured in one run. Commands and answers are little-endian u32 words, in files where they
//! are long. See the benchmark's `pipe.rs` for the other side.

mod contenders;
mod floor;
mod original;

use contenders::{Index, make};
use std::io::{Read, Write};
use std::time::Instant;

fn main() -> std::io::Result<()> {
    let mut input = std::io::BufReader::new(std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    let mut rows: Vec<f32> = Vec::new();
    let mut queries: Vec<f32> = Vec::new();
    let mut dimensions = 1;
    let mut k = 10;
    let mut indexes: Vec<Box<dyn Index>> = Vec::new();
    loop {
        let mut command = [0u8; 1];
        if input.read_exact(&mut command).is_err() {
            return Ok(());
        }
        let mut word = || -> std::io::Result<usize> {
            let mut bytes = [0; 4];
            input.read_exact(&mut bytes)?;
            Ok(u32::from_le_bytes(bytes) as usize)
        };
        match command[0] {
            // Data: dimensions, rows, queries, k, then the floats.
            b'D' => {
                dimensions = word()?;
                let (n, q) = (word()?, word()?);
                k = word()?;
                indexes.clear();
                let mut floats = |n: usize| -> std::io::Result<Vec<f32>> {
                    let mut bytes = vec![0; 4 * n];
                    input.read_exact(&mut bytes)?;
                    let (words, _) = bytes.as_chunks::<4>();
                    Ok(words.iter().map(|w| f32::from_le_bytes(*w)).collect())
                };
                rows = floats(n * dimensions)?;
                queries = floats(q * dimensions)?;
            }
            // Build: rows, length of the name, the name; answers nanoseconds and bytes, zero if there is
            // no such contender.
            b'B' => {
                let (count, length) = (word()?, word()?);
                let mut name = vec![0; length];
                input.read_exact(&mut name)?;
                let start = Instant::now();
                let index = make(
                    &String::from_utf8_lossy(&name),
                    &rows[..count * dimensions],
                    dimensions,
                );
                let ns = start.elapsed().as_nanos() as u64;
                let bytes = index.as_ref().map_or(0, |index| index.bytes() as u64);
                output.write_all(&u64::from(index.is_some()).to_le_bytes())?;
                output.write_all(&ns.to_le_bytes())?;
                output.write_all(&bytes.to_le_bytes())?;
                indexes.extend(index);
            }
            // Queries: index, ef; runs all and answers for each its nanoseconds, then k rows.
            b'Q' => {
                let (index, ef) = (word()?, word()?);
                let index = &mut indexes[index];
                index.set_ef(ef);
                let mut answers = Vec::with_capacity(queries.len() / dimensions * 4 * (k + 1));
                let mut found = vec![u32::MAX; k];
                for vector in queries.chunks_exact(dimensions) {
                    found.fill(u32::MAX);
                    let start = Instant::now();
                    index.search(vector, &mut found);
                    let ns = start.elapsed().as_nanos() as u32;
                    answers.extend(ns.to_le_bytes());
                    answers.extend(found.iter().flat_map(|row| row.to_le_bytes()));
                }
                output.write_all(&answers)?;
            }
            // Replace: index, row, and the row of the data whose vector it gets; answers nanoseconds.
            b'R' => {
                let (index, row, source) = (word()?, word()?, word()?);
                let vector = &rows[source * dimensions..][..dimensions];
                let start = Instant::now();
                indexes[index].replace(row, vector);
                let ns = start.elapsed().as_nanos() as u32;
                output.write_all(&ns.to_le_bytes())?;
            }
            other => panic!("unknown command {other}"),
        }
        output.flush()?;
    }
}
