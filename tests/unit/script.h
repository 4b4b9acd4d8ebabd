/*
 * Dialogues as text files, for the protocol cores.
 *
 *	# comment
 *	! word             an option for the program that runs the script
 *	C: line            the client sends the line and CRLF; escapes: \r \n \0 \t \\ \xNN
 *	c: bytes           the same without CRLF
 *	S: pattern         the next line of the transcript; * stands for anything
 *	C 20: line         twenty times; S 20: as well
 *
 * A transcript is what the server answers, and what the runner adds about accepted messages and
 * effects. Each script runs with its input in one piece, byte by byte, and in odd pieces: the
 *transcript must always be the same.
 */
#ifndef LANPOST_TESTS_SCRIPT_H
#define LANPOST_TESTS_SCRIPT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file/fsx.h"
#include "base/log.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct script {
	const char *path;
	struct buf input;
	struct strlist expected, options;
	int *lines; /* of the file: where each line is expected */
};

/* What the servers said in all scripts of the folder. */
static const char *script_folder;
static bool script_all_ran;
static struct buf script_heard = BUF_INIT(64 << 20);

/* Runs the input in pieces of `step` bytes and writes the transcript, lines ended by LF. */
typedef void (*script_run_fn)(const struct script *script, size_t step, struct buf *transcript);

static unsigned script_hex(const char *digits)
{
	char text[3] = {digits[0], digits[1], 0};

	return (unsigned)strtoul(text, NULL, 16);
}

static void script_unescape(struct slice text, struct buf *out)
{
	static const char names[] = "rnt0\\", bytes[] = "\r\n\t\0\\";

	for (size_t i = 0; i < text.len; i++) {
		const char *name;

		if (text.ptr[i] != '\\' || i + 1 == text.len) {
			buf_append_byte(out, text.ptr[i]);
			continue;
		}
		i++;
		name = memchr(names, text.ptr[i], sizeof(names) - 1);
		if (name != NULL) {
			buf_append_byte(out, bytes[name - names]);
		} else {
			buf_append_byte(out, (char)script_hex(text.ptr + i + 1));
			i += 2;
		}
	}
}

static void script_expect(struct script *script, const char *line, int number)
{
	ARRAY_GROW(script->lines, script->expected.count);
	script->lines[script->expected.count] = number;
	strlist_add(&script->expected, line);
}

/* One line of the file. */
static void script_line(struct script *script, struct slice line, int number)
{
	struct slice text = line;
	struct slice head = slice_cut(&text, ':');
	uint64_t times = 1;
	char *copy;

	if (line.len == 0 || line.ptr[0] == '#')
		return;
	if (line.ptr[0] == '!') {
		copy = slice_dup(slice_trim(slice_from(line, 1)));
		strlist_add(&script->options, copy);
		free(copy);
		return;
	}
	if (text.ptr == NULL ||
	    (head.len > 1 && !slice_number(slice_from(head, 2), 1, 100000, &times)))
		fail_msg("%s:%d: not a line of a script: %.*s", script->path, number, SLICE_PRINT(line));
	if (text.len > 0)
		text = slice_from(text, 1);
	copy = slice_dup(text);
	for (; times > 0; times--) {
		if (head.ptr[0] == 'S')
			script_expect(script, copy, number);
		else
			script_unescape(text, &script->input);
		if (head.ptr[0] == 'C')
			buf_append_text(&script->input, "\r\n");
	}
	free(copy);
}

static void script_load(const char *path, struct script *script)
{
	struct error error;
	struct slice rest;
	size_t len;
	char *data;

	*script = (struct script){.path = path, .input = BUF_INIT(16 << 20)};
	if (fsx_read(path, 1 << 20, &data, &len, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	rest = slice_make(data, len);
	for (int number = 1; rest.len > 0; number++)
		script_line(script, slice_cut(&rest, '\n'), number);
	free(data);
}

static void script_clear(struct script *script)
{
	buf_clear(&script->input);
	strlist_clear(&script->expected);
	strlist_clear(&script->options);
	free(script->lines);
}

static bool script_matches(const char *pattern, const char *text)
{
	for (; *pattern != '*'; pattern++, text++) {
		if (*pattern != *text)
			return false;
		if (*pattern == '\0')
			return true;
	}
	do {
		if (script_matches(pattern + 1, text))
			return true;
	} while (*text++ != '\0');
	return false;
}

static void script_compare(const struct script *script, size_t step, struct slice transcript)
{
	for (size_t i = 0; i < script->expected.count; i++) {
		struct slice line = slice_cut(&transcript, '\n');
		char *got = slice_dup(line);

		if (line.len > 0 && got[line.len - 1] == '\r')
			got[line.len - 1] = '\0';
		if (!script_matches(script->expected.items[i], got))
			fail_msg("%s:%d: in pieces of %zu:\nexpected %s\ngot      %s", script->path, script->lines[i], step,
			    script->expected.items[i], got);
		free(got);
	}
	if (transcript.len > 0)
		fail_msg("%s: in pieces of %zu: more than expected:\n%.*s", script->path, step, SLICE_PRINT(transcript));
}

static void script_run_file(const char *path, script_run_fn run)
{
	static const size_t steps[] = {1 << 24, 1, 7};
	struct script script;

	script_load(path, &script);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct buf transcript = BUF_INIT(16 << 20);

		run(&script, steps[i], &transcript);
		if (i == 0)
			buf_append_slice(&script_heard, buf_slice(&transcript));
		script_compare(&script, steps[i], buf_slice(&transcript));
		buf_clear(&transcript);
	}
	script_clear(&script);
}

static void script_run_folder(const char *folder, script_run_fn run)
{
	struct dirent *entry;
	DIR *dir = opendir(folder);
	size_t count = 0;

	assert_non_null(dir);
	script_folder = folder;
	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "test");
	while ((entry = readdir(dir)) != NULL) {
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s", folder, entry->d_name);
		script_run_file(path, run);
		free(path);
		count++;
	}
	closedir(dir);
	assert_true(count > 0);
	script_all_ran = true;
}

/* Fails unless a script has heard this reply; % in it is any word. */
static void script_must_have_heard(const char *reply)
{
	struct slice rest = buf_slice(&script_heard);
	char *pattern = xasprintf("*%s", reply);
	bool found = false;

	if (!script_all_ran)
		skip();
	for (char *place = pattern; (place = strchr(place, '%')) != NULL;)
		*place = '*';
	while (!found && rest.len > 0) {
		char *line = slice_dup(slice_trim(slice_cut(&rest, '\n')));

		found = script_matches(pattern, line);
		free(line);
	}
	if (!found)
		fail_msg("no script in %s hears the reply \"%s\": add one", script_folder, reply);
	free(pattern);
}

static bool script_has(const struct script *script, const char *option)
{
	return strlist_has(&script->options, option);
}

#endif
