//! The house rules, enforced: a room imports only from the floors beneath it, and third-party crates stay in
//! the rooms that own them.

use std::fs;
use std::path::{Path, PathBuf};

/// Bottom floor first. Rooms on one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["error", "interrupt"],
    &["linalg", "optimize", "parallel", "random", "special"],
    &["data", "distribution"],
    &["inference", "sources"],
    &["regression", "timeseries"],
    &["forecast", "spending", "surveillance"],
    &["study"],
    &["python"],
];

/// Neighbours on the numerics floor that may be used from it: plain functions without state.
const NEIGHBOURS: &[(&str, &str)] = &[("optimize", "linalg")];

/// Which third-party crate may appear in which rooms. Others may appear nowhere.
const CRATES: &[(&str, &[&str])] = &[
    ("argmin", &["optimize"]),
    ("argmin_math", &["optimize"]),
    ("csv", &["sources"]),
    ("encoding_rs", &["sources"]),
    ("faer", &["linalg"]),
    ("faer_ext", &["linalg"]),
    ("jiff", &["data", "sources"]),
    ("mimalloc", &["python"]),
    ("num_complex", &["linalg"]),
    ("numpy", &["python"]),
    ("pyo3", &["python"]),
    ("rand", &["random"]),
    ("rand_distr", &["random", "distribution"]),
    ("statrs", &["distribution", "special"]),
    ("thiserror", &["error"]),
];

fn floor_of(room: &str) -> usize {
    let floor = FLOORS.iter().position(|rooms| rooms.contains(&room));
    floor.unwrap_or_else(|| panic!("`{room}` has no floor: give it one in FLOORS"))
}

/// The modules named in `crate::a::b`, `crate::{a, b::c}` and the like.
fn imports(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for after in source.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            found.push(first_name(after));
            continue;
        };
        let (mut depth, mut start) = (0_usize, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push(first_name(&group[start..i]));
                    start = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|name| name.starts_with(char::is_lowercase));
    found
}

fn first_name(path: &str) -> &str {
    let path = path.trim_start();
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    &path[..end]
}

/// Every path written as `name::…`, comments left out.
fn paths(source: &str) -> Vec<String> {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    let mut found = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("::") {
            let head = &line[..at];
            let start = head.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
            if !head[..start].ends_with(':') {
                found.push(head[start..].to_owned());
            }
        }
    }
    found
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("src is readable").flatten();
    entries
        .flat_map(|e| if e.path().is_dir() { rust_files(&e.path()) } else { vec![e.path()] })
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// (path inside src, room, text) of every file but lib.rs.
fn house() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let describe = |file: PathBuf| {
        let inside = file.strip_prefix(&src).expect("a file under src").to_owned();
        let room = inside.iter().next().expect("a name").to_string_lossy();
        let room = room.trim_end_matches(".rs").to_owned();
        (inside.display().to_string(), room, fs::read_to_string(&file).expect("utf-8"))
    };
    rust_files(&src).into_iter().map(describe).filter(|(_, room, _)| room != "lib").collect()
}

#[test]
fn rooms_import_only_from_the_floors_beneath() {
    for (file, room, text) in house() {
        for used in imports(&text) {
            let allowed = used == room
                || floor_of(used) < floor_of(&room)
                || NEIGHBOURS.contains(&(room.as_str(), used));
            assert!(allowed, "{file}: `{room}` may not import `{used}`");
        }
    }
}

#[test]
fn third_party_crates_stay_in_their_rooms() {
    for (file, room, text) in house() {
        for used in paths(&text) {
            if let Some((name, rooms)) = CRATES.iter().find(|(name, _)| *name == used) {
                assert!(rooms.contains(&room.as_str()), "{file}: `{name}` may appear only in {rooms:?}");
            }
        }
    }
}

#[test]
fn every_dependency_has_a_room() {
    let manifest = include_str!("../Cargo.toml");
    let section = manifest.split("[dependencies]").nth(1).expect("a [dependencies] section");
    let section = section.split("\n[").next().expect("its text");
    for line in section.lines().filter(|line| line.contains('=')) {
        let name = line.split('=').next().expect("a name").trim().replace('-', "_");
        let known = name == "ndarray" || CRATES.iter().any(|(c, _)| *c == name);
        assert!(known || name.starts_with('#'), "`{name}` has no room: give it one in CRATES");
    }
}

#[test]
fn grouped_imports_are_seen() {
    let source = "use crate::{linalg, optimize::{lbfgs, Minimum}, Error, random};";
    assert_eq!(imports(source), ["linalg", "optimize", "random"]);
    assert_eq!(paths("use faer::linalg::Side; // rand::x"), ["faer"]);
}
