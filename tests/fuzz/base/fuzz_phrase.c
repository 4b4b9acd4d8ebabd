/* Bytes of an older or a damaged spool instead of a phrase: shown, or copied into another phrase, they are printable text.
 * The same bytes as a text of a peer are never taken for a phrase. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/phrase.h"
#include "base/str.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_said(const char *phrase)
{
	char said[PHRASE_TEXT_MAX], again[4 * PHRASE_TEXT_MAX];

	for (size_t room = 1; room <= sizeof(said); room = room * 2 + 1) {
		phrase_show(said, room, phrase, "ru");
		assert(strlen(said) < room);
		str_printable(again, sizeof(again), slice_of(said));
		assert(strcmp(said, again) == 0);
	}
	phrase_show(said, sizeof(said), phrase, "en");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = slice_dup(slice_make((const char *)data, size)), made[PHRASE_MAX];
	char printable[PHRASE_MAX];

	check_said(text);
	for (size_t room = 4; room <= sizeof(made); room *= 2) {
		phrase_set(made, room, N_("%s: %s"), text, text);
		assert(strlen(made) < room && phrase_is(made) && made[strlen(made) - 1] == '\x03');
		check_said(made);
	}
	assert(!phrase_is(str_printable(printable, sizeof(printable), slice_make((const char *)data, size))));
	free(text);
	return 0;
}
