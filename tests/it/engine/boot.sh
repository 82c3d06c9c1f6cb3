#!/bin/sh
# The first process of a machine within the machine, with the hierarchies of cgroups as arguments.
#
# Engines keep state in these directories whatever they are told; where there is something of the
# machine's that they need (configuration, CNI plugins) it shows through. And they find the cgroups
# where the machine has them: each hierarchy is replaced by our part of it.
set -e
ip link set lo up
for directory in /run /var/lib /dev/shm; do mount -t tmpfs tmpfs $directory; done
for directory in /etc /opt; do
    cover=/run/cover$directory
    mkdir -p $cover/upper $cover/work
    mount -t overlay -o lowerdir=$directory,upperdir=$cover/upper,workdir=$cover/work overlay $directory
done
mkdir /run/cgroup
while [ $# -gt 0 ]; do
    mount --bind $1/$OURS /run/cgroup
    umount $1
    mount --move /run/cgroup $1
    shift
done
echo ready
exec pause 2>/dev/null
