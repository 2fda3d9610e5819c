// The application on this machine.

#include "app.h"

#include <stdio.h>

static void print(const char *text) { puts(text); }

int main(void) {
    const int failed = app(print);
    if (failed != 0)
        fprintf(stderr, "step %d failed\n", failed);
    return failed;
}
