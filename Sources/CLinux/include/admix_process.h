#ifndef ADMIX_PROCESS_H
#define ADMIX_PROCESS_H

#include <sys/types.h>

// What Swift cannot call (variadic prctl) or cannot read (siginfo_t's unions) of Linux' process control. All return -1
// with errno on failure.

// Orphans below this process become its children, so that none of them outlives it unseen. 0.
int admix_become_subreaper(void);

// The kernel sends `signal` to this process when the thread that started it ends. 0. Ask getppid() afterwards: the
// parent may be gone already.
int admix_set_parent_death_signal(int signal);

// A child that has ended and was not waited for yet; it stays so. 0 when there is none.
pid_t admix_peek_ended_child(void);

// A connected pair of Unix stream sockets, closed on exec. 0.
int admix_socket_pair(int descriptors[2]);

// A pipe, closed on exec: [0] reads, [1] writes. 0.
int admix_pipe(int descriptors[2]);

// Names the calling thread, for `top -H` and traps; the kernel keeps 15 bytes.
void admix_name_thread(const char *name);

#endif
