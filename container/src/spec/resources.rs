//! Limits and devices as the specification has them.

use oci_spec::runtime::{
    LinuxBlockIo, LinuxCpu, LinuxDeviceCgroup, LinuxDeviceType, LinuxHugepageLimit, LinuxMemory, LinuxPids,
    LinuxResources,
};

use crate::limits::{Limits, Memory, Swap};
use crate::plan::{DeviceKind, Parts};

/// What a container may use of the machine.
pub(super) fn resources(parts: &Parts) -> LinuxResources {
    let limits = &parts.limits;
    let mut resources = LinuxResources::default();
    resources
        .set_devices(Some(devices(parts)))
        .set_memory(limits.memory.map(memory))
        .set_cpu(cpu(limits))
        .set_pids(limits.pids.map(|pids| {
            let mut told = LinuxPids::default();
            told.set_limit(signed(pids));
            told
        }))
        .set_block_io(limits.io_weight.map(|weight| {
            let mut told = LinuxBlockIo::default();
            told.set_weight(Some(weight.get()));
            told
        }))
        .set_hugepage_limits((!limits.huge_pages.is_empty()).then(|| {
            let told = limits.huge_pages.iter().map(|(size, bytes)| {
                let mut told = LinuxHugepageLimit::default();
                told.set_page_size(size.as_str().to_owned()).set_limit(signed(*bytes));
                told
            });
            told.collect()
        }));
    resources
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The specification counts swap together with memory.
fn memory(memory: Memory) -> LinuxMemory {
    let swap = match memory.swap {
        Swap::Unsaid => None,
        Swap::Bytes(bytes) => Some(signed(memory.limit.saturating_add(bytes))),
        Swap::Unlimited => Some(-1),
    };
    let mut told = LinuxMemory::default();
    told.set_limit(Some(signed(memory.limit))).set_swap(swap);
    told
}

fn cpu(limits: &Limits) -> Option<LinuxCpu> {
    let Limits { shares, quota, cpus, memory_nodes, .. } = limits;
    if shares.is_none() && quota.is_none() && cpus.is_none() && memory_nodes.is_none() {
        return None;
    }
    let mut told = LinuxCpu::default();
    told.set_shares(shares.map(crate::limits::Shares::get))
        .set_quota(quota.map(|quota| signed(quota.quota())))
        .set_period(quota.map(crate::limits::Quota::period))
        .set_cpus(cpus.as_ref().map(ToString::to_string))
        .set_mems(memory_nodes.as_ref().map(ToString::to_string));
    Some(told)
}

/// Every device may be made where CAP_MKNOD is, but only those of the container may be opened, as
/// engines have it; who has no device controller is not kept from it, by them or by us.
fn devices(parts: &Parts) -> Vec<LinuxDeviceCgroup> {
    let rule = |allow, kind, major, minor, access: &str| {
        let mut rule = LinuxDeviceCgroup::default();
        rule.set_allow(allow);
        rule.set_typ(kind);
        rule.set_major(major);
        rule.set_minor(minor);
        rule.set_access(Some(access.to_owned()));
        rule
    };
    let own = parts.devices.iter().map(|device| {
        let kind = match device.kind {
            DeviceKind::Character => LinuxDeviceType::C,
            DeviceKind::Block => LinuxDeviceType::B,
        };
        rule(true, Some(kind), Some(i64::from(device.major)), Some(i64::from(device.minor)), "rwm")
    });
    // Terminals: /dev/ptmx, and those of /dev/pts.
    let terminals = [(5, Some(2)), (136, None)];
    let terminals = terminals.map(|(major, minor)| rule(true, Some(LinuxDeviceType::C), Some(major), minor, "rwm"));
    let made = [LinuxDeviceType::C, LinuxDeviceType::B].map(|kind| rule(true, Some(kind), None, None, "m"));
    std::iter::once(rule(false, None, None, None, "rwm")).chain(made).chain(own).chain(terminals).collect()
}
