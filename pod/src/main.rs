//! `pod`: from the command line to the exit code.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write, stderr, stdin, stdout};
use std::slice::from_ref;
use std::time::Duration;
use std::{env, process};

use clap::Parser;
use launch::complain::complain;
use launch::{Inherited, Session};
use manifest::kind::Pod;
use nsjoin::relay::{self, Relay, Signals};
use pod::answer::{Answer, Pending, Until};
use pod::cli::{Attend, Cli, Config, Format, Generate, Image, ImageFormat, Shown, Top, Typed, Verb};
use pod::verbs::add::Add;
use pod::verbs::delete::Unsure;
use pod::verbs::exec::Exec;
use pod::verbs::image::pull::Pull;
use pod::verbs::prune::Prune;
use pod::verbs::submit::{Apply, Submitted};
use pod::{Error, Programs, Registry, Stayed, Store, kubectl, show, verbs};
use reaper::ExitCode;

const SUCCESS: ExitCode = ExitCode::Command(0);

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: launch::Heap = launch::Heap;

/// The verbs of who stays as long as a pod or a workload does: of who launches, which takes as much each time, and of
/// others.
#[cfg(target_env = "musl")]
const LAUNCHING: [&str; 2] = ["supervise", "attend"];
#[cfg(target_env = "musl")]
const STAYING: [&str; 4] = ["forward", "resolve", "console", "probe"];

fn main() -> process::ExitCode {
    #[cfg(target_env = "musl")]
    match env::args_os().nth(1) {
        Some(verb) if LAUNCHING.iter().any(|launching| verb == *launching) => launch::stay(launch::Stay::AtRest),
        Some(verb) if STAYING.iter().any(|staying| verb == *staying) => launch::stay(launch::Stay::AtOnce),
        _ => {}
    }
    let exit = run(parse().verb).unwrap_or_else(|error| match error {
        // Whoever read our output has enough of it.
        Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => SUCCESS,
        error => fail(&error),
    });
    if let ExitCode::Killed(signal) = exit {
        relay::die_by(signal);
    }
    exit.code().into()
}

fn is_kubectl() -> bool {
    kubectl::is_called_so(env::args_os().next().as_deref())
}

/// The command line. Under kubectl's name a bad one has kubectl's exit code, and `exec` its grammar.
#[allow(clippy::exit, reason = "clap's own way of ending, with another code")]
fn parse() -> Cli {
    let mut words: Vec<OsString> = env::args_os().collect();
    let known = if is_kubectl() { None } else { Cli::at_once(&words) };
    if let Some(cli) = known {
        return cli;
    }
    loop {
        let cli = match Cli::try_parse_from(&words) {
            Err(error) if is_kubectl() && error.exit_code() != 0 => {
                // One that cannot be written is no reason to end differently.
                let _lost = match kubectl::lacking(&words, &error) {
                    Some(sentence) => writeln!(stderr(), "error: {sentence}"),
                    None => error.print(),
                };
                process::exit(1);
            }
            Err(error) => error.exit(),
            Ok(cli) => cli,
        };
        let Verb::Exec(exec) = &cli.verb else { return cli };
        if !is_kubectl() {
            return cli;
        }
        match kubectl::surplus(&words, exec.0.words()) {
            Ok(None) => return cli,
            Ok(Some(place)) => drop(words.remove(place)),
            Err(trouble) => {
                let _lost = writeln!(stderr(), "error: {trouble}\nSee 'kubectl exec -h' for help and examples");
                process::exit(1);
            }
        }
    }
}

fn run(verb: Verb) -> Result<ExitCode, Error> {
    let out = &mut stdout();
    let registry = Registry::of_this_user();
    match verb {
        Verb::Create(create) => {
            let Typed(mut create) = *create;
            if let Some(answer) = create.run() {
                return tell(&answer, false);
            }
            let output = create.format()?;
            let programs = Programs::of_pod(create.by_hand.pause.take())?;
            let plan = create.by_hand.plan()?;
            let (store, name) = (changing()?, plan.name().clone());
            verbs::create::create(&store, plan, &programs)?;
            match output {
                Format::Text => say(format_args!("pod/{name} created"))?,
                Format::Json => show::json(&pod::pod(store.registry(), &name)?, out)?,
            }
        }
        Verb::Add(add) => {
            if let Some(typed) = add.verb.attached() {
                return attend(&registry, add.0, typed);
            }
            let (pod, output, plan) = (add.verb.pod.clone(), add.output, add.0.verb.plan(&registry)?);
            let (store, name) = (changing()?, plan.name.clone());
            verbs::add::add(&store, &pod, plan, &Programs::of_pod(None)?)?;
            match output {
                Format::Text => say(format_args!("workload/{name} started in pod/{pod}"))?,
                Format::Json => {
                    let workloads = pod::pod(store.registry(), &pod)?.workloads;
                    show::json(&workloads.into_iter().find(|workload| workload.name == name), out)?;
                }
            }
        }
        Verb::Exec(exec) => return join(&registry, exec.0),
        Verb::Attach(verb) => return left(verb.run(&registry, called())?),
        Verb::Get(get) if get.watches() => return tell(&get.watch(out)?, false),
        Verb::Get(get) => {
            if let Some(answer) = get.run() {
                let exit = tell(&answer, false)?;
                if get.is_everything() {
                    let by_hand = get.pods(&registry)?;
                    if !by_hand.is_empty() {
                        say(format_args!(""))?;
                        show::table(&by_hand, get.is_wide(), out)?;
                    }
                }
                return Ok(exit);
            }
            let format = get.format()?;
            let pods = get.pods(&registry)?;
            match format {
                Format::Text => show::table(&pods, get.is_wide(), out)?,
                Format::Json => show::json(&pods, out)?,
            }
        }
        Verb::Describe(describe) => {
            if let Some(answer) = describe.verb.run(describe.output) {
                return tell(&answer, false);
            }
            let pod = describe.verb.pod(&registry)?;
            match describe.output {
                Format::Text => show::description(&pod, out)?,
                Format::Json => show::json(&pod, out)?,
            }
        }
        Verb::Logs(logs) => {
            let namespace = logs.namespace().to_owned();
            let answer = match logs.run(&registry, out, &mut stderr()) {
                Err(error) if is_kubectl() => kubectl::no_logs(error, &namespace)?,
                answer => answer?,
            };
            return tell(&answer, false);
        }
        Verb::Cp(cp) => cp.run(&registry, &mut |skipped| warn(&[skipped.into()]))?,
        Verb::Publish(publish) => {
            let changed = publish.verb.run(&changing()?, &Programs::of_pod(None)?)?;
            match publish.output {
                Format::Text => show::published(&changed, out)?,
                Format::Json => show::json(&changed, out)?,
            }
        }
        Verb::Delete(delete) => {
            if let Some(answer) = delete.run()? {
                return tell(&answer, false);
            }
            let names = delete.pods()?;
            let (store, programs) = (changing()?, Programs::of_pod(None)?);
            let mut exit = SUCCESS;
            for name in &names {
                match verbs::delete::delete(&store, name, delete.grace(), delete.unseen(), &programs) {
                    Ok(told) => {
                        warn(&told);
                        say(format_args!("pod/{name} deleted"))?;
                    }
                    Err(error) if delete.forgives(&error) => {}
                    // The others are to go all the same.
                    Err(error) => exit = fail(&error),
                }
            }
            return Ok(exit);
        }
        Verb::Prune(verb) => return prune(&registry, &verb),
        Verb::Generate(Generate::Kube(verb)) => return tell(&verb.run(&registry)?, false),
        Verb::Start(verb) => {
            // What is left of others keeps nobody from running.
            warn(&pod::attend::sweep().err().into_iter().collect::<Vec<_>>());
            return tell(&verb.run(), false);
        }
        Verb::Image(image) => return images(image),
        Verb::Apply(verb) if verb.foreground => return stay(&verb),
        Verb::Apply(verb) => return submitted(verb.run()).map(|(exit, _)| exit),
        Verb::Replace(verb) => return submitted(verb.run()).map(|(exit, _)| exit),
        Verb::Run(verb) if verb.stays() => {
            return stayed(pod::stay_with(&verb, &registry, &Programs::of_pod(None)?, called())?);
        }
        Verb::Debug(verb) => {
            return stayed(pod::look_into(&verb, &registry, &Programs::of_pod(None)?, called())?);
        }
        Verb::Run(verb) => return tell(&verb.run(), false),
        Verb::Label(verb) => return tell(&verb.run(), false),
        Verb::Annotate(verb) => return tell(&verb.run(), false),
        Verb::Patch(verb) => return tell(&verb.run(), false),
        Verb::Edit(verb) => return tell(&verb.run(), false),
        Verb::Set(verb) => return tell(&verb.run(), false),
        Verb::Convert(verb) => return tell(&verb.run(), false),
        Verb::Events(verb) => return tell(&verb.run(out)?, false),
        Verb::PortForward(verb) => return tell(&verb.run(&registry, &Programs::of_pod(None)?, out)?, false),
        Verb::Wait(verb) => {
            let attend = |pod: &Pending| pod::attend::follow(from_ref(pod), &Programs::of_pod(None)?).map(drop);
            return tell(&verb.run(out, &attend)?, false);
        }
        Verb::Explain(verb) => return tell(&verb.run(), false),
        Verb::ApiResources(verb) => return tell(&verb.run(), false),
        Verb::Diff(verb) => return tell(&verb.run(), true),
        Verb::Top(Top::Pod(verb)) => return tell(&verb.run(), false),
        Verb::Config(Config::View(verb)) => return tell(&verb.run(&Programs::of_pod(None)?), false),
        Verb::Config(Config::CurrentContext(verb)) => return tell(&verb.run(), false),
        Verb::Config(Config::GetContexts(verb)) => return tell(&verb.run(), false),
        Verb::Version(verb) => return tell(&verb.run(), false),
        Verb::Completion(verb) => {
            let name = if is_kubectl() { "kubectl" } else { "pod" };
            return tell(&verb.run(Cli::shown(), name), false);
        }
        Verb::Doctor(verb) => {
            let (answer, runs) = verb.run()?;
            let exit = tell(&answer, false)?;
            return Ok(if runs { exit } else { ExitCode::Command(1) });
        }
        Verb::Supervise => pod::supervise()?,
        Verb::Attend(Typed(Attend { namespace, name, uid, program, pause })) => {
            pod::attend::attend(&namespace, &name, &uid, program, pause)?;
        }
        Verb::Forward => pod::forwarder::forward()?,
        Verb::Resolve => pod::resolver::resolve()?,
        Verb::Probe => pod::probe::serve()?,
        Verb::Tend { task } => say(format_args!("{}", pod::tend(&task).map_err(|error| Error::Output(error.into()))?))?,
        Verb::Attempt { directory } => show::json(&pod::doctor::attempt(&directory), out)?,
        Verb::Console => pod::console::attend()?,
    }
    Ok(SUCCESS)
}

/// Has pods go that have ended, and tells what that has freed.
fn prune(registry: &Registry, verb: &Prune) -> Result<ExitCode, Error> {
    let pruning = verb.find(registry)?;
    let total = |bytes: u64| show::image::size(bytes);
    if verb.dry_run {
        let exit = tell(&pruning.told(), false)?;
        for name in &pruning.networks {
            say(format_args!("network \"{name}\" pruned (dry run)"))?;
        }
        say(format_args!("Total reclaimed space: {} (dry run)", total(pruning.bytes())))?;
        return Ok(exit);
    }
    let mut exit = tell(&pruning.run(), false)?;
    if !pruning.by_hand.is_empty() {
        let (store, programs) = (changing()?, Programs::of_pod(None)?);
        for name in &pruning.by_hand {
            match verbs::delete::delete(&store, name, Duration::ZERO, Unsure::Refuse, &programs) {
                Ok(told) => {
                    warn(&told);
                    say(format_args!("pod \"{name}\" pruned"))?;
                }
                Err(error) => exit = fail(&error),
            }
        }
    }
    if verb.is_of_all() {
        let (gone, troubles) = verbs::prune::networks(&changing()?);
        gone.iter().try_for_each(|name| say(format_args!("network \"{name}\" pruned")))?;
        exit = troubles.iter().fold(exit, |_, error| fail(error));
    }
    say(format_args!("Total reclaimed space: {}", total(pruning.freed())))?;
    Ok(exit)
}

fn images(verb: Image) -> Result<ExitCode, Error> {
    let out = &mut stdout();
    match verb {
        Image::Load(load) => show::image::loaded(&load.run(unpacked)?, load.quiet, out)?,
        Image::Import(import) => say(format_args!("{}", import.run(unpacked)?.prepared.image.id))?,
        Image::List(list) => {
            let (images, unreadable) = list.verb.run()?;
            warn(&unreadable.into_iter().map(Error::from).collect::<Vec<_>>());
            show::image::list(&images, &list.verb, list.output.unwrap_or(ImageFormat::Text), out)?;
        }
        Image::Inspect(inspect) => {
            let format = inspect.output.unwrap_or(ImageFormat::Json);
            show::image::inspect(&inspect.verb.run()?, format, out)?;
        }
        Image::Pull(pull) => fetch(&pull)?,
        Image::Save(save) => save.run()?,
        Image::Tag(tag) => tag.run()?,
        Image::Remove(remove) => {
            let removed = remove.run()?;
            show::image::removed(&removed, out)?;
            if removed.collected.is_none() && !removed.untagged.is_empty() {
                warn(&[Error::Later]);
            }
            return Ok(removed.errors.iter().fold(SUCCESS, |_, error| fail(error)));
        }
        Image::Prune(prune) => show::image::pruned(&prune.run()?, out)?,
    }
    Ok(SUCCESS)
}

/// Tells what is not as a layer has it.
fn unpacked(layer: &image::store::Layer, record: &image::store::LayerRecord) {
    for what in record.outcome.told() {
        warn(&[Error::Unpacked { layer: layer.blob.digest().to_string(), what }]);
    }
}

/// The registry, for a command that changes a pod: it clears away what dead ones have left.
fn changing() -> Result<Store, Error> {
    let store = Store::open()?;
    warn(&store.sweep());
    Ok(store)
}

fn fetch(pull: &Shown<Pull>) -> Result<(), Error> {
    let quiet = pull.verb.quiet || pull.output == Format::Json;
    let progress = show::pull::Progress::new(quiet);
    let pulled = pull.verb.run(&|event| progress.show(event));
    // What came of it is told before what could not be shown of it.
    let (pulled, shown) = (pulled, progress.end());
    show::pull::pulled(&pulled?, quiet, pull.output, &mut stdout())?;
    shown
}

fn join(registry: &Registry, exec: Exec) -> Result<ExitCode, Error> {
    let is_kubectl = is_kubectl();
    let (exec, untyped) = if is_kubectl { exec.kubectls(stdin().is_terminal()) } else { (exec, None) };
    let (mut workload, typed, quiet) = (exec.workload.clone(), exec.typed(), exec.quiet);
    // Whoever does not ask for it reads nothing of a script's own input.
    let is_closed = is_kubectl && !exec.is_interactive();
    let found = exec.found(registry)?;
    // A pod that ends meanwhile is the reason for whatever did not go well in it.
    let gone = |error: Error| found.gone().map_or(error, Error::from);
    let mut told = None;
    if workload.is_none()
        && let Some(meant) = verbs::meant::container(&found).map_err(gone)?
    {
        (workload, told) = (Some(meant.workload), meant.told);
    }
    let contained = verbs::exec::contained(&found, workload.as_ref()).map_err(gone)?;
    if contained.is_some() {
        // Whose first instruction inside is one of this program.
        pod::go_on_sealed()?;
    }
    for told in told.as_deref().filter(|_| !quiet).into_iter().chain(untyped) {
        // A stderr that takes nothing is no reason to do nothing.
        let _lost = writeln!(stderr(), "{told}");
    }
    // The command is to have the signals as we got them, not as we need them.
    let mut command = exec.command(contained.as_ref())?.signals(Inherited::now());
    if is_closed {
        let nothing = File::open("/dev/null").map_err(|source| Error::NoInput { source })?;
        command = command.stdio([Some(nothing.into()), None, None]);
    }
    let mut opened = verbs::exec::exec(&found, workload.as_ref(), command).map_err(gone)?;
    Inherited::mind_children();
    let signals = Signals::take().map_err(nsjoin::Error::from)?;
    let terminal = typed.map(|typed| opened.make_terminal(typed)).transpose()?;
    let session = if terminal.is_some() { Session::New } else { Session::Ours };
    let child = opened.spawn().map_err(|error| gone(error.into()))?;
    let relay = Relay { program: "pod", session, terminal, limit: None };
    let end = relay.run(&child, &signals).map_err(nsjoin::Error::from)?;
    let exit = ExitCode::of(end.status).unwrap_or(ExitCode::Failure);
    if is_kubectl && exit != SUCCESS {
        let code = exit.code();
        let _lost = writeln!(stderr(), "command terminated with exit code {code}");
        return Ok(ExitCode::Command(code));
    }
    Ok(exit)
}

/// What this program is called.
fn called() -> &'static str {
    if is_kubectl() { "kubectl" } else { "pod" }
}

/// Tells what being with a container has come to; who was asked to leave it by a signal ends by that.
fn left((answer, signal): (Answer, Option<reaper::Signal>)) -> Result<ExitCode, Error> {
    let exit = tell(&answer, false)?;
    Ok(signal.map_or(exit, ExitCode::Killed))
}

/// The same of a pod that was made for it, whose exit code may be ours.
fn stayed(Stayed { answer, code, signal }: Stayed) -> Result<ExitCode, Error> {
    let exit = left((answer, signal))?;
    Ok(code.map_or(exit, ExitCode::Command))
}

/// Launches a workload, and stays with it to its end.
fn attend(registry: &Registry, add: Shown<Add>, typed: launch::Typed) -> Result<ExitCode, Error> {
    if add.output == Format::Json {
        return Err(Error::Foreground);
    }
    let (pod, plan) = (add.verb.pod.clone(), add.verb.plan(registry)?);
    let (store, programs) = (changing()?, Programs::of_pod(None)?);
    // From here on they are the workload's.
    let signals = Signals::take().map_err(nsjoin::Error::from)?;
    let attached = verbs::add::attach(&store, &pod, plan, &programs)?;
    Ok(ExitCode::of(attached.relay(typed, &signals)?).unwrap_or(ExitCode::Failure))
}

/// Tells what manifests come to, and sees to those that have to wait for others to go; hands back the pods that came.
fn submitted(submitted: Submitted) -> Result<(ExitCode, Vec<Pod>), Error> {
    let came = |answer: &Answer| {
        let stays = answer.pending.iter().filter(|pending| !matches!(pending.until, Until::Gone(_)));
        stays.map(|pending| (*pending.pod).clone()).collect::<Vec<_>>()
    };
    let mut pods = came(&submitted.answer);
    let exit = tell(&submitted.answer, false)?;
    let Some(rest) = submitted.rest else { return Ok((exit, pods)) };
    let answer = rest.run();
    pods.extend(came(&answer));
    let last = tell(&answer, false)?;
    Ok((if exit == SUCCESS { last } else { exit }, pods))
}

/// Has manifests come, and stays with their pods to the end.
fn stay(apply: &Apply) -> Result<ExitCode, Error> {
    // Whoever has us end before all are there means those, too.
    let signals = Signals::take().map_err(nsjoin::Error::from)?;
    let (exit, pods) = submitted(apply.run())?;
    let programs = Programs::of_pod(None)?;
    if exit == SUCCESS {
        return pod::foreground(&pods, &programs, &signals);
    }
    // Half of what was meant is not stayed with.
    tell(&pod::dismiss(&pods, &programs)?, false).map(|_| exit)
}

/// Tells what a verb of kubectl's comes to; whether it `compares` decides what 1 means.
fn tell(answer: &Answer, compares: bool) -> Result<ExitCode, Error> {
    stdout().lock().write_all(answer.text.as_bytes()).and_then(|()| stdout().flush()).map_err(Error::Output)?;
    // A stderr that takes nothing is no reason to end differently.
    let _lost = stderr().write_all(answer.said().as_bytes());
    let exit = answer.exit_code(compares);
    if answer.pending.is_empty() {
        return Ok(exit);
    }
    let came = Answer::from(pod::attend::follow(&answer.pending, &Programs::of_pod(None)?)?);
    let _lost = stderr().write_all(came.said().as_bytes());
    Ok(if exit == SUCCESS { came.exit_code(compares) } else { exit })
}

/// Tells what did not go as it should have, and is no reason to fail.
fn warn(told: &[Error]) {
    for error in told {
        complain("pod", error, error.hint());
    }
}

fn fail(error: &Error) -> ExitCode {
    if is_kubectl() {
        let _lost = writeln!(stderr(), "{}", kubectl::complaint(error));
        return kubectl::exit_code(error.exit_code());
    }
    complain("pod", error, error.hint());
    error.exit_code()
}

fn say(line: std::fmt::Arguments<'_>) -> Result<(), Error> {
    writeln!(stdout(), "{line}").map_err(Error::Output)
}
