//! The black-box tests: the real binaries, as shipped, against the kernel's own view.
//!
//! What a test needs (root, a program) is said beside it. Where it is missing the test is listed
//! as ignored, by name and reason; with REQUIRE_PEERS=1 it runs all the same, and fails.

// What goes wrong in a test should end it there, with all it has to say.
#![allow(clippy::unwrap_used, clippy::exit, missing_docs)]

// Where tests live: directories, users, binaries, and the proof that nothing is left.
mod house;
// What only the time between fork and exec can give.
mod before_exec;
// What the tests inherit, and make nothing of.
mod inherited;
// What tests need, and what runs them.
mod trial;
// A terminal as a user has one.
mod terminal;
// The architectures, and what emulates them.
mod arch;

// The pause program by itself.
mod pause;
// How pause locks itself.
mod locked;
// Our init, and its rivals.
mod init;
// What reaper has of its own.
mod reaper;
// Joining by hand.
mod names;
mod nsjoin;
// What joining takes of the target, and who the command then is.
mod join;
// Joining containers of engines and runtimes.
mod targets;
// How nsjoin conducts a command.
mod conduct;
// What becomes of signals under nsjoin, and of job control.
mod signals;
// Who is in which namespace.
mod list;
// What somebody inside may try against who joins.
mod threats;
// What a pod looks like from inside.
mod inside;
// How pods and workloads come and go, killed half-way included.
mod life;
// Limits, control groups, and who runs out of memory.
mod limits;
// Workloads with a root directory of their own.
mod container;
// The same by other runtimes.
mod runtime;
// Workloads in the foreground.
mod attach;
// What workloads have said.
mod logs;
// Files into workloads and out of them.
mod cp;
// Networks of pods.
mod networks;
// What published ports carry, and what carries them.
mod forwarder;
// Which of them there are, while a pod lives.
mod published;
// A machine with a network of its own, and a world beyond.
mod machine;
// Networks that an ordinary user has.
mod held;
// Networks that plugins make.
mod cni;
// A way out by pasta.
mod pasta;
// Images from registries.
mod pull;
// Machines that were switched off.
mod booted;
// Records that another pod has written, older or newer.
mod versions;
// Without memory, and where nothing can be written.
mod starved;
// What a container may try, and what another user may.
mod hostile;
mod neighbours;
// What goes wrong on machines that people have.
mod trouble;
// What a machine offers, and what is said where it does not.
mod doctor;
// Pods whose processes are frozen.
mod frozen;
// What is refused, and how.
mod refused;
// The pause image as it is shipped.
mod archive;
// Images for the engines, and an engine in namespaces of its own.
mod engine;
mod image;

mod images;
// Our pause inside the engines that people have.
mod cri;
mod docker;
mod podman;
// Where sandboxes are made.
mod sandbox;
// Manifests beside a real kubectl.
mod manifest;
// Objects that are kept.
mod objects;
// Pods of manifests.
mod pods;
// Programs for another architecture.
mod foreign;
// The packages, installed.
mod package;
// What is shown of the program itself.
mod shown;
// The examples, as a user would run them.
mod examples;
// Which file imports which.
mod rooms;

use libtest_mimic::Arguments;

fn main() {
    inherited::leave_behind();
    let arguments = Arguments::from_args();
    let trials = [
        pause::trials(),
        locked::trials(),
        init::trials(),
        reaper::trials(),
        nsjoin::trials(),
        join::trials(),
        targets::trials(),
        list::trials(),
        conduct::trials(),
        signals::trials(),
        threats::trials(),
        inside::trials(),
        life::trials(),
        networks::trials(),
        container::trials(),
        runtime::trials(),
        attach::trials(),
        logs::trials(),
        cp::trials(),
        limits::trials(),
        trouble::trials(),
        booted::trials(),
        versions::trials(),
        starved::trials(),
        hostile::trials(),
        neighbours::trials(),
        doctor::trials(),
        frozen::trials(),
        forwarder::trials(),
        published::trials(),
        cni::trials(),
        pasta::trials(),
        held::trials(),
        names::trials(),
        refused::trials(),
        pull::trials(),
        sandbox::trials(),
        archive::trials(),
        images::trials(),
        docker::trials(),
        podman::trials(),
        cri::trials(),
        foreign::trials(),
        package::trials(),
        shown::trials(),
        examples::trials(),
        rooms::trials(),
        inherited::trials(),
        manifest::trials(),
        objects::trials(),
        pods::trials(),
    ];
    let conclusion = libtest_mimic::run(&arguments, trials.into_iter().flatten().collect());
    house::close();
    conclusion.exit();
}
