/*
 * The floor of joining: what no joiner can do without, and nothing else.
 *
 *   join PID PROGRAM [ARGUMENT...]   joins net, ipc, uts and pid of PID, runs the program, waits for it
 *   join -l PID PROGRAM...           the same in a child, once for each byte on stdin; writes each time
 *                                    the nanoseconds that it took, as a line
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KINDS (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID)

static pid_t target;
static char **program;
static char stacks[2][16384] __attribute__((aligned(16)));

static int run(void *unused)
{
	(void)unused;
	execv(program[0], program);
	_exit(127);
}

/* Only children are in a pid namespace that was joined. */
static pid_t join(int flags)
{
	int pidfd = syscall(SYS_pidfd_open, target, 0);

	if (pidfd < 0 || setns(pidfd, KINDS) != 0)
		return -1;
	return clone(run, stacks[1] + sizeof stacks[1], CLONE_VM | CLONE_VFORK | flags | SIGCHLD, NULL);
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
	pid_t child = clone(joiner, stacks[0] + sizeof stacks[0], CLONE_VM | CLONE_VFORK | SIGCHLD, &pid);

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
	int loop = argc > 1 && strcmp(argv[1], "-l") == 0;
	int times;
	pid_t pid;
	char byte;

	if (argc < 3 + loop)
		return 2;
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
