/*
 * The verdict on a message: what scanners for viruses and spam have found, and which of them could not look at it.
 *
 * A verdict is a plain value. Its text form, without the cuts, is one line of words `key=value`, each escaped (message/escape.h): it goes from the
 * process that asks the scanners to the one that delivers, and into the message as a header field, where the replay of rules finds it again.
 */
#ifndef LANPOST_MESSAGE_SCAN_VERDICT_H
#define LANPOST_MESSAGE_SCAN_VERDICT_H

#include "base/buf.h"
#include "base/phrase.h"
#include "message/scan/scan_cut.h"

#define SCAN_VIRUS_MAX 128
#define SCAN_SYMBOLS_MAX 900 /* fits one line of a header */
#define SCAN_NAMES_MAX 256
#define SCAN_TEXT_MAX 12288
#define SCAN_SCORE_MAX 1000000000 /* a million points, in thousandths */
#define SCAN_FIELD "X-Lanpost-Scan" /* the header field with the text form */

/* What a scanner looks for. */
enum { SCAN_VIRUS = 1, SCAN_SPAM = 2, SCAN_ATTACHMENT = 4 };

struct scan_verdict {
	unsigned looked;  /* SCAN_...: what was looked for */
	unsigned away;	  /* and what not, because a scanner did not answer, */
	unsigned skipped; /* or because the message is larger than a scanner takes */
	bool waits;	  /* a scanner that did not answer has `when_away = wait` */
	char virus[SCAN_VIRUS_MAX]; /* its name; "": none was found */
	char attachment[PHRASE_MAX]; /* a phrase: a forbidden attachment; "": none was found */
	struct scan_cuts cuts; /* without these the message has no forbidden attachment; none: it cannot be cut, or need not be */
	int64_t score;	  /* thousandths of a point; of SCAN_SPAM */
	char symbols[SCAN_SYMBOLS_MAX]; /* the rules of the spam scanner that matched: "A,B"; "" */
	char names[SCAN_NAMES_MAX];	/* the scanners that looked: "av, rspamd" */
	char reason[PHRASE_MAX];	/* a phrase: why something was not looked for; "" */
	int64_t ms;			/* how long it took */
};

/* Whether every scanner for this message has looked at it; false if there was none, too. Attachments do not count. */
bool scan_verdict_is_scanned(const struct scan_verdict *verdict);
/* Adds what one more scanner has found: the first virus and the higher score count. Scanners find no cuts. */
void scan_verdict_add(struct scan_verdict *total, const struct scan_verdict *one);

/* A score in thousandths from decimal text such as "-1.25"; returns false if it is not a number. More digits are cut. */
bool scan_score_parse(struct slice text, int64_t *score);
/* "7.5", "0.125". */
char *scan_score_text(char *out, size_t size, int64_t score);
#define SCAN_SCORE(score) scan_score_text((char[32]){0}, 32, (score))

void scan_verdict_write(const struct scan_verdict *verdict, struct buf *out);
/* Returns false for anything but the text form. *verdict need not be initialised. */
bool scan_verdict_read(struct slice text, struct scan_verdict *verdict);
/* The verdict that an earlier delivery has written into the header. Only for a message of our own storage: in other mail the
 * field may have been written by anybody. Returns false if there is none. */
bool scan_verdict_find(struct slice message, struct scan_verdict *verdict);
/* The verdict as a phrase for people, for the journal. Returns out. */
char *scan_verdict_phrase(char *out, size_t size, const struct scan_verdict *verdict);

#endif
