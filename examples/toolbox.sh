#!/bin/sh
# A pod whose workload has nothing in its file system but itself, looked at with tools of the host.
# Needs a static busybox (or another static tool in $TOOL); as root or as anybody.
set -eu

TOOL=${TOOL:-busybox}
pod=toolbox-$$
trap 'pod delete --now "$pod" >/dev/null 2>&1 || :' EXIT INT TERM

pod create "$pod" --hostname toolbox
pod add "$pod" --name idle -- sleep 60

echo "== who is there, by a sealed copy of the host's $TOOL that nobody inside can write to"
nsjoin -t "$pod" -a --seal -- "$TOOL" ps

echo "== the same network, the host's file system"
nsjoin -t "$pod" -Un -- cat /proc/net/dev | sed -n '3,$s/:.*//p'

echo "== what a stranger could do: no capability, no new privilege, one second"
nsjoin -t "$pod" -a --cap-drop all --no-new-privs --timeout 1s -- grep -E 'Cap(Prm|Bnd)|NoNewPrivs' /proc/self/status

echo "== what would be joined, and is not"
nsjoin -t "$pod" --dry-run -- true

echo "== the namespaces, and who is in them"
nsjoin list --pod "$pod" pid net uts
