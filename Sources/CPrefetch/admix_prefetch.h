#ifndef ADMIX_PREFETCH_H
#define ADMIX_PREFETCH_H

/// Asks the processor for the line of memory at `address`, which need not be mapped; Swift has no such instruction.
/// Inlined: there is no symbol, and each build of the kernels compiles its own.
static inline __attribute__((always_inline)) void admix_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 0, 3);
}

#endif
