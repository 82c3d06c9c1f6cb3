//! docs/MANIFESTS.md: what each field of a manifest means on one machine.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::facts::{Facts, ROOTS};
use super::words::{Support, Words, of_field};

const HEAD: &str = "\
# Manifests

Which fields of a Kubernetes object podkit reads, and what each means on one machine. Every field that Kubernetes
VERSION has is in these tables, and a field that is in none of them is an error. Written by `cargo xtask schema` from
the table that the reader, `explain` and the warnings go by.

| | |
|---|---|
| **honoured** | it has the effect that it has in a cluster |
| noted | accepted; it has no effect here, for the reason given |
| *refused* | an error, with the reason given: what it asks for cannot be had here |
| later | read, checked and given its defaults; nothing runs by it yet |
| told | written by pod; what a manifest says of it is not taken |

What manifests are read like: YAML 1.1 and JSON as kubectl reads them, several documents in a file, `kind: List`.
A field that there is not, a key that is given twice, and a value of the wrong type are errors with file, line and column;
`--validate=warn` makes warnings of the first two, and `--validate=ignore` says nothing of them.
Old groups are read as today's: `extensions/v1beta1`, `apps/v1beta1` and `apps/v1beta2` as `apps/v1`, `batch/v1beta1` as `batch/v1`.
";

const DIFFERENT: &str = "
## Where it differs from kubectl and a cluster

- A key that is given twice is an error. kubectl keeps the last without a word.
- Complaints have a position: after kubectl's sentence stands where in which file, for each of them.
- Old groups are accepted. A cluster of today has no match for them.
- Aliases of YAML that multiply, values nested deeper than 100, and texts of more than 64 MiB are refused.
- Tokens of service accounts are not mounted by themselves, for there is no API to present them to. A projected `serviceAccountToken` is signed with a key of this machine (`token-key` in the data directory), ES256.

Of the verbs (`tests/it/manifest/rows.txt` has some 270 lines that both are asked, with the same output, exit code and first line of stderr):

- `apply`, `create -f` and `replace` run pods and keep config maps, secrets, claims, service accounts and namespaces, in the data directory (`objects/` in it), until they are deleted; `get` and `delete` know them, and pods made by hand where no kind is named. `apply --wait` comes back when pods are what they are for: with `restartPolicy: Always` ready, else ended, and exits with 1 for one that has failed; `--wait=ready` and `--wait=ended` say so for all. In kubectl `--wait` is about what is deleted. What is not there yet (`run --expose`, workloads such as Deployments) says so and exits with 125. `--dry-run=server` fills in defaults and checks as an API server does, here.
- Of a pod this is refused with 125, before anything of it is there: a `hostPort` of SCTP.
- `hostUsers: false` as root: 65536 ids from 0x60000000 on that no other pod here has. Volumes are mounted with these ids in place of those on disk, which takes file systems that can do that (Linux 5.12; a claim or hostPath on another one is an error of the container), layers too (Linux 6.13; before that the root directory is a copy); what is mounted below a volume keeps its ids, and an image as a volume is refused. For anybody but root each pod is in a user namespace as it is, with the ids that were set apart for them, which all their pods have.
- A claim of a pod's own (`ephemeral`) is an object as any, called POD-VOLUME, and goes with the pod. An image as a volume is fetched before the image of a container that mounts it, and waited for as that is (`ErrImagePull`, `ImagePullBackOff`, 10 s to 5 minutes); a kubelet shares the wait among containers that want one image, here each has its own. It is seen as it was then as long as the sandbox is.
- A container with `tty: true` has a terminal, and one with `stdin: true` a standard input that stays open, or with `stdinOnce: true` until the first who types there has gone. `attach` is kubectl's; where that waits for no pod, ours waits for one that is Pending (`--pod-running-timeout`), and who is asked to leave by a signal dies by it. `run -i` shows what was said before it was attached, which kubectl loses; `run --rm` deletes the pod whatever has us end, but KILL.
- `debug` puts a container into a pod (`ephemeralContainers`), which a manifest cannot: it is never started again, is there before the others if it has to be, and goes with the pod. `--target` has it join that container's pid namespace, and it ends with that container; in a pod that shares its processes there is nothing to join. `debug` of a node and of a pod made by hand, `--custom`, `--replace`, `--same-node` and `-f` are not there yet. `--profile` is `legacy` unless said otherwise, as kubectl (1.35) has it.
- With `hostPID: true` containers are among the machine's processes, so the end of the sandbox does not end them by itself: they are killed, with all that they have started, those without a parent included. What a container leaves behind that is started again is ended then where it has a control group, else with the pod.
- A `privileged` container has the capabilities that its pod's user namespace gives, no filter of system calls, nothing masked, /sys and control groups to be written to, and the machine's devices: for anybody but root those that they may use.
- `apply --force` and `replace --force` delete a pod as it says itself (`--grace-period` says otherwise), wait until it is gone, and make it anew; `delete --force` kills a pod of a manifest and waits until it has ended: nothing is forgotten that may run. `delete --now` gives it a second.
- `--dry-run=client -o plan` (or `server`) shows what would become of a pod here, which no kubectl has.
- `apply --foreground` stays with the pods, shows what they say, each line with `[pod/NAME/CONTAINER]` before it, and ends as the worst of their containers: INT and TERM have them end in order, asked twice they are killed. They are deleted with it. A service manager is told when they are ready (examples/pod@.service).
- A pod has its own network with nothing but its loopback, and the address 127.0.0.1: its probes go there, its `hostPort`s lead there, and other pods do not reach it. With `hostNetwork: true` it has the machine's.
- What a pod's sandbox is called among pods made by hand, for `exec`, `logs` and `add`: its name, in the namespace `default`; `NAMESPACE--NAME` in others.
- What is shown of a pod agrees with what a cluster (1.36) shows of the same manifest, row, status, description and events (`tests/it/pods/cluster.json`), but for this: a container that ends while its pod does is shown so at once; `Scheduled` is no event, for nothing chooses a machine; an image is called as it was written, without `docker.io/library/`; why a registry has no image is said in our words; `status.resources`, which a cluster fills in with what pods use that change their resources while they run, is not there; who tells of events is `pod`.
- A guaranteed pod is killed less readily than others when memory is short where the kernel lets us say so, which takes `CAP_SYS_RESOURCE`; else as readily as we are.
- For anybody but root an `fsGroup` that the pod's user namespace does not have owns nothing.
- What the containers of a pod may have together is limited as a kubelet limits it, by a control group around theirs: for anybody but root where one is theirs; else the limits of containers are refused, and shares of processor time done without. There are no groups over all pods of a quality of service. A pod is evicted for an `emptyDir` on disk that exceeds its `sizeLimit`, and for nothing else.
- A namespace that is not there is made by what is put into it, with a warning; a cluster refuses. `default` is always there. Deleting a namespace deletes what is in it.
- A claim has its volume at once, a directory of this machine, and as much of it as it asks for: `Bound`, whatever its storage class.
- `apply` says `unchanged` where nothing would become of it: of a secret's `stringData`, too, of which kubectl says `configured` each time.
- A bad command line exits with 2, and with 1 under the name `kubectl`, as kubectl does.
- Under the name `kubectl` (`ln -s pod kubectl`) `exec` has kubectl's grammar: a command comes after `--`, words between the pod and it are dropped, what is typed is handed on with `-i` only, `-t` is for somebody at a terminal, and `command terminated with exit code N` is said. As `pod exec` the command may follow the pod without a mark, has our standard input unless it has a terminal, and nothing is said of its end. A command that is not there is 127 and 126 under both names, with our sentence; kubectl says what its runtime said. What no kubectl has words for is said after `error: `, and is 1.
- Fields that there are not, and values of the wrong type, are an error of `--dry-run=client`, too, in the words of a cluster; kubectl leaves them to the server.
- `-o json` of an object of the program's own (`run`, `create configmap`, `create secret`, `set image`) has its keys sorted; kubectl has them in the order of its structures.
- `-o go-template` and `--template` with it are refused: no library that reads Go's templates has been chosen yet. `-o jsonpath` is kubectl's.
- `-f URL` fetches 16 MiB at most, over https, and over http from this machine only; who has proved who they are sends us to nobody who need not. `-k DIR` is refused: nothing is built here. A pattern in quotes (`-f '*.yaml'`) is a file's name; the shell's are as ever.
- `label`, `annotate`, `patch`, `set` and `edit` change what is kept (`tests/it/manifest/living.txt` has what both are asked one after the other, with the same objects in the end). A pod whose image is changed has that container started again, and no other. `--subresource` and `--field-manager` are not there: how an object does is written by pod alone, and nobody else manages fields. A JSON patch that does not fit is refused in a server's words, with the reason after them. `set env --resolve`, `set selector` and `set subject` are not there.
- **Ports of a pod that lives may be changed** (`spec.containers[*].ports`), by every verb that changes a pod, where a cluster refuses it: nothing is started again, no sandbox is made anew. A `hostPort` that is new leads in before the verb says that it is so, and one that cannot be had is refused (1, `cannot publish 8080->80: Address already in use`) and nothing has changed then. One that went is closed for whoever comes; connections that are there go on to their end, packets of UDP do not. Where the sandbox is just being made, they are those of the next moment, and what cannot be had is an event (`FailedPublish`) and tried again every ten seconds. In a network of CNI whose plugins are told of ports (`portMappings`) they stay as they are, and that is said.
- `edit` refuses fields that there are not while the editor can still be opened again, and what somebody else has changed meanwhile is a conflict, where kubectl sends what was edited as a patch. `--output-patch` and `--windows-line-endings` are not there.
- `--env-file FILE` of `apply`, `create -f` and `replace` fills in templates, which no kubectl does: `${NAME}` is the value of a line `NAME=VALUE` (or of `NAME` alone, what our environment has), `$${NAME}` is `${NAME}`, and everything else stays, `$(NAME)` and a shell's `${NAME:-x}` included. A name without a value is an error, nothing is done then; a value with a control character is refused, for it would be another line.
- `pod generate kube` writes of a pod by hand what a manifest can say: containers of images, with command, variables, directory, rights, volumes of the machine, limits and published ports. Programs of the machine are left out, as is what no field is for, and that is told; a manifest's user is a number. kubectl has no such verb, podman's is `kube generate`.
- `pod prune` removes pods that have succeeded or failed, pods by hand whose sandbox is gone, and, unless `-n` or `-l` says which pods are meant, networks of pods that nobody uses any more. It is a verb beside `image prune`, and not part of it: what a pod has said and written is lost with it, an image can be had again. kubectl has `delete pods --field-selector=status.phase=Failed` for it.
- `diff -f FILE` shows what `apply` would change, with no diff program unless `KUBECTL_EXTERNAL_DIFF` names one (whose failure is 2), and `diff --local=FILE -f FILE` compares two manifests; `LIVE/` and `MERGED/`, or `OLD/` and `NEW/`, stand for kubectl's temporary directories, without times. What would be made has no uid yet. Values of secrets are masked as kubectl masks them.
- `create secret tls` looks whether there is a certificate and a key, and not whether they belong together.
- `explain` says what a field means on one machine, in our words. `api-resources` has the kinds that are read, as a table or by `-o name`.
- `convert` knows one group and version of each kind: today's.
- `top pod` shows what the kernel counts for the control groups of containers, of processors for half a second, while it waits: no server has gathered it before. What nobody counts is `<unknown>`; where nothing of a pod is counted (for anybody but root without control groups of their own) metrics are not available, as kubectl says of a pod that is older than two minutes. Pods made by hand are not in it.
- `config view`, `current-context` and `get-contexts` show the one context that there is, `pod`, as a kubeconfig that kubectl reads: its server is the data directory, and the other directories, programs and files that are in use are an extension of it. There is no other context to use, and nothing to set.
- `version` has the release of Kubernetes whose manifests are read in the place of a server's version, and no Kustomize.
- `cp` asks no tar of the container, so nothing of what a tar would say is shown. Why a command cannot be executed in a container is said in our words: there is no runtime whose words kubectl would show (`tests/it/pods/talk.txt` has what a cluster answered to one line after the other, and is answered here).
- `completion` is for bash, zsh and fish, and completes verbs, flags and their values, not the names of objects.
";

pub(crate) fn write(facts: &Facts, words: &Words, version: &str) -> String {
    let mut page = HEAD.replace("VERSION", version);
    let mut done = BTreeSet::new();
    for (kind, group) in ROOTS {
        let _ = write!(page, "\n## {kind}\n\n`{group}`. {}\n", words[kind].0.help);
        let mut queue = vec![kind.to_owned()];
        let mut at = 0;
        while at < queue.len() {
            let of = queue[at].clone();
            at += 1;
            if !done.insert(of.clone()) {
                continue;
            }
            table(&mut page, &of, of != kind, facts, words);
            let targets = facts[&of].iter().filter(|field| {
                matches!(of_field(words, &of, &field.name).support, Support::Honoured | Support::Later)
            });
            queue.extend(targets.filter_map(|field| field.expr.target().map(str::to_owned)));
        }
    }
    page.push_str(DIFFERENT);
    page
}

fn table(page: &mut String, of: &str, heading: bool, facts: &Facts, words: &Words) {
    if heading {
        let _ = write!(page, "\n### {of}\n\n{}\n", words[of].0.help);
    }
    page.push_str("\n| field | holds | here | |\n|---|---|---|---|\n");
    for field in &facts[of] {
        let word = of_field(words, of, &field.name);
        let here = match word.support {
            Support::Honoured => "**honoured**",
            Support::Noted => "noted",
            Support::Refused => "*refused*",
            Support::Later => "later",
            Support::Told => "told",
        };
        let more = match (word.help.as_str(), word.reason.as_str()) {
            (help, "") => help.to_owned(),
            (help, reason) => format!("{help} {}.", capital(reason)),
        };
        let _ = writeln!(page, "| `{}` | {} | {here} | {more} |", field.name, field.expr.show());
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
