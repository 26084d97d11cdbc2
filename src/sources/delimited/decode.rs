//! Bytes into text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Result};

/// The text and the name of its encoding.
///
/// A byte order mark decides; else what is valid UTF-8 is UTF-8, and the rest is Windows-1252, of which Latin-1 is
/// a part.
pub(super) fn decode<'a>(bytes: &'a [u8], what: &str) -> Result<(Cow<'a, str>, &'static str)> {
    let refuse = |why: String| Err(Error::Unreadable { path: what.to_owned(), why });
    if bytes.is_empty() {
        return refuse("it is empty".into());
    }
    if let Some(kind) = binary_kind(bytes) {
        return refuse(format!("it is {kind}, not text; save it as CSV"));
    }
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None => (guess(bytes), 0),
    };
    let (text, bad) = encoding.decode_without_bom_handling(&bytes[mark..]);
    if bad {
        return refuse(format!("its first bytes say {}, but not all of it is", encoding.name()));
    }
    if text.contains('\0') {
        return refuse("it holds zero bytes: it is not text".into());
    }
    Ok((text, encoding.name()))
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // Text of our alphabets in UTF-16 has a zero in nearly every other byte.
    let sample = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let most = sample.len() / 2 - sample.len() / 8;
    if sample.len() >= 8 && zeros(1) >= most && zeros(0) == 0 {
        UTF_16LE
    } else if sample.len() >= 8 && zeros(0) >= most && zeros(1) == 0 {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// Files that are often taken for text.
fn binary_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a zip archive or an Excel workbook"),
        (b"\xD0\xCF\x11\xE0", "an old Excel workbook"),
        (b"%PDF", "a PDF"),
        (b"\x1F\x8B", "compressed with gzip"),
        (b"BZh", "compressed with bzip2"),
        (b"PAR1", "a Parquet file"),
    ];
    KINDS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let text = "año,país\n1,México\n";
        let utf16 = |big: bool| -> Vec<u8> {
            text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let marked = |mark: &[u8], rest: &[u8]| [mark, rest].concat();
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            (marked(b"\xEF\xBB\xBF", text.as_bytes()), "UTF-8"),
            (latin, "windows-1252"),
            (marked(b"\xFF\xFE", &utf16(false)), "UTF-16LE"),
            (marked(b"\xFE\xFF", &utf16(true)), "UTF-16BE"),
            (utf16(false), "UTF-16LE"),
            (utf16(true), "UTF-16BE"),
        ] {
            let (decoded, found) = decode(&bytes, "x").expect("text");
            assert_eq!((decoded.as_ref(), found), (text, name));
        }
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (bytes, says) in [
            (b"".as_slice(), "empty"),
            (b"PK\x03\x04rest", "Excel"),
            (b"a,b\n1,\0\n", "zero bytes"),
            (b"\xEF\xBB\xBFa\xFF", "say UTF-8"),
        ] {
            let error = decode(bytes, "x.csv").expect_err("no text");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
