/*
 * Whom a process becomes that root has started.
 *
 * The spool belongs to the gateway's own user, who is less than root: root must not open files there, for a link in the
 * place of one would lead root anywhere. So the gateway becomes that user permanently before it touches the spool, and the
 * admin's program acts as that user: it is root only while it reads and writes the configuration and files that the admin
 * has named (service_user_pause()).
 *
 * None of this is for a process with threads.
 */
#ifndef LANPOST_BASE_SERVICE_USER_H
#define LANPOST_BASE_SERVICE_USER_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define SERVICE_USER "lanpost"

struct service_user {
	char name[64]; /* "#1234" for one without a name */
	uid_t uid;
	gid_t gid;
	bool is_listed; /* in the user database */
};

enum service_user_kind {
	SERVICE_USER_SELF,    /* we are not root, and stay who we are */
	SERVICE_USER_ALONE,   /* root of a user namespace that maps nobody else: there is nobody to become */
	SERVICE_USER_OWNER,   /* the owner of the spool */
	SERVICE_USER_CLOSED,  /* the spool is root's or is missing, in a folder that only root may enter: nobody else could run it */
	SERVICE_USER_DEFAULT, /* the spool is root's or is missing: the user lanpost */
	SERVICE_USER_MISSING, /* the same, and there is no user lanpost */
};

/* Whom we are to become for this spool; *user is set for OWNER and DEFAULT. */
enum service_user_kind service_user_find(const char *folder, struct service_user *user);

/* Becomes the user permanently: groups, user, no capabilities; that there is no way back is checked. Returns -1 if it cannot be
 * done; the process must end then. */
int service_user_become(const struct service_user *user, struct error *error);

/* Stays root without what makes root more than a user: gives up all capabilities, for this process and what it starts. What is left
 * is what root's files allow. Returns -1 if it cannot be done. */
int service_user_stay_bare(struct error *error);

/* From now on everything is done with the rights of this user. Returns -1 if it cannot be done; then nothing has changed. */
int service_user_act(const struct service_user *user, struct error *error);
/* Acts as the owner of the spool where we are root and the spool has another owner; else nothing. */
int service_user_act_for(const char *folder, struct error *error);
/* Root again for a moment, where service_user_act() was called. Returns what service_user_resume() wants; such pairs may be
 * nested. Both leave errno unchanged. */
bool service_user_pause(void);
void service_user_resume(bool paused);

/* Becomes permanently whom we act as; nothing where we act as nobody. For a child that is about to run another program. */
int service_user_settle(struct error *error);

/* Whether root started this process, no matter what user it runs as now. */
bool service_user_was_root(void);

/* Whether a group is that of one user alone, and not root's, by its name and number, as adduser(8) makes them. */
bool service_user_has_own_group(gid_t group);

#endif
