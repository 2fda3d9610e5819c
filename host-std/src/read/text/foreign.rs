//! Files of other kinds, refused by name with the way to convert them.

use std::path::Path;

/// Bytes that [`by_content`] needs to see.
pub const MAGIC: usize = 6;

/// What a file is by its first bytes, and what to do with it; none for text.
pub fn by_content(start: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 12] = [
        (b"PAR1", PARQUET),
        (b"\x93NUMPY", NUMPY),
        (
            b"PK\x03\x04",
            "is a ZIP archive, as workbooks (.xlsx), .npz and .cwa.zip files are; unpack it, or save \
             the sheet as CSV: python3 -c \"import pandas; \
             pandas.read_excel('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        (
            b"\xd0\xcf\x11\xe0",
            "is a workbook of old Excel (.xls); save the sheet as CSV: python3 -c \"import pandas; \
             pandas.read_excel('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        (b"\x89HDF", HDF5),
        (
            b"SQLite",
            "is an SQLite database, as ActiGraph's .agd files are; export the table: \
             sqlite3 -header -csv FILE 'select * from data' > FILE.csv",
        ),
        (
            b"MATLAB",
            "is a MATLAB file; export its matrix: python3 -c \"import numpy, scipy.io; \
             numpy.savetxt('FILE.csv', scipy.io.loadmat('FILE')['NAME'], delimiter=',')\"",
        ),
        (
            b"ARROW1",
            "is an Arrow (Feather) file; convert it: python3 -c \"import pandas; \
             pandas.read_feather('FILE').to_csv('FILE.csv', index=False)\"",
        ),
        (
            b"BZh",
            "is compressed by bzip2; give it unpacked: bzip2 -dc FILE | sensilla … -",
        ),
        (
            b"\xfd7zXZ",
            "is compressed by xz; give it unpacked: xz -dc FILE | sensilla … -",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "is compressed by zstd; give it unpacked: zstd -dc FILE | sensilla … -",
        ),
        (
            b"%PDF-",
            "is a PDF; export the data from the program that made it",
        ),
    ];
    let found = known
        .into_iter()
        .find(|(magic, _)| start.starts_with(magic));
    found.map(|(_, what)| what)
}

const PARQUET: &str = "is a Parquet file; convert it: python3 -c \"import pandas; \
    pandas.read_parquet('FILE').to_csv('FILE.csv', index=False)\"";
const NUMPY: &str = "is a NumPy array; convert it: python3 -c \"import numpy; \
    numpy.savetxt('FILE.csv', numpy.load('FILE'), delimiter=',')\", then read it with --no-header";
const HDF5: &str = "is an HDF5 file; convert it: python3 -c \"import pandas; \
    pandas.read_hdf('FILE').to_csv('FILE.csv', index=False)\"";
const ARFF: &str = "is an ARFF file; convert it: python3 -c \"import pandas, scipy.io.arff as a; \
    d = pandas.DataFrame(a.loadarff('FILE')[0]); d.map(lambda x: x.decode() if isinstance(x, bytes) \
    else x).to_csv('FILE.csv', index=False)\"; archives of series in .arff offer .ts as well";
const TSF: &str = "is a file of forecasting series (.tsf), which have no labels; convert it: \
    python3 -c \"from aeon.datasets import load_from_tsf_file as l; \
    l('FILE')[0].explode('series_value').to_csv('FILE.csv', index=False)\"";

/// What a file is by the ending of its name.
pub fn by_name(name: &str) -> Option<&'static str> {
    let ending = Path::new(name).extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "arff" => ARFF,
        "tsf" => TSF,
        "parquet" | "pq" => PARQUET,
        "npy" => NUMPY,
        "h5" | "hdf5" => HDF5,
        _ => return None,
    })
}

/// What a file is by its first line of text.
pub fn by_line(line: &str) -> Option<&'static str> {
    let lower = line.trim_start().to_ascii_lowercase();
    let word = lower.split_whitespace().next().unwrap_or_default();
    if lower.starts_with("<?xml") || lower.starts_with("<!doctype") || lower.starts_with("<html") {
        return Some(
            "is XML or a web page; export the data as CSV: python3 -c \"import pandas; \
             pandas.read_xml('FILE').to_csv('FILE.csv', index=False)\"",
        );
    }
    match word {
        "@relation" | "@attribute" => Some(ARFF),
        "@frequency" | "@horizon" => Some(TSF),
        _ => None,
    }
}

/// What to do with a table of the UCR archive.
pub const UCR: &str = "looks like a file of the UCR archive: no header, a series a line and its \
    class in front; convert it: python3 -c \"for l in open('FILE'): c, *v = l.split(); \
    print(','.join(v), c, sep=':')\" > FILE.ts; if it is a table after all give --no-header";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_are_named() {
        assert!(by_content(b"PAR1\x15\x04").unwrap().contains("Parquet"));
        assert!(by_content(b"\x93NUMPY\x01").unwrap().contains("NumPy"));
        assert!(by_content(b"t,x,y\n").is_none());
        assert!(by_name("a/b.ARFF").unwrap().contains("ARFF"));
        assert!(by_name("a.csv").is_none() && by_name("-").is_none());
        assert!(by_line("@RELATION iris").unwrap().contains("ARFF"));
        assert!(by_line("@problemName x").is_none());
    }

    #[test]
    fn every_kind_comes_with_a_way_out() {
        for start in [
            &b"PK\x03\x04"[..],
            b"\x89HDF",
            b"BZh9",
            b"SQLite",
            b"\xfd7zXZ",
        ] {
            assert!(by_content(start).unwrap().contains("FILE"), "{start:?}");
        }
    }
}
