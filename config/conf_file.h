/*
 * The files of the configuration: lanpost.conf, and those beside it.
 */
#ifndef LANPOST_CONFIG_CONF_FILE_H
#define LANPOST_CONFIG_CONF_FILE_H

enum conf_file { CONF_FILE_MAIN, CONF_FILE_USERS, CONF_FILE_ACCOUNTS, CONF_FILE_RULES, CONF_FILES };

/* "users.conf"; for CONF_FILE_MAIN the name that it has unless the admin gave another. */
const char *conf_file_name(enum conf_file file);
/* Where it is, main being the path of the main file, whatever its name. New memory. */
char *conf_file_path(const char *main, enum conf_file file);
/* Which of them a path names; CONF_FILE_MAIN for any other name. */
enum conf_file conf_file_find(const char *path);

#endif
