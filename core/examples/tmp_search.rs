use sensilla::bank::*;
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let layout = match std::env::args().nth(2).unwrap().as_str() {
        "scan" => Layout::Scan,
        "graph" => Layout::Graph,
        _ => Layout::Both,
    };
    let config = BankConfig::new(64, 64.max(n as u32)).layout(layout);
    let mut bank = OwnedBank::new(config).unwrap();
    let mut s = 1u64;
    let mut r = || {
        s = s
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (s >> 33) as f32 / 1073741824.0 - 1.0
    };
    for _ in 0..n {
        let v: Vec<f32> = (0..64).map(|_| r()).collect();
        bank.insert(&v, Pattern::default()).unwrap();
    }
    bank.prepare(16).unwrap();
    let q: Vec<Vec<f32>> = (0..100).map(|_| (0..64).map(|_| r()).collect()).collect();
    let rounds: usize = std::env::args().nth(3).unwrap().parse().unwrap();
    let t = std::time::Instant::now();
    let mut x = 0;
    for _ in 0..rounds {
        for q in &q {
            x += search(&mut bank, q);
        }
    }
    println!("{x} {:?}", t.elapsed() / (100 * rounds as u32));
}
#[inline(never)]
fn search(bank: &mut OwnedBank, q: &[f32]) -> usize {
    bank.search(q, 5).unwrap().len()
}
