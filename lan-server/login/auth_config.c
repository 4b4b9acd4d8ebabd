#include "lan-server/login/auth_config.h"

#include "base/alloc.h"
#include "lan-server/login/ban_notes.h"

#include <stdlib.h>

#define TEXT_MAX 65536
#define MAGIC 0x6c706132u /* "lpa2" */

/* Both sides are from one build: numbers are in native format, texts are preceded by their length. */
static void write_number(struct buf *out, uint32_t number)
{
	buf_append(out, &number, sizeof(number));
}

static void write_text(struct buf *out, struct slice text)
{
	write_number(out, (uint32_t)text.len);
	buf_append_slice(out, text);
}

static size_t size_of(const struct conf *conf, const struct auth_config_more *more)
{
	const struct auth_config_tls *tls = &more->tls;
	size_t size = 64 + AUTH_SALT_KEY_LEN + more->notes.len + tls->chain.len + tls->key.len + tls->problem.len;

	for (size_t i = 0; i < conf->user_count; i++)
		size += strlen(conf->users[i].name) + strlen(conf->users[i].password) + strlen(conf->users[i].scram_sha256) +
			strlen(conf->users[i].clear_password) + 4 * sizeof(uint32_t);
	return size;
}

void auth_config_write(const struct conf *conf, const struct auth_config_more *more, struct buf *out)
{
	buf_reserve(out, size_of(conf, more)); /* it must not be reallocated: copies would remain in memory */
	write_number(out, MAGIC);
	write_number(out, conf->lan.allow_empty_password);
	write_text(out, slice_make(more->salt_key, AUTH_SALT_KEY_LEN));
	write_text(out, more->notes);
	write_text(out, more->tls.chain);
	write_text(out, more->tls.key);
	write_text(out, more->tls.problem);
	write_number(out, (uint32_t)conf->user_count);
	for (size_t i = 0; i < conf->user_count; i++) {
		const struct conf_user *user = &conf->users[i];

		write_text(out, slice_of(user->name));
		write_text(out, slice_of(user->password));
		write_text(out, slice_of(user->scram_sha256));
		write_text(out, slice_of(user->allow_weak_auth ? user->clear_password : ""));
	}
}

static bool read_number(struct slice *rest, uint32_t *number)
{
	if (rest->len < sizeof(*number))
		return false;
	memcpy(number, rest->ptr, sizeof(*number));
	*rest = slice_from(*rest, sizeof(*number));
	return true;
}

static bool read_long_text(struct slice *rest, uint32_t most, struct slice *text)
{
	uint32_t len;

	if (!read_number(rest, &len) || len > most || len > rest->len)
		return false;
	*text = slice_make(rest->ptr, len);
	*rest = slice_from(*rest, len);
	return true;
}

static bool read_text(struct slice *rest, struct slice *text)
{
	return read_long_text(rest, TEXT_MAX, text);
}

static bool read_notes(struct slice *rest, struct auth_config *config)
{
	struct slice notes;

	if (!read_long_text(rest, BAN_NOTES_TEXT_MAX, &notes))
		return false;
	config->notes = slice_dup(notes);
	return true;
}

static bool read_tls(struct slice *rest, struct auth_config *config)
{
	struct slice chain, key, problem;

	if (!read_text(rest, &chain) || !read_text(rest, &key) || !read_text(rest, &problem))
		return false;
	config->tls_chain = slice_dup(chain);
	config->tls_key = slice_dup(key);
	config->tls_problem = slice_dup(problem);
	return true;
}

static bool read_user(struct slice *rest, struct auth_config_user *user)
{
	struct slice name, hash, scram, clear;

	if (!read_text(rest, &name) || !read_text(rest, &hash) || !read_text(rest, &scram) || !read_text(rest, &clear))
		return false;
	*user = (struct auth_config_user){slice_dup(name), slice_dup(hash), slice_dup(scram), slice_dup(clear)};
	return true;
}

static bool read_all(struct slice rest, struct auth_config *config)
{
	uint32_t magic, empty, count;
	struct slice key;

	if (!read_number(&rest, &magic) || magic != MAGIC || !read_number(&rest, &empty) || !read_text(&rest, &key) ||
	    key.len != AUTH_SALT_KEY_LEN || !read_notes(&rest, config) || !read_tls(&rest, config) || !read_number(&rest, &count))
		return false;
	config->allow_empty_password = empty != 0;
	memcpy(config->salt_key, key.ptr, key.len);
	for (uint32_t i = 0; i < count; i++) {
		ARRAY_GROW(config->users, config->user_count);
		if (!read_user(&rest, &config->users[config->user_count]))
			return false;
		config->user_count++;
	}
	return rest.len == 0;
}

bool auth_config_read(struct slice bytes, struct auth_config *config)
{
	*config = (struct auth_config){.users = NULL};
	if (read_all(bytes, config))
		return true;
	auth_config_clear(config);
	return false;
}

static void wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

void auth_config_clear(struct auth_config *config)
{
	for (size_t i = 0; i < config->user_count; i++) {
		free(config->users[i].name);
		wipe(config->users[i].hash);
		wipe(config->users[i].scram);
		wipe(config->users[i].clear);
	}
	free(config->users);
	free(config->notes);
	free(config->tls_chain);
	wipe(config->tls_key);
	free(config->tls_problem);
	explicit_bzero(config, sizeof(*config));
}
