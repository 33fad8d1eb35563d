#ifndef ADMIX_PROCESSOR_H
#define ADMIX_PROCESSOR_H

#include <stddef.h>
#include <stdint.h>

// What Swift cannot ask a processor by itself: which instruction sets it (and its kernel) supports, and how it treats
// denormal numbers. `processor.c` is the one file of the project that knows the kinds of processors apart.

/// Instruction-set bits, as `admix_processor_instruction_sets` returns them.
enum {
  /// Everything of x86-64-v3 that the AVX2 build of the kernels uses (AVX2, FMA, BMI1/2, F16C, LZCNT, MOVBE).
  ADMIX_ISA_AVX2 = 1,
  /// x86-64-v4: AVX-512 F, BW, CD, DQ, VL, on top of the above.
  ADMIX_ISA_AVX512 = 2,
};

/// Bits of the instruction sets this processor has and the operating system saves.
uint32_t admix_processor_instruction_sets(void);

/// The calling thread's floating-point control word (MXCSR, or FPCR on arm64), to hand to the `restore` function.
uint64_t admix_floating_point_save(void);

/// Sets the calling thread's floating-point control word.
void admix_floating_point_restore(uint64_t word);

/// Flushes denormal results and inputs to zero (FTZ and DAZ), rounds to nearest even, masks exceptions: calling
/// thread.
void admix_floating_point_set_flush(void);

/// 1 when the calling thread flushes denormal results and inputs and rounds to nearest even, else 0.
int admix_floating_point_flushes(void);

/// This processor's number in the kernel's filters of system calls (AUDIT_ARCH_…).
uint32_t admix_audit_architecture(void);

/// Tells the processor that the calling thread waits in a loop for another one to write.
void admix_spin_pause(void);

/// 1 when the processor computes CRC-32C by an instruction, else 0.
int admix_has_crc32c(void);

/// CRC-32C's state after `count` more bytes (it begins as all ones and is inverted at the end). Only where
/// `admix_has_crc32c` says 1.
uint32_t admix_crc32c(uint32_t state, const void *bytes, size_t count);

#endif
