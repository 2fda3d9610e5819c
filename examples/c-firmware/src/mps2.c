// The application on Arm's MPS2 with the AN386 image (Cortex-M4F): its vector table, and a line
// out through semihosting.

#include "app.h"

#include <stdint.h>

extern uint32_t stack_top, data_start, data_end, data_source, bss_start, bss_end;

void reset(void);
static void stop(void) {
    for (;;) {
    }
}

// The first word is the top of the stack, the others are handlers.
typedef union {
    const uint32_t *stack;
    void (*handler)(void);
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    {.stack = &stack_top}, {.handler = reset}, {.handler = stop}, {.handler = stop},
    {.handler = stop},     {.handler = stop},  {.handler = stop},
};

static int semihosting(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void print(const char *text) {
    semihosting(4, text);
    semihosting(4, "\n");
}

void reset(void) {
    // The floating-point unit is off until its coprocessors are enabled.
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile("dsb\nisb");
    for (uint32_t *to = &data_start, *from = &data_source; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    const int failed = app(print);
    const uint32_t exit[2] = {failed == 0 ? 0x20026u : 0x20023u, (uint32_t)failed};
    semihosting(0x20, exit);
    stop();
}
