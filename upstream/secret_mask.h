/*
 * What a server says, without the secret that it got: servers repeat what they do not understand, and their words go into logs, reports
 * and screens.
 */
#ifndef LANPOST_UPSTREAM_SECRET_MASK_H
#define LANPOST_UPSTREAM_SECRET_MASK_H

#include "base/buf.h"

/* Puts "***" in the place of the secret wherever text has it: as it is or in other capitals; quoted, URL-encoded, quoted-printable, as numbered characters,
 * each character in its own way; in hexadecimal; in base64 or base64url, alone or as a part of something longer (then the whole run goes). A secret of
 * less than four characters counts only where it is a word. */
void secret_mask(struct buf *text, struct slice secret);

#endif
