/*
 * Messages that are named on the command line: files, or standard input as "-".
 */
#ifndef LANPOST_UI_TUI_INPUT_FILE_H
#define LANPOST_UI_TUI_INPUT_FILE_H

#include "base/buf.h"
#include "base/err.h"

#define INPUT_FILE_MAX (1u << 30) /* bytes */

/* Reads the whole input into out (initialised by the caller, with its limit). */
int input_file_read(const char *name, struct buf *out, struct error *error);

#endif
