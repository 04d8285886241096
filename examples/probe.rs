use ldifix::ldif::*;
fn main() {
    let p = std::env::args().nth(1).unwrap();
    let f = std::fs::File::open(p).unwrap();
    #[allow(unsafe_code)]
    let m = unsafe { memmap2::Mmap::map(&f).unwrap() };
    let mut n = 0u64;
    let mut rep = InputReport::default();
    map_chunks::<_, ()>(
        &m,
        |c| {
            let mut k = 0u64;
            let r = read_chunk(c.bytes, ReadOptions::default(), |r| {
                k += r.attribute_lines().len() as u64
            });
            (k, r)
        },
        |(k, r)| {
            n += k;
            rep.add(r);
            Ok(())
        },
    )
    .unwrap();
    println!(
        "{n} {} {} {:?} {:?}",
        rep.read_records(),
        rep.failed_records,
        rep.observations.lines(),
        rep.observations.warnings()
    );
    for f in rep.failures.iter().take(5) {
        println!("{} {:?}", f.error.position, f.error.kind)
    }
}
