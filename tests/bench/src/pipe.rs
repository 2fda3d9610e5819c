//! The program with the contenders that want native code, at the other end of a pipe. It is built
//! here, for the processor at hand, in a target folder of its own, unless `SENSILLA_BENCH_NATIVE` says
//! where it lies.

use anyhow::{Context, Result, ensure};
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub struct Native {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    indexes: usize,
    k: usize,
}

/// An index that the program built.
pub struct Built {
    pub index: usize,
    pub seconds: f64,
    pub bytes: u64,
}

impl Native {
    pub fn start() -> Result<Self> {
        let program = match std::env::var_os("SENSILLA_BENCH_NATIVE") {
            Some(program) => PathBuf::from(program),
            None => Self::make()?,
        };
        let mut child = Command::new(program)
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the contenders")?;
        let input = child.stdin.take().context("no pipe to the contenders")?;
        let output = child.stdout.take().context("no pipe from the contenders")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
            indexes: 0,
            k: 0,
        })
    }

    /// Builds the program and says where it is.
    fn make() -> Result<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let target = folder.join("target/native");
        let status = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .current_dir(&folder)
            .args([
                "build",
                "--quiet",
                "--release",
                "-p",
                "sensilla-bench-native",
                "--target-dir",
            ])
            .arg(&target)
            .env("RUSTFLAGS", "-C target-cpu=native")
            .status()
            .context("cannot run cargo to build the contenders")?;
        ensure!(status.success(), "the contenders do not build");
        Ok(target.join("release/sensilla-bench-native"))
    }

    fn send(&mut self, command: u8, words: &[usize]) -> Result<()> {
        let mut message = vec![command];
        for &word in words {
            message.extend((word as u32).to_le_bytes());
        }
        self.input.write_all(&message)?;
        Ok(())
    }

    fn word(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        self.output
            .read_exact(&mut bytes)
            .context("the contenders ended")?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn long(&mut self) -> Result<u64> {
        Ok(u64::from(self.word()?) | u64::from(self.word()?) << 32)
    }

    /// Hands over the data of a case; indexes built before are gone.
    pub fn data(
        &mut self,
        dimensions: usize,
        rows: &[f32],
        queries: &[f32],
        k: usize,
    ) -> Result<()> {
        let (n, q) = (rows.len() / dimensions, queries.len() / dimensions);
        self.send(b'D', &[dimensions, n, q, k])?;
        self.input.write_all(bytemuck::cast_slice(rows))?;
        self.input.write_all(bytemuck::cast_slice(queries))?;
        self.indexes = 0;
        self.k = k;
        Ok(())
    }

    /// Builds an index over the first `count` rows, if the program has such a contender.
    pub fn build(&mut self, name: &str, count: usize) -> Result<Option<Built>> {
        self.send(b'B', &[count, name.len()])?;
        self.input.write_all(name.as_bytes())?;
        let (made, ns, bytes) = (self.long()?, self.long()?, self.long()?);
        if made == 0 {
            return Ok(None);
        }
        self.indexes += 1;
        Ok(Some(Built {
            index: self.indexes - 1,
            seconds: ns as f64 / 1e9,
            bytes,
        }))
    }

    /// Runs all queries of the data in order and hands over each one's number, nanoseconds and
    /// findings.
    pub fn pass(
        &mut self,
        index: usize,
        ef: usize,
        queries: usize,
        mut then: impl FnMut(usize, f64, &[u32]),
    ) -> Result<()> {
        self.send(b'Q', &[index, ef])?;
        let mut found = Vec::new();
        for q in 0..queries {
            let ns = self.word()?;
            found.clear();
            for _ in 0..self.k {
                let row = self.word()?;
                if row != u32::MAX {
                    found.push(row);
                }
            }
            then(q, f64::from(ns), &found);
        }
        Ok(())
    }

    /// Gives `row` the vector of row `source` of the data; returns nanoseconds.
    pub fn replace(&mut self, index: usize, row: usize, source: usize) -> Result<f64> {
        self.send(b'R', &[index, row, source])?;
        Ok(f64::from(self.word()?))
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
