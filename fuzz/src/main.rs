//! The plain driver: mutations of the seeds from a seeded generator, on any compiler.
//!
//! `plain [TARGET] [--seconds N] [--seed S]`, `plain TARGET FILE` for one input again, and
//! `plain --write FOLDER` to write the seeds where libFuzzer begins.

use sensilla_fuzz::image::Random;
use sensilla_fuzz::{Run, TARGETS};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const MOST_BYTES: usize = 4_096;

fn main() -> ExitCode {
    match begin(std::env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

fn begin(arguments: Vec<String>) -> Result<bool, String> {
    let (mut seconds, mut seed, mut names) = (10, 1, Vec::new());
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|e| format!("{text}: {e}"));
        match argument.as_str() {
            "--seconds" => seconds = number(value()?)?,
            "--seed" => seed = number(value()?)?,
            "--write" => return write(Path::new(&value()?)).map(|()| true),
            _ => names.push(argument),
        }
    }
    if let [name, file] = &names[..] {
        let data = std::fs::read(file).map_err(|e| format!("{file}: {e}"))?;
        let (_, run, _) = find(name)?;
        run(&data);
        return Ok(true);
    }
    let chosen = match names.first() {
        Some(name) => vec![find(name)?],
        None => TARGETS.to_vec(),
    };
    let mut good = true;
    for (name, run, seeds) in chosen {
        good &= fuzz(name, run, seeds(), Duration::from_secs(seconds), seed);
    }
    Ok(good)
}

fn find(name: &str) -> Result<(&'static str, Run, sensilla_fuzz::Seeds), String> {
    let known = TARGETS.map(|target| target.0).join(", ");
    TARGETS
        .into_iter()
        .find(|target| target.0 == name)
        .ok_or(format!("there is no target {name}; there are {known}"))
}

fn write(folder: &Path) -> Result<(), String> {
    for (name, _, seeds) in TARGETS {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        for (number, seed) in seeds().iter().enumerate() {
            let file = folder.join(format!("seed-{number}"));
            std::fs::write(file, seed).map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}

/// Runs mutations of the inputs kept for a time. Some of those taken are kept too, so that mutations
/// add up. False if one panicked, after writing it to `fuzz/artifacts`.
fn fuzz(name: &str, run: Run, mut kept: Vec<Vec<u8>>, time: Duration, seed: u64) -> bool {
    let begin = Instant::now();
    let mut random = Random(seed);
    let (mut inputs, mut taken) = (0u64, 0u64);
    for input in &kept {
        run(input);
    }
    let seeds = kept.len();
    while begin.elapsed() < time {
        let mut input = kept[random.below(kept.len())].clone();
        mutate(&mut input, &mut random);
        inputs += 1;
        let Ok(was_taken) = std::panic::catch_unwind(|| run(&input)) else {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("artifacts")
                .join(name);
            let file = folder.join(format!("plain-{seed}-{inputs}"));
            let written =
                std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, &input));
            println!(
                "{name}: input {inputs} of seed {seed} panicked; {written:?} {}",
                file.display()
            );
            return false;
        };
        taken += u64::from(was_taken);
        if was_taken && random.below(20) == 0 {
            match kept.len() {
                0..4_000 => kept.push(input),
                full => kept[seeds + random.below(full - seeds)] = input,
            }
        }
    }
    println!(
        "{name}: {inputs} inputs in {} s, {taken} of them taken, none panicked",
        time.as_secs()
    );
    true
}

fn mutate(input: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(6) {
        let at = random.below(input.len() + 1);
        let byte = match random.below(4) {
            0 => 0,
            1 => 255,
            2 => 1 << random.below(8),
            _ => random.draw() as u8,
        };
        match random.below(6) {
            0 if at < input.len() => drop(input.remove(at)),
            1 if at < input.len() => input[at] ^= 1 << random.below(8),
            2 | 3 if at < input.len() => input[at] = byte,
            4 if input.len() < MOST_BYTES => input.insert(at, byte),
            // A whole edit of an image.
            _ if input.len() < MOST_BYTES => {
                input.extend((0..5).map(|_| random.draw() as u8));
            }
            _ => {}
        }
    }
}
