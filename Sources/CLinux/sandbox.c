#define _GNU_SOURCE
#include "admix_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admix_processor.h"

// Parts of the sandbox, as an index travels from the child to the parent.
enum step {
  STEP_NAMESPACES, STEP_USER, STEP_FORK, STEP_PRIVATE, STEP_ROOT, STEP_USR, STEP_LINKS, STEP_TMP, STEP_PROGRAM, STEP_PIVOT,
  STEP_READ_ONLY, STEP_DESCRIPTORS, STEP_LIMITS, STEP_CAPABILITIES, STEP_FILTER, STEP_INTERPRETER,
};

static const char *const step_names[] = {
    "new namespaces (unshare)", "the user map", "a process in the namespaces", "private mounts", "the root file system",
    "/usr, read-only", "the links to /usr", "/tmp of limited size", "the program's file", "the change of root (pivot_root)",
    "a read-only root", "closing descriptors", "limits (setrlimit)", "giving up capabilities", "the system call filter (seccomp)",
    "starting python3",
};

struct failure {
  int step;
  int code;
};

// From here on: what runs between fork and exec. The process had threads, so nothing may allocate.

static int report;

static void refuse(int step) {
  struct failure failure = {step, errno};
  if (write(report, &failure, sizeof failure) < 0) { /* The parent is gone; so are we. */ }
  _exit(ADMIX_SANDBOX_REFUSED);
}

static void write_file(const char *path, const char *text, int step) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) < 0) refuse(step);
  close(file);
}

// `first``second` in a buffer of PATH_MAX.
static const char *joined(char *buffer, const char *first, const char *second, int step) {
  if (strlen(first) + strlen(second) >= PATH_MAX) {
    errno = ENAMETOOLONG;
    refuse(step);
  }
  return strcat(strcpy(buffer, first), second);
}

static void bind_read_only(const char *from, const char *to, int step) {
  if (mkdir(to, 0755) != 0 && errno != EEXIST) refuse(step);
  if (mount(from, to, NULL, MS_BIND, NULL) != 0) refuse(step);
  // What the mount forbids already may not be allowed again.
  struct statvfs status;
  if (statvfs(to, &status) != 0) refuse(step);
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
  if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  if (mount(NULL, to, NULL, flags, NULL) != 0) refuse(step);
}

static void make_root(const struct admix_sandbox *sandbox) {
  char path[PATH_MAX], link[PATH_MAX], options[96];
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) refuse(STEP_PRIVATE);
  if (mount("tmpfs", sandbox->root, "tmpfs", MS_NOSUID | MS_NODEV, "size=256k,nr_inodes=64,mode=0755") != 0)
    refuse(STEP_ROOT);
  bind_read_only("/usr", joined(path, sandbox->root, "/usr", STEP_USR), STEP_USR);
  static const char *const aliases[] = {"/bin", "/lib", "/lib64", "/lib32"};
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
    joined(path, sandbox->root, aliases[i], STEP_LINKS);
    ssize_t count = readlink(aliases[i], link, sizeof link - 1);
    if (count >= 0) {
      link[count] = 0;
      if (symlink(link, path) != 0) refuse(STEP_LINKS);
    } else if (errno == EINVAL) {
      bind_read_only(aliases[i], path, STEP_LINKS);
    } else if (errno != ENOENT) {
      refuse(STEP_LINKS);
    }
  }
  joined(path, sandbox->root, "/tmp", STEP_TMP);
  if (mkdir(path, 0755) != 0) refuse(STEP_TMP);
  snprintf(options, sizeof options, "size=%llu,nr_inodes=1024,mode=0777", (unsigned long long)sandbox->disk_bytes);
  if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) refuse(STEP_TMP);
  joined(path, sandbox->root, "/tmp/program.py", STEP_PROGRAM);
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
  if (file < 0) refuse(STEP_PROGRAM);
  for (size_t done = 0; done < sandbox->program_bytes;) {
    ssize_t count = write(file, sandbox->program + done, sandbox->program_bytes - done);
    if (count < 0) refuse(STEP_PROGRAM);
    done += (size_t)count;
  }
  close(file);
  if (chdir(sandbox->root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
      chdir("/tmp") != 0)
    refuse(STEP_PIVOT);
  if (mount(NULL, "/", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0) refuse(STEP_READ_ONLY);
}

static void limit(int resource, rlim_t value) {
  struct rlimit limits = {value, value};
  if (setrlimit(resource, &limits) != 0) refuse(STEP_LIMITS);
}

static void give_up_capabilities(void) {
  for (int capability = 0; capability <= 63; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL) break;
      refuse(STEP_CAPABILITIES);
    }
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, none) != 0) refuse(STEP_CAPABILITIES);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) refuse(STEP_CAPABILITIES);
}

// System calls that a program of a benchmark has no use for, and an escape might.
static const int denied[] = {
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
#ifdef SYS_open_by_handle_at
    SYS_open_by_handle_at, SYS_name_to_handle_at,
#endif
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_io_uring_setup
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
#endif
#ifdef SYS_open_tree
    SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
#endif
#ifdef SYS_pidfd_getfd
    SYS_pidfd_getfd,
#endif
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
    SYS_unshare, SYS_setns, SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept4, SYS_bpf,
    SYS_perf_event_open, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_init_module, SYS_finit_module,
    SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_userfaultfd, SYS_acct, SYS_quotactl,
    SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_syslog, SYS_personality,
    SYS_mknodat, SYS_fanotify_init, SYS_kcmp, SYS_memfd_create, SYS_execveat,
};

enum { DENIED = sizeof denied / sizeof *denied };

static void filter_calls(void) {
  struct sock_filter filter[2 * DENIED + 24];
  unsigned short n = 0;
#define ADD(...) filter[n++] = (struct sock_filter)__VA_ARGS__
#define ANSWER(value) ADD(BPF_STMT(BPF_RET | BPF_K, (value)))
#define LOAD(member) ADD(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member)))
  LOAD(arch);
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, admix_audit_architecture(), 1, 0));
  ANSWER(SECCOMP_RET_KILL_PROCESS);
  LOAD(nr);
  // Another numbering of the same architecture (x32).
  ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
  ANSWER(SECCOMP_RET_KILL_PROCESS);
#ifdef SYS_clone3
  // Its flags lie in memory, where a filter cannot look; the C library then takes clone.
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
  ANSWER(SECCOMP_RET_ERRNO | ENOSYS);
#endif
  for (int i = 0; i < DENIED; i++) {
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)denied[i], 0, 1));
    ANSWER(SECCOMP_RET_ERRNO | EPERM);
  }
  // Threads, but no processes.
  ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  LOAD(args[0]);
  ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  ANSWER(SECCOMP_RET_ERRNO | EPERM);
  ANSWER(SECCOMP_RET_ALLOW);
#undef ADD
#undef ANSWER
#undef LOAD
  struct sock_fprog program = {n, filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) refuse(STEP_FILTER);
}

static void run_inside(const struct admix_sandbox *sandbox, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) refuse(STEP_FORK);
  // Inside its process namespace the parent's number is 0; whether it lives is the pipe's to tell.
  (void)parent;
  if (setsid() < 0) refuse(STEP_FORK);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) refuse(STEP_DESCRIPTORS);
  make_root(sandbox);
  for (int descriptor = 0; descriptor < 3; descriptor++)
    if (dup2(null, descriptor) < 0) refuse(STEP_DESCRIPTORS);
  // Whatever this process has open, exec closes.
  int isMarked = 0;
#ifdef SYS_close_range
  isMarked = syscall(SYS_close_range, 3, ~0U, 1 << 2) == 0;
#endif
  for (int descriptor = 3; descriptor < 65536 && !isMarked; descriptor++) {
    int flags = fcntl(descriptor, F_GETFD);
    if (flags >= 0 && fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) != 0) refuse(STEP_DESCRIPTORS);
  }
  limit(RLIMIT_AS, sandbox->memory_bytes);
  limit(RLIMIT_CPU, sandbox->milliseconds / 1000 + 2);
  limit(RLIMIT_FSIZE, sandbox->disk_bytes);
  limit(RLIMIT_NOFILE, 64);
  limit(RLIMIT_NPROC, 32);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_STACK, 8 << 20);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  give_up_capabilities();
  filter_calls();
  // Not -I: it would leave out the hash seed. The environment and /tmp are the sandbox's own.
  char *const arguments[] = {"python3", "-s", "-B", "-c", (char *)sandbox->runner, NULL};
  // A fixed hash seed: what a program prints of a set must not differ between two runs.
  char *const environment[] = {"PATH=/usr/bin", "HOME=/tmp", "LANG=C.UTF-8", "PYTHONHASHSEED=0", NULL};
  execve(sandbox->interpreter, arguments, environment);
  refuse(STEP_INTERPRETER);
}

static void sleep_milliseconds(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static uint64_t now_milliseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

// Makes the namespaces, starts the program in them and keeps its time.
static void run_outside(const struct admix_sandbox *sandbox, unsigned user, unsigned group) {
  char map[64];
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    refuse(STEP_NAMESPACES);
  write_file("/proc/self/setgroups", "deny", STEP_USER);
  snprintf(map, sizeof map, "65534 %u 1", user);
  write_file("/proc/self/uid_map", map, STEP_USER);
  snprintf(map, sizeof map, "65534 %u 1", group);
  write_file("/proc/self/gid_map", map, STEP_USER);
  pid_t self = getpid();
  uint64_t end = now_milliseconds() + sandbox->milliseconds;
  pid_t inside = fork();
  if (inside < 0) refuse(STEP_FORK);
  if (inside == 0) {
    run_inside(sandbox, self);
    _exit(ADMIX_SANDBOX_REFUSED);
  }
  int status = 0;
  while (waitpid(inside, &status, WNOHANG) == 0) {
    if (now_milliseconds() >= end) {
      // The first process of the namespace takes all others with it.
      kill(inside, SIGKILL);
      while (waitpid(inside, &status, 0) < 0 && errno == EINTR) {}
      _exit(ADMIX_SANDBOX_TIMED_OUT);
    }
    sleep_milliseconds(2);
  }
  _exit(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ADMIX_SANDBOX_PASSED : ADMIX_SANDBOX_FAILED);
}

int admix_sandbox_run(const struct admix_sandbox *sandbox, const char **step, int *code) {
  int pipes[2];
  *step = step_names[STEP_FORK];
  if (pipe2(pipes, O_CLOEXEC) != 0) {
    *code = errno;
    return ADMIX_SANDBOX_REFUSED;
  }
  unsigned user = geteuid(), group = getegid();
  pid_t outside = fork();
  if (outside < 0) {
    *code = errno;
    close(pipes[0]);
    close(pipes[1]);
    return ADMIX_SANDBOX_REFUSED;
  }
  if (outside == 0) {
    close(pipes[0]);
    report = pipes[1];
    run_outside(sandbox, user, group);
    _exit(ADMIX_SANDBOX_REFUSED);
  }
  close(pipes[1]);
  struct failure failure = {STEP_FORK, 0};
  ssize_t count;
  // Ends when the last holder of the pipe has ended or become python3.
  while ((count = read(pipes[0], &failure, sizeof failure)) < 0 && errno == EINTR) {}
  close(pipes[0]);
  int status = 0;
  while (waitpid(outside, &status, 0) < 0 && errno == EINTR) {}
  if (count == sizeof failure) {
    *step = step_names[failure.step];
    *code = failure.code;
    return ADMIX_SANDBOX_REFUSED;
  }
  if (!WIFEXITED(status)) return ADMIX_SANDBOX_FAILED;
  *code = 0;
  return WEXITSTATUS(status);
}
