//! `pod`: from the command line to the exit code.

use std::io::{self, Write, stderr, stdout};
use std::process;

use clap::Parser;
use nsjoin::relay::{self, Signals};
use nsjoin::report::report;
use nsjoin::{Inherited, Name, OwnPids};
use pod::cli::{Cli, Create, Exec, Run, Verb};
use pod::show::{self, Format};
use pod::{Error, PodView, Store};
use reaper::ExitCode;

const SUCCESS: ExitCode = ExitCode::Command(0);

fn main() -> process::ExitCode {
    let exit = run(Cli::parse().verb).unwrap_or_else(|error| match error {
        // Whoever read our output has enough of it.
        Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => SUCCESS,
        error => {
            report("pod", &error, error.hint());
            error.exit_code()
        }
    });
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn run(verb: Verb) -> Result<ExitCode, Error> {
    let out = &mut stdout();
    match verb {
        Verb::Create(create) => make(create)?,
        Verb::Run(run) => launch(run)?,
        Verb::Exec(exec) => return join(exec),
        Verb::Get(get) => {
            let store = Store::open()?;
            let pods = if get.names.is_empty() { PodView::all(&store)? } else { views(&store, &get.names)? };
            match get.output {
                Format::Text => show::table(&pods, out)?,
                Format::Json => show::json(&pods, out)?,
            }
        }
        Verb::Describe(describe) => {
            let pod = PodView::of(&Store::open()?.pod(&describe.name)?)?;
            match describe.output {
                Format::Text => show::description(&pod, out)?,
                Format::Json => show::json(&pod, out)?,
            }
        }
        Verb::Logs(logs) => pod::logs(&Store::open()?, &logs.pod, &logs.workload, out, &mut stderr())?,
        Verb::Delete(delete) => {
            let store = Store::open()?;
            for name in &delete.names {
                pod::delete(&store, name, delete.grace())?;
                say(format_args!("pod/{name} deleted"))?;
            }
        }
        Verb::Supervise(supervise) => {
            let own_pids = if supervise.own_pids { OwnPids::Yes } else { OwnPids::No };
            pod::supervise(&supervise.name, own_pids, &supervise.pod_ports)?;
        }
        Verb::Forward => pod::forwarder::forward()?,
    }
    Ok(SUCCESS)
}

fn make(create: Create) -> Result<(), Error> {
    let (output, pause) = (create.output, create.pause.clone());
    let plan = create.plan()?;
    let name = plan.name().clone();
    let directory = pod::create(&Store::open()?, plan, pause)?;
    match output {
        Format::Text => say(format_args!("pod/{name} created")),
        Format::Json => show::json(&PodView::of(&directory)?, &mut stdout()),
    }
}

fn launch(run: Run) -> Result<(), Error> {
    let (output, pod) = (run.output, run.pod.clone());
    let plan = run.plan()?;
    let (store, name) = (Store::open()?, plan.name.clone());
    pod::run(&store, &pod, plan)?;
    match output {
        Format::Text => say(format_args!("workload/{name} started in pod/{pod}")),
        Format::Json => {
            let workloads = PodView::of(&store.pod(&pod)?)?.workloads;
            show::json(&workloads.into_iter().find(|workload| workload.name == name), &mut stdout())
        }
    }
}

fn join(exec: Exec) -> Result<ExitCode, Error> {
    let (name, workload) = (exec.pod.clone(), exec.workload.clone());
    // The command is to have the signals as we got them, not as we need them.
    let command = exec.command().signals(Inherited::now());
    let opened = pod::exec(&Store::open()?, &name, workload.as_ref(), command)?;
    Inherited::mind_children();
    let signals = Signals::take()?;
    let child = opened.spawn()?;
    let status = relay::relay(&child, &signals)?;
    Ok(ExitCode::of(status).unwrap_or(ExitCode::Failure))
}

fn views(store: &Store, names: &[Name]) -> Result<Vec<PodView>, Error> {
    names.iter().map(|name| PodView::of(&store.pod(name)?)).collect()
}

fn say(line: std::fmt::Arguments<'_>) -> Result<(), Error> {
    writeln!(stdout(), "{line}").map_err(Error::Output)
}
