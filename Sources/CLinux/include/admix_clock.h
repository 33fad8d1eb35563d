#ifndef ADMIX_CLOCK_H
#define ADMIX_CLOCK_H

// Glibc's Swift module leaves out <sys/timex.h>.

// 1 when the kernel was told that its clock is kept in time by a server (NTP, PTP), 0 when not, -1 with errno when it
// does not say.
int admix_clock_is_synchronized(void);

#endif
