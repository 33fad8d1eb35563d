#include "admix_clock.h"

#include <string.h>
#include <sys/timex.h>

int admix_clock_is_synchronized(void) {
  struct timex state;
  memset(&state, 0, sizeof state);
  int result = adjtimex(&state);
  if (result < 0) return -1;
  return result != TIME_ERROR && !(state.status & STA_UNSYNC);
}
