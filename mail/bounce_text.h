/*
 * The text of a bounce, in the language of the thread.
 */
#ifndef LANPOST_MAIL_BOUNCE_TEXT_H
#define LANPOST_MAIL_BOUNCE_TEXT_H

#include "message/addr.h"
#include "mail/bounce.h"

enum bounce_reader { BOUNCE_TO_SENDER, BOUNCE_TO_POSTMASTER };

/* Appends subject and text (UTF-8, \n line ends). */
void bounce_text(const struct conf *conf, const struct bounce_about *about, enum bounce_reader reader, struct buf *subject,
    struct buf *text);
/* The address of a recipient for people: for a mailbox the user's address. Returns out or place->name. */
const char *bounce_address(const struct conf *conf, const struct place *place, char out[ADDR_TEXT_MAX]);

#endif
