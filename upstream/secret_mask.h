/*
 * Removes the secret from a server's reply: servers repeat input that they do not understand, and their replies go into
 * logs, reports and screens.
 */
#ifndef LANPOST_UPSTREAM_SECRET_MASK_H
#define LANPOST_UPSTREAM_SECRET_MASK_H

#include "base/buf.h"

/* Replaces the secret by "***" wherever text contains it: literally or in other case; quoted, URL-encoded,
 * quoted-printable, as numbered characters, each character in its own form; in hexadecimal; in base64 or base64url, alone
 * or as a part of a longer text (then the whole run is replaced). A secret of fewer than four characters counts only as a
 * whole word. */
void secret_mask(struct buf *text, struct slice secret);

#endif
