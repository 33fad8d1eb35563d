#ifndef ADMIX_PREFETCH_H
#define ADMIX_PREFETCH_H

#include <stdint.h>

/// Asks the processor for the line of memory `offset` bytes behind `address`, which need not be mapped; Swift has no such
/// instruction. Inlined: there is no symbol, and each build of the kernels compiles its own.
static inline __attribute__((always_inline)) void admix_prefetch(const void *_Nonnull address, intptr_t offset) {
  // By integers: a pointer must not leave what it points into.
  __builtin_prefetch((const void *)((uintptr_t)address + (uintptr_t)offset), 0, 3);
}

#endif
