//! The software bill of materials of programs, as an SPDX 2.3 document.

mod parts;

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::stamp::{date, sha256};
pub(crate) use parts::Parts;

/// A crate that programs are compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: String,
    /// Whether it is one of the public registry's, not of this workspace.
    pub(crate) public: bool,
}

/// A program, and what it is compiled from: its own crate first.
pub(crate) type Program<'a> = (&'a [u8], &'a [Crate]);

/// What these programs are compiled from.
///
/// # References
/// <https://spdx.github.io/spdx-spec/v2.3/>
pub(crate) fn document(name: &str, version: &str, created: SystemTime, programs: &[Program<'_>]) -> Value {
    let checksum = sha256(&programs.iter().map(|(bytes, _)| *bytes).collect::<Vec<_>>().concat());
    let mut packages = Vec::new();
    let mut relationships = Vec::new();
    for (bytes, crates) in programs {
        let Some((own, parts)) = crates.split_first() else { continue };
        // A library of the same name may be part of another program.
        let id = reference(&["program", &own.name]);
        let mut program = package(&id, own);
        program["primaryPackagePurpose"] = "APPLICATION".into();
        program["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": sha256(bytes) }]);
        packages.push(program);
        relationships.push(relationship("SPDXRef-DOCUMENT", "DESCRIBES", &id));
        relationships.extend(parts.iter().map(|part| relationship(&id, "STATIC_LINK", &id_of(part))));
    }
    let mut parts: Vec<&Crate> = Vec::new();
    for part in programs.iter().flat_map(|(_, crates)| crates.iter().skip(1)) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    packages.extend(parts.into_iter().map(|part| package(&id_of(part), part)));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": format!("https://spdx.org/spdxdocs/{name}-{checksum}"),
        "creationInfo": {
            "created": date(created),
            "creators": [format!("Tool: podkit-xtask-{version}")],
        },
        "packages": packages,
        "relationships": relationships,
    })
}

fn id_of(part: &Crate) -> String {
    reference(&[&part.name, &part.version])
}

fn reference(words: &[&str]) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    format!("SPDXRef-{}", words.join("-")).chars().map(plain).collect()
}

fn package(id: &str, part: &Crate) -> Value {
    let mut value = json!({
        "SPDXID": id,
        "name": part.name,
        "versionInfo": part.version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": part.license,
        "copyrightText": "NOASSERTION",
    });
    if part.public {
        value["externalRefs"] = json!([{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{}@{}", part.name, part.version),
        }]);
    }
    value
}

fn relationship(element: &str, kind: &str, related: &str) -> Value {
    json!({ "spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_programs_have_is_said_once_and_of_both() {
        let part = |name: &str| Crate { name: name.into(), version: "1".into(), license: "MIT".into(), public: true };
        let (pod, reaper) = ([part("pod"), part("reaper"), part("libc")], [part("reaper"), part("libc")]);
        let bill = document("podkit", "1", SystemTime::UNIX_EPOCH, &[(b"pod", &pod), (b"reaper", &reaper)]);
        let ids = |list: &str, key: &str| {
            let list = bill[list].as_array().expect("a list").iter();
            list.map(|entry| entry[key].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        let known =
            ["SPDXRef-program-pod", "SPDXRef-program-reaper", "SPDXRef-reaper-1", "SPDXRef-libc-1"].map(str::to_owned);
        assert_eq!(ids("packages", "SPDXID"), known);
        assert_eq!(
            ids("relationships", "relatedSpdxElement"),
            [0, 2, 3, 1, 3].map(|place: usize| known[place].clone())
        );
        assert_eq!(bill["packages"][1]["checksums"][0]["checksumValue"], sha256(b"reaper"));
    }
}
