use super::*;

const LIST: &str = r#"{"cniVersion":"1.0.0","name":"web","plugins":[{"type":"bridge"},{"type":"portmap"}]}"#;

#[test]
fn a_list_has_its_plugins_in_order_and_a_single_one_is_a_list() {
    let list = NetworkList::parse(LIST).expect("a list");
    assert_eq!(list.plugins.iter().map(kind).collect::<Vec<_>>(), ["bridge", "portmap"]);
    assert_eq!((list.name.as_str(), list.version, list.no_check), ("web", Version::V1_0_0, false));
    let one = r#"{"cniVersion":"0.3.1","name":"one","type":"ptp","mtu":9000,"disableCheck":true}"#;
    let one = NetworkList::parse(one).expect("one");
    assert_eq!((kind(&one.plugins[0]), one.plugins.len(), one.no_check), ("ptp", 1, true));
    assert_eq!(one.plugins[0].get("mtu"), Some(&Value::from(9000)));
}

#[test]
fn of_several_versions_it_is_the_latest_that_is_spoken_here() {
    let version = |said: &str| {
        let text = format!(r#"{{"name":"x","type":"y",{said}}}"#);
        NetworkList::parse(&text).map(|list| list.version)
    };
    assert_eq!(version(r#""cniVersion":"0.4.0","cniVersions":["0.3.1","1.1.0","2.0.0"]"#), Ok(Version::V1_1_0));
    assert_eq!(version(r#""cniVersions":["0.3.1"]"#), Ok(Version::V0_3_1));
    assert_eq!(
        version(r#""cniVersion":"0.2.0""#),
        Err(r#"version "0.2.0" of CNI is none of 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"#.to_owned())
    );
    assert_eq!(version(r#""mtu":1"#), Err("it has no cniVersion".to_owned()));
}

#[test]
fn what_is_no_configuration_says_why() {
    for (text, reason) in [
        ("", "EOF while parsing"),
        ("[]", "invalid type: sequence"),
        (r#"{"cniVersion":"1.0.0","type":"x"}"#, "it has no name"),
        (r#"{"cniVersion":"1.0.0","type":"x","name":"../a"}"#, r#"its name is "../a""#),
        (r#"{"cniVersion":"1.0.0","name":"a"}"#, "a plugin of it has no type"),
        (r#"{"cniVersion":"1.0.0","name":"a","type":"../sh"}"#, r#"a plugin of it has the type "../sh""#),
        (r#"{"cniVersion":"1.0.0","name":"a","type":".."}"#, r#"a plugin of it has the type "..""#),
        (r#"{"cniVersion":"1.0.0","name":"a","plugins":[]}"#, "it has no plugins"),
        (r#"{"cniVersion":"1.0.0","name":"a","plugins":{}}"#, "its plugins are no list"),
        (r#"{"cniVersion":"1.0.0","name":"a","plugins":[1]}"#, "a plugin of it is no object"),
        (r#"{"cniVersion":1,"name":"a","plugins":[]}"#, "its cniVersion is no text"),
    ] {
        let refused = NetworkList::parse(text).expect_err(text);
        assert!(refused.starts_with(reason), "{text}: {refused}");
    }
}

#[test]
fn the_first_file_of_a_name_counts_and_lists_come_before_single_plugins() {
    let place = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).expect("a file");
    write("00-web.conf", r#"{"cniVersion":"0.3.1","name":"web","type":"ptp"}"#);
    write("20-web.conflist", LIST);
    write("30-web.conflist", &LIST.replace("bridge", "macvlan"));
    write("40-bad.conflist", "{");
    write("README", "{");
    let places = CniPlaces { configurations: place.path().to_owned(), plugins: vec![place.path().to_owned()] };
    assert_eq!(kind(&places.find("web").expect("a network").plugins[0]), "bridge");
    let missing = places.find("blue").expect_err("none").to_string();
    let bad = place.path().join("40-bad.conflist");
    let said = format!(
        "no CNI network named blue in {}, which has web, what cannot be used: {} is no CNI configuration: EOF",
        place.path().display(),
        bad.display()
    );
    assert!(missing.starts_with(&said), "{missing}");
    let nowhere = CniPlaces { configurations: place.path().join("none"), ..places };
    assert_eq!(
        nowhere.find("web").expect_err("none").to_string(),
        format!("no CNI network named web in {}", place.path().join("none").display())
    );
}

#[test]
fn a_plugin_is_a_program_in_the_first_directory_that_has_it() {
    let (one, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let places =
        CniPlaces { configurations: PathBuf::new(), plugins: vec![one.path().to_owned(), other.path().to_owned()] };
    fs::write(one.path().join("x"), "").expect("a file");
    assert!(places.program("x").is_err(), "it is not executable");
    fs::write(other.path().join("x"), "").expect("a file");
    fs::set_permissions(other.path().join("x"), fs::Permissions::from_mode(0o755)).expect("executable");
    assert_eq!(places.program("x").expect("a program"), other.path().join("x"));
}
