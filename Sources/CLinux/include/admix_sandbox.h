#ifndef ADMIX_SANDBOX_H
#define ADMIX_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

// Runs a Python program that nobody has read: own user, mount, process, network, IPC and host-name namespaces; a root
// file system of /usr alone, read-only; a /tmp of limited size; limits on memory, processor time, files and threads; no
// capabilities; a filter that takes away system calls; and a wall clock. Nothing less is ever used in its place.

/// What to run, and within which bounds.
struct admix_sandbox {
  /// An empty directory; the new root is mounted on it, in a namespace of its own.
  const char *root;
  /// `/usr/bin/python3`
  const char *interpreter;
  /// The program, and what runs it: the latter finds the former at /tmp/program.py.
  const char *program;
  size_t program_bytes;
  const char *runner;
  uint64_t memory_bytes;
  uint64_t disk_bytes;
  uint64_t milliseconds;
};

enum admix_sandbox_outcome {
  /// The runner ended with 0.
  ADMIX_SANDBOX_PASSED = 0,
  /// It ended otherwise.
  ADMIX_SANDBOX_FAILED = 1,
  /// Its time was over.
  ADMIX_SANDBOX_TIMED_OUT = 2,
  /// A part of the sandbox could not be made; nothing was run.
  ADMIX_SANDBOX_REFUSED = 3,
};

/// Runs to the end. When the sandbox is refused, `step` names the part, and `code` is its errno.
int admix_sandbox_run(const struct admix_sandbox *sandbox, const char **step, int *code);

#endif
