//! Runs a command as who the target runs as, without any privilege, and for no longer than it is
//! looked after: `cargo run -p nsjoin --example as_the_target web`.

use nsjoin::{Capabilities, Command, Credentials, Id, Ids, Join, OnDrop, Rest, Select, Target, capabilities};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target: Target = std::env::args().nth(1).ok_or("as who?")?.parse()?;
    let credentials = Credentials {
        ids: Ids::Parts { user: Some(Id::Follow), group: Some(Id::Follow), rest: Rest::Usual },
        groups: None,
        capabilities: Capabilities { drop: capabilities("all")?, ..Capabilities::default() },
        no_new_privileges: true,
    };
    let command = Command::new("sleep").arg("1000").credentials(credentials);
    let child = Join::new(target, command).select(Select::All).plan()?.open()?.spawn()?.on_drop(OnDrop::Kill);
    let pid = child.pid().ok_or("it has ended")?;
    println!("pid {pid}");
    println!("{}", std::fs::read_to_string(format!("/proc/{pid}/status"))?);
    // However this function is left, the command is killed and waited for.
    Ok(())
}
