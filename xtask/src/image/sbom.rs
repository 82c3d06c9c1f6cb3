//! The software bill of materials of a program, as an SPDX 2.3 document.

use serde_json::{Value, json};

use super::stamp::{date, sha256};
use super::{Package, Spec};
use crate::arch::Arch;

/// What this architecture's program is compiled from.
///
/// # References
/// <https://spdx.github.io/spdx-spec/v2.3/>
pub(super) fn document(spec: &Spec, arch: &Arch, program: &[u8]) -> Value {
    let checksum = sha256(program);
    let document = format!("pause-{}-{}", spec.version, arch.name.replace('/', "-"));
    let mut packages: Vec<_> = spec.packages.iter().map(package).collect();
    if let Some(root) = packages.first_mut() {
        root["primaryPackagePurpose"] = "APPLICATION".into();
        root["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": checksum }]);
    }
    let ids: Vec<_> = spec.packages.iter().map(id).collect();
    let root = ids.first().cloned().unwrap_or_default();
    let mut relationships = vec![relationship("SPDXRef-DOCUMENT", "DESCRIBES", &root)];
    relationships.extend(ids.iter().skip(1).map(|part| relationship(&root, "STATIC_LINK", part)));
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": document,
        "documentNamespace": format!("https://spdx.org/spdxdocs/{document}-{checksum}"),
        "creationInfo": {
            "created": date(spec.created),
            "creators": [format!("Tool: podkit-xtask-{}", spec.version)],
        },
        "packages": packages,
        "relationships": relationships,
    })
}

fn id(package: &Package) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    format!("SPDXRef-{}-{}", package.name, package.version).chars().map(plain).collect()
}

fn package(package: &Package) -> Value {
    let mut value = json!({
        "SPDXID": id(package),
        "name": package.name,
        "versionInfo": package.version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": package.license,
        "copyrightText": "NOASSERTION",
    });
    if package.public {
        value["externalRefs"] = json!([{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{}@{}", package.name, package.version),
        }]);
    }
    value
}

fn relationship(element: &str, kind: &str, related: &str) -> Value {
    json!({ "spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related })
}
