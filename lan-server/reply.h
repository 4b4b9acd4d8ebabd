/*
 * Common code of the reply tables of SMTP, POP3 and IMAP: a text with places for words.
 */
#ifndef LANPOST_LAN_REPLY_H
#define LANPOST_LAN_REPLY_H

#include <stddef.h>
#include <stdint.h>

#define REPLY_TEXT_MAX 1024

/* Writes the text with words in the places marked with %, truncated to the size of out. NULL: none. */
void reply_fill(char out[REPLY_TEXT_MAX], const char *text, const char *first, const char *second);

#define REPLY_NUMBER_MAX 24
/* A number as such a word, valid until the end of the block. */
#define REPLY_NUMBER(number) reply_number((char[REPLY_NUMBER_MAX]){0}, (number))
const char *reply_number(char text[REPLY_NUMBER_MAX], uint64_t number);

#endif
