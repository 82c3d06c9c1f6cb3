//! Runs a command in the network of a pod, or of whoever else is named:
//! `cargo run -p nsjoin --example in_a_network web`.

use nsjoin::{Command, Join, Kind, Select, Target};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target: Target = std::env::args().nth(1).ok_or("whose network?")?.parse()?;
    // Its user namespace too: of that comes the right to its network, for who is not root.
    let join = Join::new(target, Command::new("cat").arg("/proc/self/net/dev"))
        .select(Select::These([Kind::User, Kind::Net].into()));
    let opened = join.plan()?.open()?;
    for joined in &opened.outcome().joined {
        println!("joins {}:[{}]", joined.kind, joined.inode);
    }
    let status = opened.spawn()?.wait()?;
    println!("{status:?}");
    Ok(())
}
