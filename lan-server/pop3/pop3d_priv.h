/* What the files of the POP3 server share. */
#ifndef LANPOST_LAN_SERVER_POP3D_PRIV_H
#define LANPOST_LAN_SERVER_POP3D_PRIV_H

#include "message/dot.h"

#include "lan-server/client_limits.h"
#include "lan-server/pop3/pop3d.h"

/*
 *	AUTHORIZATION --USER, PASS--> TRANSACTION --QUIT--> (removal, close)
 */
enum pop3d_state {
	AUTHORIZATION, /* nobody is logged in, no mailbox is open */
	TRANSACTION,   /* the mailbox is ours: list is its snapshot */
};

/* A message on its way out; bytes.ptr is NULL when none is. */
struct sending {
	struct slice bytes, rest;
	uint64_t body_lines; /* still to be sent (TOP) */
	bool in_header;
	struct dot_writer writer;
};

struct pop3d {
	struct pop3d_options options;
	enum pop3d_state state;
	struct buf replies;
	bool tls;
	char *name;	   /* given by USER */
	char *apop;	   /* the greeting's timestamp; NULL: APOP is not offered */
	struct sasl *sasl; /* the login on its way; NULL: none is */
	const char *user;
	struct client_limits limits;
	struct maildir_list list;
	bool *deleted; /* one per message of list */
	struct sending sending;
};

/* Appends the text and CRLF. */
void pop3d_reply(struct pop3d *pop3d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* -ERR for what is not the client's fault, or not worth hanging up. */
enum pop3d_effect pop3d_deny(struct pop3d *pop3d, const char *text);
/* -ERR for a mistake; hangs up after too many. */
enum pop3d_effect pop3d_refuse(struct pop3d *pop3d, const char *text);
/* Counts a command that was answered and did nothing; too many of them are mistakes. */
enum pop3d_effect pop3d_junk(struct pop3d *pop3d);

void pop3d_greet(struct pop3d *pop3d);
enum pop3d_effect pop3d_cmd_user(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_pass(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_apop(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_auth(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_stls(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_utf8(struct pop3d *pop3d, struct slice arg);
enum pop3d_effect pop3d_cmd_capa(struct pop3d *pop3d, struct slice arg);
/* A line while a login is on its way; ptr NULL: there is no initial response. */
enum pop3d_effect pop3d_auth_response(struct pop3d *pop3d, struct slice line);

#endif
