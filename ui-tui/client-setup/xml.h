/*
 * XML 1.0, written: elements and text that need no escaping afterwards.
 */
#ifndef LANPOST_UI_TUI_XML_H
#define LANPOST_UI_TUI_XML_H

#include "base/buf.h"

/* Appends text as character data; what XML cannot hold (control characters) is left out. */
void xml_text(struct buf *out, const char *text);
/* Appends one line: <name>text</name>, this many blanks to the right. The name is ours. */
void xml_element(struct buf *out, int indent, const char *name, const char *text);

#endif
