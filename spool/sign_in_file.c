#include "spool/sign_in_file.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "config/conf_remote.h"
#include "spool/layout.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (64u << 10)

void sign_in_file_name(const char *const *texts, size_t count, char *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf all = BUF_INIT(FILE_MAX);

	for (size_t i = 0; i < count; i++)
		buf_append(&all, texts[i], strlen(texts[i]) + 1);
	if (all.overflow || EVP_Digest(all.ptr, all.len, digest, NULL, EVP_sha256(), NULL) != 1)
		abort(); /* lines of the configuration are shorter */
	for (size_t i = 0; i < (SIGN_IN_NAME_MAX - 1) / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	buf_clear(&all);
}

static char *path_of(const struct spool *spool, const char *name, const char *suffix)
{
	char *file = xasprintf("%s.%s", name, suffix), *path = layout_sign_in(spool, file);

	free(file);
	return path;
}

int sign_in_file_lock(const struct spool *spool, const char *name, int seconds, struct error *error)
{
	char *folder = layout_sign_in(spool, ""), *path = path_of(spool, name, "lock");
	int fd = fsx_make_dirs(folder, error) != 0 ? -1 : fsx_lock_file(path, seconds, error);

	free(folder);
	free(path);
	return fd;
}

static char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return xstrdup(text == NULL ? "" : text);
}

static int read_object(const json_t *object, const char *path, struct sign_in_file *file, struct error *error)
{
	*file = (struct sign_in_file){
	    .user = text_of(object, "user"),
	    .refresh = text_of(object, "refresh_token"),
	    .access = text_of(object, "access_token"),
	    .refused = text_of(object, "refused"),
	    .dies = json_integer_value(json_object_get(object, "dies")),
	    .access_from = json_integer_value(json_object_get(object, "access_from")),
	    .access_until = json_integer_value(json_object_get(object, "access_until")),
	};
	return file->refresh[0] != '\0' ? 1 : error_set(error, ERROR_IO, N_("%s is damaged"), path);
}

int sign_in_file_read(const struct spool *spool, const char *name, struct sign_in_file *file, struct error *error)
{
	char *path = path_of(spool, name, "json"), *text = NULL;
	json_error_t problem;
	json_t *object;
	size_t len = 0;
	int result;

	*file = (struct sign_in_file){.user = NULL};
	if (fsx_read(path, FILE_MAX, &text, &len, error) != 0) {
		free(path);
		return error->saved_errno == ENOENT ? 0 : -1;
	}
	object = json_loadb(text, len, 0, &problem);
	result = read_object(object, path, file, error);
	json_decref(object);
	conf_secret_free(text);
	free(path);
	return result;
}

int sign_in_file_write(const struct spool *spool, const char *name, const struct sign_in_file *file, struct error *error)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "user", file->user, "refresh_token", file->refresh, "access_token",
	    file->access, "refused", file->refused, "dies", (json_int_t)file->dies, "access_from", (json_int_t)file->access_from, "access_until",
	    (json_int_t)file->access_until);
	char *text = object == NULL ? NULL : json_dumps(object, JSON_INDENT(1)), *path = path_of(spool, name, "json");
	int result;

	if (text == NULL)
		result = error_set(error, ERROR_IO, N_("%s cannot be written"), path);
	else
		result = fsx_replace(path, slice_of(text), 0600, error);
	conf_secret_free(text);
	json_decref(object);
	free(path);
	return result;
}

void sign_in_file_put(char **place, const char *text)
{
	char *copy = xstrdup(text);

	conf_secret_free(*place);
	*place = copy;
}

void sign_in_file_clear(struct sign_in_file *file)
{
	conf_secret_free(file->user);
	conf_secret_free(file->refresh);
	conf_secret_free(file->access);
	conf_secret_free(file->refused);
	*file = (struct sign_in_file){.user = NULL};
}
