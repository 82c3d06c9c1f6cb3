//! Tokens of service accounts: JSON web tokens, signed with a key of this machine.
//!
//! # References
//! RFC 7515, RFC 7518 section 3.4 (ES256), RFC 7519

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use super::error::{VolumeError, file};

/// Who issues them, as a cluster's API server calls itself.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) namespace: String,
    pub(crate) account: String,
    /// The account's uid, where it was ever made.
    pub(crate) account_uid: Option<String>,
    pub(crate) pod: String,
    pub(crate) pod_uid: String,
    pub(crate) node: String,
    pub(crate) audience: Option<String>,
    /// Seconds since 1970.
    pub(crate) now: i64,
    /// Seconds.
    pub(crate) expiration: u64,
    /// What tells it from every other.
    pub(crate) id: String,
}

impl Claims {
    fn to_value(&self) -> Value {
        let until = self.now.saturating_add(i64::try_from(self.expiration).unwrap_or(i64::MAX));
        let mut account = json!({ "name": self.account });
        if let Some(uid) = &self.account_uid {
            account["uid"] = json!(uid);
        }
        json!({
            "aud": [self.audience.as_deref().unwrap_or(ISSUER)],
            "exp": until,
            "iat": self.now,
            "iss": ISSUER,
            "jti": self.id,
            "kubernetes.io": {
                "namespace": self.namespace,
                "node": { "name": self.node },
                "pod": { "name": self.pod, "uid": self.pod_uid },
                "serviceaccount": account,
            },
            "nbf": self.now,
            "sub": format!("system:serviceaccount:{}:{}", self.namespace, self.account),
        })
    }
}

/// Who signs.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl std::fmt::Debug for Signer {
    /// A key is nothing to be shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Signer {
    /// The key in a file, which is made where there is none. Whoever makes one at the same time has the same.
    ///
    /// # Errors
    /// It cannot be read or made, or is none.
    pub(crate) fn open(path: &Path) -> Result<Self, VolumeError> {
        let random = SystemRandom::new();
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(path, &random)?,
            read => read.map_err(file("read", path))?,
        };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &random);
        let damaged = |_| file("read", path)(io::Error::new(io::ErrorKind::InvalidData, "it is no key"));
        Ok(Self { key: key.map_err(damaged)?, random })
    }

    /// What tells the key from others.
    pub(crate) fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.key.public_key().as_ref()))
    }

    /// The token that says this.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub(crate) fn token(&self, claims: &Claims) -> Result<String, VolumeError> {
        let header = json!({ "alg": "ES256", "kid": self.id(), "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims.to_value()));
        let signature = self.key.sign(&self.random, signed.as_bytes()).map_err(|_| VolumeError::Key)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn make(path: &Path, random: &SystemRandom) -> Result<Vec<u8>, VolumeError> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random).map_err(|_| VolumeError::Key)?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        let mut opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        opened.write_all(made.as_ref())?;
        opened.sync_all()?;
        // Not over one that somebody else has made since.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        fs::remove_file(&draft)?;
        path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    write().map_err(file("write", path))?;
    fs::read(path).map_err(file("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use std::os::unix::fs::PermissionsExt;

    fn claims() -> Claims {
        Claims {
            namespace: "space".to_owned(),
            account: "robot".to_owned(),
            account_uid: Some("a".to_owned()),
            pod: "web".to_owned(),
            pod_uid: "p".to_owned(),
            node: "n".to_owned(),
            audience: Some("vault".to_owned()),
            now: 1000,
            expiration: 600,
            id: "i".to_owned(),
        }
    }

    #[test]
    fn a_token_says_who_and_until_when_and_is_signed() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("key");
        let signer = Signer::open(&path).expect("a key");
        assert_eq!(fs::metadata(&path).expect("a key").permissions().mode() & 0o777, 0o600);
        let token = signer.token(&claims()).expect("a token");
        let [header, body, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64");
        let value = |part: &str| serde_json::from_slice::<Value>(&decode(part)).expect("JSON");
        assert_eq!(value(header)["alg"], "ES256");
        let body_value = value(body);
        assert_eq!((&body_value["exp"], &body_value["aud"]), (&json!(1600), &json!(["vault"])));
        assert_eq!(body_value["sub"], "system:serviceaccount:space:robot");
        assert_eq!(body_value["kubernetes.io"]["pod"], json!({ "name": "web", "uid": "p" }));
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, signer.key.public_key().as_ref());
        let signed = format!("{header}.{body}");
        assert!(public.verify(signed.as_bytes(), &decode(signature)).is_ok());
        assert!(public.verify(format!("{signed}x").as_bytes(), &decode(signature)).is_err());
        assert!(!format!("{signer:?}").contains("EcdsaKeyPair"), "a key is not shown");
    }

    #[test]
    fn a_machine_has_one_key_and_no_other_is_taken_for_it() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("key");
        let first = Signer::open(&path).expect("a key").id();
        assert_eq!(Signer::open(&path).expect("a key").id(), first);
        assert_eq!(fs::read_dir(place.path()).expect("ours").count(), 1);
        fs::write(&path, "x").expect("ours");
        assert!(Signer::open(&path).is_err());
    }
}
