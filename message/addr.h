/*
 * Mail addresses: paths of SMTP (RFC 5321) and address lists of headers (RFC 5322).
 *
 * An address is kept in its plain form: local part without quotes, domain in lower case without
 * a final dot. No allocation besides the text of an address, no I/O, linear time for any input.
 */
#ifndef LANPOST_MESSAGE_ADDR_H
#define LANPOST_MESSAGE_ADDR_H

#include "base/str.h"

#define ADDR_LOCAL_MAX 64   /* RFC 5321 4.5.3.1.1 */
#define ADDR_DOMAIN_MAX 255 /* RFC 5321 4.5.3.1.2 */
#define ADDR_TEXT_MAX (ADDR_LOCAL_MAX * 2 + 2 + 1 + ADDR_DOMAIN_MAX + 1)

struct addr {
	char local[ADDR_LOCAL_MAX + 1];	  /* unquoted, case kept, valid UTF-8, no control bytes */
	char domain[ADDR_DOMAIN_MAX + 1]; /* "" for a bare local name; "[1.2.3.4]" for a literal */
};

enum addr_path_kind {
	ADDR_PATH_BAD,	/* not a path at all */
	ADDR_PATH_NULL, /* <> : only where null_allowed */
	ADDR_PATH_OK,
};

/* Reads the path after MAIL FROM: or RCPT TO: at the start of text. Accepts <local@domain>,
 * <local> and, since real clients send it, the same without angle brackets. A source route
 * (<@a,@b:c@d>), control bytes, unbalanced quotes and parts over the limits are BAD. *rest gets
 * what follows the path (parameters), trimmed. */
enum addr_path_kind addr_parse_path(struct slice text, bool null_allowed, struct addr *addr,
    struct slice *rest);

/* Reads one address without brackets or display name ("ivan", "ivan@office.lan").
 * Returns false if it is not one. */
bool addr_parse(struct slice text, struct addr *addr);

/* Writes local@domain, with the local part quoted if RFC 5321 requires it. Returns out. */
char *addr_text(char *out, size_t size, const struct addr *addr);

/* Whether two addresses name the same mailbox: neither domain nor local part is case-sensitive. */
bool addr_equal(const struct addr *a, const struct addr *b);
/* Whether the local part, quoted or not, contains characters that other systems interpret as a route:
 * % ! @ : */
bool addr_looks_routed(const struct addr *addr);

/* One address of a header's list. The slices point into the field body. */
struct addr_item {
	struct slice name; /* display name or comment, still encoded (quotes and words), may be empty */
	struct slice spec; /* the addr-spec as written: the part that a rewrite replaces */
	struct addr addr;
	struct slice group; /* for the first in a group: the group's name, which mail programs show, too */
	bool ends_group;   /* the last of its group, as far as its semicolon follows at once */
	bool valid;	   /* false: spec is not an address (addr is empty) */
};
/* Walks an address list (From, To, Cc, ...): groups are flattened, comments skipped, folding
 * allowed, obsolete routes skipped. Start with *at = 0. Returns false at the end. */
bool addr_list_next(struct slice body, size_t *at, struct addr_item *item);

#endif
