//! Tables of what runtimes leave, in directories of the tests' own.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A state directory, removed with the test.
struct State(PathBuf);

impl State {
    fn new(test: &str) -> Self {
        let path = env::temp_dir().join(format!("nsjoin-{test}-{}", std::process::id()));
        fs::create_dir(&path).expect("a new directory");
        set_mode(&path, 0o700);
        Self(path)
    }

    /// A container with this in its file.
    fn put(&self, id: &str, file: &str, text: &str) -> &Self {
        let directory = self.0.join(id);
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join(file), text).expect("a file");
        [self.0.as_path(), &directory].into_iter().for_each(|path| set_mode(path, 0o700));
        set_mode(&directory.join(file), 0o600);
        self
    }

    fn roots(&self) -> Vec<Root> {
        vec![root(self.0.clone(), Layout::Containers)]
    }

    fn find(&self, id: &str) -> Result<Identity, ContainerError> {
        find_in(id, &[self.roots()])
    }
}

impl Drop for State {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("our own directory");
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("our own file");
}

fn me() -> Identity {
    Identity::of(i32::try_from(std::process::id()).expect("a pid fits")).expect("our own /proc entry")
}

/// The file of each runtime, about a process.
fn records(Identity { pid, start_time }: Identity) -> [(&'static str, String); 4] {
    [
        (
            "state.json",
            format!(r#"{{"id":"x","init_process_pid":{pid},"init_process_start":{start_time},"config":{{}}}}"#),
        ),
        ("status", format!(r#"{{"pid":{pid},"process-start-time":{start_time},"cgroup-path":"/x"}}"#)),
        ("state.json", format!(r#"{{"ociVersion":"1.0.2","id":"x","status":"running","pid":{pid}}}"#)),
        ("init.pid", format!("{pid}")),
    ]
}

#[test]
fn every_runtime_s_file_tells_the_first_process() {
    for (case, (file, text)) in records(me()).into_iter().enumerate() {
        let state = State::new(&format!("every-{case}"));
        // What has a pid only is believed of who is marked; everybody sees a mount that is called so.
        let id = if case < 2 { "3f2a99" } else { "proc" };
        assert_eq!(state.put(id, file, &text).find(id).expect(&text), me());
    }
}

#[test]
fn a_pid_without_a_start_time_is_not_believed_of_who_bears_no_mark() {
    for (case, (file, text)) in records(me()).into_iter().enumerate().skip(2) {
        let state = State::new(&format!("unmarked-{case}"));
        let found = state.put("3f2a99", file, &text).find("3f2a99");
        assert!(matches!(found, Err(ContainerError::Unmarked { .. })), "{text}: {found:?}");
    }
}

#[test]
fn another_start_time_is_an_ended_container() {
    let another = Identity { start_time: me().start_time + 1, ..me() };
    for (case, (file, text)) in records(another).into_iter().take(2).enumerate() {
        let state = State::new(&format!("another-{case}"));
        let found = state.put("3f2a99", file, &text).find("3f2a99");
        assert!(matches!(found, Err(ContainerError::Ended { .. })), "{text}: {found:?}");
    }
}

#[test]
fn what_has_no_process_has_ended_and_what_was_only_created_has_not_begun() {
    let state = State::new("states");
    for text in [r#"{"init_process_pid":0}"#, r#"{"pid":null,"status":"stopped"}"#, "0", "-1", "2147483647", "{}"] {
        let found = state.put("3f2a99", "state.json", text).find("3f2a99");
        assert!(matches!(found, Err(ContainerError::Ended { .. })), "{text}: {found:?}");
    }
    let running = &records(me())[0].1;
    let fifo = state.put("created", "state.json", running).put("created", NOT_STARTED, "").find("created");
    assert!(matches!(fifo, Err(ContainerError::NotStarted { .. })), "{fifo:?}");
    for status in ["creating", "created"] {
        let text = format!(r#"{{"pid":{},"status":"{status}"}}"#, me().pid);
        let found = state.put("youki", "state.json", &text).find("youki");
        assert!(matches!(found, Err(ContainerError::NotStarted { .. })), "{text}: {found:?}");
    }
}

#[test]
fn a_file_that_is_no_state_is_said_to_be_damaged() {
    let state = State::new("damaged");
    for text in ["", "{", "[]", "\"1\"", r#"{"pid":"1"}"#, "1 2", r#"{"pid":99999999999}"#] {
        let found = state.put("3f2a99", "state.json", text).find("3f2a99");
        assert!(matches!(found, Err(ContainerError::Damaged { .. })), "{text}: {found:?}");
    }
}

#[test]
fn the_only_beginning_is_enough_and_two_are_refused() {
    let state = State::new("beginnings");
    let text = &records(me())[0].1;
    for id in ["web", "3f2a99", "3f2b00", "3f2b", "3f2c01", "3f2c02"] {
        state.put(id, "state.json", text);
    }
    fs::create_dir(state.0.join("3f2a-without-a-record")).expect("a directory");
    for id in ["web", "3f2a99", "3f2a", "3f2a9", "3f2b", "3f2b0"] {
        assert!(state.find(id).is_ok(), "{id}");
    }
    let ambiguous = state.find("3f2c").expect_err("two").to_string();
    for id in ["3f2c01", "3f2c02"] {
        assert!(ambiguous.contains(id), "{ambiguous}");
    }
    for id in ["3f2", "we", ""] {
        assert!(matches!(state.find(id), Err(ContainerError::TooShort { .. })), "{id}");
    }
    let error = state.find("none-such").expect_err("none").to_string();
    assert!(error.contains("none-such") && error.contains(&*state.0.to_string_lossy()), "{error}");
}

#[test]
fn the_directories_that_were_named_go_first_and_whole_ids_before_beginnings() {
    let (named, known) = (State::new("named"), State::new("known"));
    let init = Identity::of(1).expect("pid 1");
    let [ours, theirs] = [me(), init].map(|identity| records(identity)[1].1.clone());
    named.put("web1", "status", &ours).put("app12", "status", &ours);
    known.put("web1", "status", &theirs).put("app1", "status", &theirs);
    let stages = [named.roots(), known.roots()];
    assert_eq!(find_in("web1", &stages).expect("two, one of them named"), me());
    assert_eq!(find_in("app1", &stages).expect("a whole id"), init);
    let one_stage = [[named.roots(), known.roots()].into_iter().flatten().collect()];
    assert!(matches!(find_in("web1", &one_stage), Err(ContainerError::Ambiguous { .. })));
}

#[test]
fn containers_stand_below_the_namespaces_of_containerd() {
    let state = State::new("namespaces");
    let text = &records(me())[0].1;
    for directory in ["k8s.io", "k8s.io/3f2a99", "moby", "moby/4f2a99"] {
        state.put(directory, "state.json", text);
    }
    let roots = || [vec![root(state.0.clone(), Layout::Namespaces)]];
    assert_eq!(find_in("3f2a", &roots()).expect("in k8s.io"), me());
    assert_eq!(find_in("4f2a", &roots()).expect("in moby"), me());
}

#[test]
fn what_others_may_write_to_is_not_believed() {
    let text = &records(me())[0].1;
    for (case, (path, mode)) in
        [("", 0o777), ("", 0o720), ("3f2a99", 0o707), ("3f2a99/state.json", 0o622)].into_iter().enumerate()
    {
        let state = State::new(&format!("believed-{case}"));
        assert!(state.put("3f2a99", "state.json", text).find("3f2a").is_ok());
        set_mode(&state.0.join(path), mode);
        let error = state.find("3f2a").expect_err(path).to_string();
        assert!(error.contains("is not root's or ours alone"), "{error}");
    }
    let (state, elsewhere) = (State::new("link"), State::new("elsewhere"));
    elsewhere.put("3f2a99", "state.json", text);
    std::os::unix::fs::symlink(elsewhere.0.join("3f2a99"), state.0.join("3f2a99")).expect("a link");
    assert!(matches!(state.find("3f2a"), Err(ContainerError::NotOurs { .. })));
}
