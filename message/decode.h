/*
 * Decodes header text to UTF-8 for people (RFC 2047, RFC 2231, raw 8-bit headers).
 *
 * Decoding never fails: text that cannot be decoded stays visible. The result is valid UTF-8
 * without control bytes. Linear time.
 */
#ifndef LANPOST_MESSAGE_DECODE_H
#define LANPOST_MESSAGE_DECODE_H

#include "message/header.h"

/* Unstructured text (Subject, comments, display names): unfolds, decodes encoded words (white
 * space between two of them vanishes; a multibyte character that is split over two words of one
 * charset is restored), converts raw 8-bit text. charset: the message's own, tried first for raw
 * 8-bit text, or SLICE_NONE. */
int decode_text(struct slice body, struct slice charset, struct buf *out);
/* Address lists: like decode_text for names and comments, addresses are not changed: "Иван
 * Петров <ivan@example.ru>, ...". Names are unquoted only if that is unambiguous. */
int decode_addresses(struct slice body, struct slice charset, struct buf *out);
/* Decodes a field by its name: address fields as addresses, the rest as text. */
int decode_field(const struct header_field *field, struct slice charset, struct buf *out);
/* Fields that hold addresses: From, To, Cc, Reply-To, Delivered-To and their like. */
bool decode_is_address_field(struct slice name);
/* Those that name recipients. */
bool decode_is_recipient_field(struct slice name);
/* The charset parameter of the message's Content-Type, SLICE_NONE without one. */
struct slice decode_message_charset(struct slice message);
/* The same of the body of a field. */
struct slice decode_charset_parameter(struct slice body);
/* One parameter of a field as written: "name*0" and the like are not joined. */
struct decode_raw_parameter {
	struct slice name, value; /* value with its quotes, if quoted */
	bool quoted;
};
/* Walks the parameters after the first ';' of a field's body: *rest is what follows it. */
bool decode_next_parameter(struct slice *rest, struct decode_raw_parameter *parameter);
/* Appends the value without quotes and without line ends. */
int decode_append_value(const struct decode_raw_parameter *parameter, struct buf *out);
/* The Content-Type's value of one parameter ("boundary", "name"), RFC 2231 joined and decoded,
 * appended to out. Returns false if it is not there. out->overflow is set, too, if it is in more pieces than are joined. */
bool decode_parameter(struct slice body, const char *name, struct buf *out);

/* Appends text as valid UTF-8; a control character becomes a blank. */
int decode_append_clean(struct slice text, struct buf *out);

/* Writes text, as encoded words (UTF-8, base64) if it is not plain ASCII, folded below 76
 * columns. */
int encode_text(struct slice text, struct buf *out);

#endif
