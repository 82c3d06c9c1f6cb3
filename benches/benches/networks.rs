//! What a network adds to the making of a pod, and to its end.
//!
//! Of each case's `pod create` and `pod delete` the time of those without a network is taken off, which are measured in
//! the same turn. Cases: `bridge`, where one pod is on the bridge already; `CNI`, the plugins of the configuration that
//! containerd's documentation shows (bridge with host-local, portmap), executed one after the other, as containerd
//! does, by pod itself. Both in a network of our own in place of the machine's.

use std::fs;
use std::path::Path;
use std::process::Command;

use benches::Unit;
use fixtures::engine::cni_plugins;
use serde_json::json;

use crate::network::Network;
use crate::place::{Place, time, works};
use crate::session::Session;
use crate::turns::{Case, Seen, Turns, case, nanoseconds};

const SUBJECT: &str = "networks";
const CHAIN: &str = "podkit-bench";

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "all", "needs root");
        return;
    }
    let machine = Network::new();
    let pods = Pods { place, machine: &machine, plugins: cni_plugins() };
    let mut cases = Vec::new();
    if let Err(reason) = pods.first() {
        session.leave_out(SUBJECT, "bridge", &reason);
        return;
    }
    cases.push(pods.added("bridge", "bridge"));
    match pods.try_chain() {
        Ok(chain) => cases.push(pods.added("CNI", chain)),
        Err(reason) => session.leave_out(SUBJECT, "CNI", &reason),
    }
    let measures = [("set-up", Unit::Time), ("end", Unit::Time)];
    Turns { subject: SUBJECT, measures, pairs: &[("bridge", "CNI")], rounds: session.rounds(100) }.take(session, cases);
    pods.time(&["delete", "first"]);
}

/// Where pods are made.
struct Pods<'a> {
    place: &'a Place,
    machine: &'a Network,
    plugins: Option<&'static Path>,
}

impl<'a> Pods<'a> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.place.command("pod", words);
        command.env("NETCONFPATH", self.place.work().join("net.d"));
        command.envs(self.plugins.map(|plugins| ("CNI_PATH", plugins)));
        command
    }

    fn time(&self, words: &[&str]) -> f64 {
        nanoseconds(self.machine.inside(|| time(&mut self.command(words))))
    }

    fn works(&self, words: &[&str]) -> Result<(), String> {
        self.machine.inside(|| works(&mut self.command(words)))
    }

    /// Brings the bridge, which stays as long as somebody is on it.
    fn first(&self) -> Result<(), String> {
        self.works(&["create", "first", "--network", "bridge"])
    }

    /// Writes the configuration of the plugins, and tries it; hands back what they are called by.
    fn try_chain(&self) -> Result<&'static str, String> {
        const NETWORK: &str = "cni:podkit-bench";
        self.plugins.ok_or("the CNI plugins are not on this machine")?;
        let directory = self.place.work().join("net.d");
        fs::create_dir(&directory).map_err(|error| error.to_string())?;
        let ipam = json!({
            "type": "host-local", "dataDir": self.place.work().join("addresses"),
            "ranges": [[{"subnet": "10.89.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}],
        });
        let bridge = json!({
            "type": "bridge", "bridge": "podkit-cni", "isGateway": true, "ipMasq": true, "promiscMode": true, "ipam": ipam,
        });
        let portmap = json!({"type": "portmap", "capabilities": {"portMappings": true}});
        let list = json!({"cniVersion": "1.0.0", "name": CHAIN, "plugins": [bridge, portmap]});
        fs::write(directory.join("bench.conflist"), list.to_string()).map_err(|error| error.to_string())?;
        self.works(&["create", "chained", "--network", NETWORK])?;
        self.works(&["delete", "chained"])?;
        Ok(NETWORK)
    }

    fn added(&'a self, name: &str, network: &'a str) -> Case<'a, 2> {
        case(name, move || -> Seen<2> {
            let (plain, plain_end) = (self.time(&["create", "web"]), self.time(&["delete", "web"]));
            let with = self.time(&["create", "web", "--network", network]);
            let end = self.time(&["delete", "web"]);
            [Some(with - plain), Some(end - plain_end)]
        })
    }
}
