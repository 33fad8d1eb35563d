#include "admix_processor.h"

#include <linux/audit.h>
#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

// MXCSR: flush-to-zero is bit 15, denormals-are-zero bit 6, rounding control bits 13-14 (0 is nearest even),
// exception masks bits 7-12. Intel SDM vol. 1, 10.2.3.
#define FLUSH_BITS 0x8040u
#define ROUNDING_BITS 0x6000u
#define MASK_BITS 0x1f80u

uint32_t admix_audit_architecture(void) { return AUDIT_ARCH_X86_64; }

uint32_t admix_processor_instruction_sets(void) {
  __builtin_cpu_init();
  uint32_t sets = 0;
  if (__builtin_cpu_supports("x86-64-v3")) sets |= ADMIX_ISA_AVX2;
  if (__builtin_cpu_supports("x86-64-v4")) sets |= ADMIX_ISA_AVX512;
  return sets;
}

uint64_t admix_floating_point_save(void) { return _mm_getcsr(); }

void admix_floating_point_restore(uint64_t word) { _mm_setcsr((uint32_t)word); }

void admix_floating_point_set_flush(void) {
  _mm_setcsr(((_mm_getcsr() | FLUSH_BITS | MASK_BITS) & ~ROUNDING_BITS));
}

int admix_floating_point_flushes(void) {
  uint32_t word = _mm_getcsr();
  return (word & FLUSH_BITS) == FLUSH_BITS && (word & ROUNDING_BITS) == 0;
}

void admix_spin_pause(void) { _mm_pause(); }

int admix_has_crc32c(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) uint32_t admix_crc32c(uint32_t state, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  uint64_t wide = state;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  state = (uint32_t)wide;
  for (; count > 0; count--, next++) state = _mm_crc32_u8(state, *next);
  return state;
}

#elif defined(__aarch64__)

// FPCR: FZ (bit 24) flushes denormal inputs and results, RMode bits 22-23 (0 is nearest even). Arm ARM, C5.2.8.
#define FLUSH_BIT (1ull << 24)
#define ROUNDING_BITS (3ull << 22)

uint32_t admix_audit_architecture(void) { return AUDIT_ARCH_AARCH64; }

uint32_t admix_processor_instruction_sets(void) { return 0; }

uint64_t admix_floating_point_save(void) {
  uint64_t word;
  __asm__ volatile("mrs %0, fpcr" : "=r"(word));
  return word;
}

void admix_floating_point_restore(uint64_t word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }

void admix_floating_point_set_flush(void) {
  admix_floating_point_restore((admix_floating_point_save() | FLUSH_BIT) & ~ROUNDING_BITS);
}

int admix_floating_point_flushes(void) {
  uint64_t word = admix_floating_point_save();
  return (word & FLUSH_BIT) && !(word & ROUNDING_BITS);
}

void admix_spin_pause(void) { __asm__ volatile("yield"); }

int admix_has_crc32c(void) { return 0; }

uint32_t admix_crc32c(uint32_t state, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return state;
}

#else
#error "Admix knows the floating-point control of x86-64 and arm64 only; add this processor to processor.c."
#endif
