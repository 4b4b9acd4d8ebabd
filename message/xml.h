/*
 * Writes XML 1.0 and HTML: elements and text, escaped.
 */
#ifndef LANPOST_MESSAGE_XML_H
#define LANPOST_MESSAGE_XML_H

#include "base/buf.h"

/* Appends text as character data; characters that XML does not allow (control characters) are
 * omitted. */
void xml_text(struct buf *out, const char *text);
/* Appends one line: <name>text</name>, indented by this many blanks. The name is a literal. */
void xml_element(struct buf *out, int indent, const char *name, const char *text);

#endif
