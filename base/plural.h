/*
 * The rule of a language for its plural forms, as in the head of a catalogue: "nplurals=3; plural=(n%10==1 ...);", an
 * expression of C over n (GNU gettext manual, "Plural forms"). An expression that is invalid or nested too deeply gives
 * the first form.
 */
#ifndef LANPOST_BASE_PLURAL_H
#define LANPOST_BASE_PLURAL_H

#include "base/str.h"

/* The number of the form for n things, from 0. */
unsigned long plural_form(struct slice expression, unsigned long n);

#endif
