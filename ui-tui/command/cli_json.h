/*
 * The output of verbs with --json.
 */
#ifndef LANPOST_UI_TUI_CLI_JSON_H
#define LANPOST_UI_TUI_CLI_JSON_H

#include <jansson.h>

/* Prints one JSON document and a line end on standard output; takes ownership of it. Returns
 * CLI_DONE, or CLI_FAILED if it could not be written. */
int cli_print_json(json_t *document);
/* The same without changes, with flags of json_dumps(); borrows it. */
int cli_put_json(const json_t *document, size_t flags);
/* A string that is safe in JSON and on terminals, for any bytes in text. */
json_t *cli_json_text(const char *text);

#endif
