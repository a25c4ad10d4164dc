/* The least that a handler can be: writes what it reads. In C, for a Rust program's start reads /proc/self/maps (to guard its
   stack), which takes longer than all that a server does for a connection; and static, to have no loader's time either. */
#include <errno.h>
#include <unistd.h>

static char buffer[64 * 1024]; /* what a pipe holds by default, pipe(7) */

int main(void) {
  for (;;) {
    ssize_t n = read(0, buffer, sizeof buffer);
    if (n == 0) return 0;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return 1;
    for (ssize_t done = 0; done < n;) {
      ssize_t written = write(1, buffer + done, n - done);
      if (written < 0 && errno != EINTR) return 1;
      if (written > 0) done += written;
    }
  }
}
