#define _GNU_SOURCE
#include "admix_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int admix_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int admix_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

pid_t admix_peek_ended_child(void) {
  siginfo_t ended;
  ended.si_pid = 0;
  if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
  return ended.si_pid;
}

int admix_socket_pair(int descriptors[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, descriptors);
}

int admix_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

void admix_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
