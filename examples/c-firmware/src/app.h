// The application: the same on every board.
#ifndef APP_H
#define APP_H

// Prints a line.
typedef void (*print_line)(const char *text);

// Runs; zero, or the number of the step that failed.
int app(print_line print);

#endif
