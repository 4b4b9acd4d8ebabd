#include "message/charset_name.h"

#include "base/alloc.h"

#include <string.h>

/* Labels that iconv does not know, or that mean more in mail programs than in iconv. All with `-` for `_`. */
static const struct {
	const char *label, *name;
} aliases[] = {
    /* A program that declares iso-8859-1 often writes the quotes and dashes of windows-1252; the bytes 0x80 to
     * 0x9F have no other meaning in mail. The same holds for the other pairs here. */
    {"iso-8859-1", "windows-1252"},
    {"iso8859-1", "windows-1252"},
    {"iso88591", "windows-1252"},
    {"iso-8859-1:1987", "windows-1252"},
    {"iso-ir-100", "windows-1252"},
    {"latin1", "windows-1252"},
    {"latin-1", "windows-1252"},
    {"l1", "windows-1252"},
    {"cp819", "windows-1252"},
    {"ibm819", "windows-1252"},
    {"csisolatin1", "windows-1252"},
    {"iso-8859-9", "windows-1254"},
    {"iso8859-9", "windows-1254"},
    {"iso88599", "windows-1254"},
    {"iso-8859-9:1989", "windows-1254"},
    {"iso-ir-148", "windows-1254"},
    {"latin5", "windows-1254"},
    {"l5", "windows-1254"},
    {"csisolatin5", "windows-1254"},
    {"iso-8859-11", "windows-874"},
    {"iso8859-11", "windows-874"},
    {"iso885911", "windows-874"},
    {"tis-620", "windows-874"},
    {"dos-874", "windows-874"},
    {"gb2312", "gb18030"},
    {"gb-2312", "gb18030"},
    {"gb-2312-80", "gb18030"},
    {"csgb2312", "gb18030"},
    {"csiso58gb231280", "gb18030"},
    {"iso-ir-58", "gb18030"},
    {"chinese", "gb18030"},
    {"gbk", "gb18030"},
    {"x-gbk", "gb18030"},
    {"shift-jis", "cp932"},
    {"sjis", "cp932"},
    {"x-sjis", "cp932"},
    {"ms-kanji", "cp932"},
    {"windows-31j", "cp932"},
    {"euc-kr", "cp949"},
    {"csksc56011987", "cp949"},
    {"iso-ir-149", "cp949"},
    {"korean", "cp949"},
    {"ks-c-5601", "cp949"},
    {"ks-c-5601-1987", "cp949"},
    {"ks-c-5601-1989", "cp949"},
    {"ksc5601", "cp949"},
    {"ksc-5601", "cp949"},
    {"windows-949", "cp949"},
    {"big5", "big5-hkscs"},
    {"cn-big5", "big5-hkscs"},
    {"csbig5", "big5-hkscs"},
    {"x-x-big5", "big5-hkscs"},
    /* The rest are synonyms. */
    {"ascii", "us-ascii"},
    {"ansi-x3.4-1968", "us-ascii"},
    {"iso646-us", "us-ascii"},
    {"646", "us-ascii"},
    {"cp367", "us-ascii"},
    {"ibm367", "us-ascii"},
    {"utf8", "utf-8"},
    {"unicode11utf8", "utf-8"},
    {"unicode20utf8", "utf-8"},
    {"x-unicode20utf8", "utf-8"},
    {"unicode-1-1-utf-8", "utf-8"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"x-unicode-2-0-utf-7", "utf-7"},
    {"iso-10646-ucs-2", "utf-16le"},
    {"unicodefeff", "utf-16le"},
    {"unicodefffe", "utf-16be"},
    {"win-1251", "windows-1251"},
    {"win1251", "windows-1251"},
    {"koi", "koi8-r"},
    {"koi8", "koi8-r"},
    {"dos-866", "cp866"},
    {"x-mac-cyrillic", "maccyrillic"},
    {"x-mac-ukrainian", "maccyrillic"},
    {"mac-cyrillic", "maccyrillic"},
    {"x-mac-roman", "macintosh"},
    {"iso-8859-6-e", "iso-8859-6"},
    {"iso-8859-6-i", "iso-8859-6"},
    {"csiso88596e", "iso-8859-6"},
    {"csiso88596i", "iso-8859-6"},
    {"sun-eu-greek", "iso-8859-7"},
    {"iso-8859-8-e", "iso-8859-8"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"csiso88598e", "iso-8859-8"},
    {"csiso88598i", "iso-8859-8"},
    {"visual", "iso-8859-8"},
    {"logical", "iso-8859-8"},
    {"csisolatin9", "iso-8859-15"},
    {"l9", "iso-8859-15"},
};

/* Prefixes that programs put before a number, or before a name that iconv knows without the
 * prefix. */
static const char *const prefixes[] = {"x-windows-", "x-ms-cp", "x-cp", "x-"};

static const char *find_alias(const char *label)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(label, aliases[i].label) == 0)
			return aliases[i].name;
	return NULL;
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static bool read_label(struct slice label, char *name)
{
	label = slice_trim(label);
	if (label.len == 0 || label.len > CHARSET_NAME_MAX)
		return false;
	for (size_t i = 0; i < label.len; i++) {
		char c = ascii_lower(label.ptr[i]);

		/* A slash is part of iconv's own syntax. */
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (c == '\0' || strchr("-_.:+", c) == NULL))
			return false;
		name[i] = c == '_' ? '-' : c;
	}
	name[label.len] = '\0';
	return true;
}

bool charset_name(struct slice label, char *name)
{
	const char *alias;

	if (!read_label(label, name))
		return false;
	alias = find_alias(name);
	for (size_t i = 0; alias == NULL && i < ARRAY_LEN(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], len) != 0 || name[len] == '\0')
			continue;
		memmove(name, name + len, strlen(name + len) + 1);
		alias = find_alias(name);
		break;
	}
	if (alias != NULL) {
		memcpy(name, alias, strlen(alias) + 1);
	} else if (is_number(name) && strlen(name) + 2 <= CHARSET_NAME_MAX) {
		memmove(name + 2, name, strlen(name) + 1);
		memcpy(name, "cp", 2);
	}
	return true;
}
