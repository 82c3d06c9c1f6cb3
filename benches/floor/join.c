/*
 * The floor of joining: what no joiner can do without, and nothing else.
 *
 *   join PID PROGRAM [ARGUMENT...]   joins net, ipc, uts and pid of PID, runs the program, waits for it
 *   join -l PID PROGRAM...           the same in a child, once for each byte on stdin; writes each time
 *                                    the nanoseconds that it took, as a line
 *   join -lv PID PROGRAM...          the same, verified as nsjoin verifies it: the target's start time, a handle
 *                                    of each of its namespaces and of ours, of each that was joined, whether
 *                                    they are the same, a pidfd of the program, what it may do and what was
 *                                    ignored; nothing that is open goes along
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KINDS (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID)

static pid_t target;
static char **program;
static char stacks[2][16384] __attribute__((aligned(16)));

static const char *const names[] = { "net", "ipc", "uts", "pid" };
static int verified;
static ino_t theirs[4];

/* A handle of one namespace, and which it is. */
static int look(const char *process, const char *name, ino_t *inode)
{
	char path[64];
	struct stat stat;
	int fd;

	snprintf(path, sizeof path, "/proc/%s/ns/%s", process, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) != 0)
		return -1;
	*inode = stat.st_ino;
	return fd;
}

/* Before: whom we are to join, and where we are. */
static int look_at_both(void)
{
	char path[64], line[1024];
	int fds[8];
	int fd, i;
	ino_t ours;

	snprintf(path, sizeof path, "/proc/%d/stat", target);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, line, sizeof line) <= 0)
		return -1;
	close(fd);
	snprintf(path, sizeof path, "%d", target);
	for (i = 0; i < 4; i++) {
		fds[i] = look(path, names[i], &theirs[i]);
		fds[4 + i] = look("self", names[i], &ours);
		if (fds[i] < 0 || fds[4 + i] < 0)
			return -1;
	}
	for (i = 0; i < 8; i++)
		close(fds[i]);
	return 0;
}

/* Afterwards: whether we have come there. Of pids, it is where our children are. */
static int look_again(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int i, fd;
	ino_t inode;

	for (i = 0; i < 4; i++) {
		fd = look("thread-self", i == 3 ? "pid_for_children" : names[i], &inode);
		if (fd < 0 || inode != theirs[i])
			return -1;
		close(fd);
	}
	return syscall(SYS_capget, &header, data);
}

static int run(void *unused)
{
	struct sigaction action;
	int i;

	(void)unused;
	if (verified) {
		for (i = 1; i < 32; i++)
			sigaction(i, NULL, &action);
		syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	}
	execv(program[0], program);
	_exit(127);
}

/* Only children are in a pid namespace that was joined. */
static pid_t join(int flags)
{
	int pidfd = syscall(SYS_pidfd_open, target, 0);
	int of_program;

	if (pidfd < 0 || setns(pidfd, KINDS) != 0 || (verified && look_again() != 0))
		return -1;
	if (verified)
		flags |= CLONE_PIDFD;
	return clone(run, stacks[1] + sizeof stacks[1], CLONE_VM | CLONE_VFORK | flags | SIGCHLD, NULL, &of_program);
}

/* Joins instead of us, so that we stay where we are; the program is our child all the same. */
static int joiner(void *result)
{
	*(pid_t *)result = join(CLONE_PARENT);
	_exit(0);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int once_in_a_child(void)
{
	pid_t pid = -1;
	pid_t child;

	if (verified && look_at_both() != 0)
		return -1;
	child = clone(joiner, stacks[0] + sizeof stacks[0], CLONE_VM | CLONE_VFORK | SIGCHLD, &pid);

	if (child < 0 || wait_for(child) != 0 || pid < 0)
		return -1;
	return wait_for(pid);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
	int loop = argc > 1 && strncmp(argv[1], "-l", 2) == 0;
	int times;
	pid_t pid;
	char byte;

	if (argc < 3 + loop)
		return 2;
	verified = loop && strcmp(argv[1], "-lv") == 0;
	target = atoi(argv[1 + loop]);
	program = argv + 2 + loop;
	if (!loop) {
		pid = join(0);
		return pid < 0 || wait_for(pid) != 0;
	}
	/* What the program says is not for who reads the times. */
	times = fcntl(1, F_DUPFD_CLOEXEC, 3);
	if (times < 0 || dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1) < 0)
		return 1;
	while (read(0, &byte, 1) == 1) {
		long long before = now();

		if (once_in_a_child() != 0)
			return 1;
		dprintf(times, "%lld\n", now() - before);
	}
	return 0;
}
