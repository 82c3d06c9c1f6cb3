#!/bin/sh
# What passes in a pod's network: capture.sh POD [WORDS OF TCPDUMP'S]
#
# tcpdump is the machine's, and need not be in the pod; only its network is joined. As an ordinary user, too: in the pod's
# user namespace one may listen.
set -eu

if [ $# -eq 0 ]; then
    echo "usage: $0 POD [WORDS OF TCPDUMP'S]" >&2
    exit 2
fi
pod=$1
shift
if ! tcpdump=$(PATH=$PATH:/usr/sbin:/sbin command -v tcpdump); then
    echo "$0: there is no tcpdump on this machine" >&2
    exit 127
fi
# Who captures as root would become somebody whom the pod may not have.
exec nsjoin -t "pod/$pod" -Un -- "$tcpdump" -Z root -i any -n -l "$@"
