/*
 * The files of the configuration: lanpost.conf, and those in the same folder.
 */
#ifndef LANPOST_CONFIG_CONF_FILE_H
#define LANPOST_CONFIG_CONF_FILE_H

enum conf_file { CONF_FILE_MAIN, CONF_FILE_USERS, CONF_FILE_ACCOUNTS, CONF_FILE_RULES, CONF_FILES };

/* "users.conf"; for CONF_FILE_MAIN the default name. */
const char *conf_file_name(enum conf_file file);
/* Its path; main is the path of the main file, with any name. New memory. */
char *conf_file_path(const char *main, enum conf_file file);
/* The file that a path names; CONF_FILE_MAIN for any other name. */
enum conf_file conf_file_find(const char *path);

#endif
