/* Declarations that the files of the POP3 server share. */
#ifndef LANPOST_LAN_SERVER_POP3D_PRIV_H
#define LANPOST_LAN_SERVER_POP3D_PRIV_H

#include "message/dot.h"

#include "lan-server/pop3/pop3d.h"
#include "lan-server/pop3/pop3d_reply.h"
#include "lan-server/reply.h"

/*
 *	AUTHORIZATION --AUTH--> LOGIN --responses--> AUTHORIZATION
 *	      `--PASS, APOP, the end of AUTH--> TRANSACTION --QUIT: removal--> ENDED
 */
enum pop3d_state {
	POP3D_AUTHORIZATION, /* nobody is logged in, no mailbox is open */
	POP3D_LOGIN,	     /* the next line is a response in a login: sasl is set */
	POP3D_TRANSACTION,   /* the mailbox is locked: list is its snapshot */
	POP3D_ENDED,	     /* after QUIT */
};

/* A message that is being sent; bytes.ptr is NULL if there is none. */
struct sending {
	struct slice bytes, rest;
	uint64_t body_lines; /* lines left to send (TOP) */
	bool in_header;
	struct dot_writer writer;
};

struct pop3d {
	struct dialogue dialogue;
	struct pop3d_options options;
	enum pop3d_state state;
	char *name;	   /* name from USER */
	char *apop;	   /* the greeting's timestamp; NULL: APOP is not offered */
	struct sasl *sasl; /* the login in progress */
	struct mailbox_list list;
	bool *deleted; /* one entry per message of list */
	struct sending sending;
	char about[REPLY_TEXT_MAX]; /* words for the text of the next reply: pop3d_about() */
};

/* The dialogue is the first member. */
static inline struct pop3d *pop3d_of(struct dialogue *dialogue)
{
	return (struct pop3d *)dialogue;
}

/* Sends a line that is not a complete reply: of a listing, or a challenge of AUTH. Adds CRLF. */
void pop3d_line_of_reply(struct pop3d *pop3d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The only function that changes the state. sasl was already set or freed. */
void pop3d_enter_state(struct pop3d *pop3d, enum pop3d_state state);

/* The commands return their reply. */
enum pop3d_reply pop3d_greet(struct pop3d *pop3d);
enum pop3d_reply pop3d_cmd_user(struct pop3d *pop3d, struct slice arg);
enum pop3d_reply pop3d_cmd_pass(struct pop3d *pop3d, struct slice arg);
enum pop3d_reply pop3d_cmd_apop(struct pop3d *pop3d, struct slice arg);
enum pop3d_reply pop3d_cmd_auth(struct pop3d *pop3d, struct slice arg);
enum pop3d_reply pop3d_cmd_stls(struct pop3d *pop3d, struct slice arg);
enum pop3d_reply pop3d_cmd_capa(struct pop3d *pop3d, struct slice arg);
/* Handles a line in the LOGIN state; ptr NULL: no initial response. */
enum pop3d_reply pop3d_auth_response(struct pop3d *pop3d, struct slice line);
void pop3d_auth_end(struct pop3d *pop3d); /* after any result: back to commands */

#endif
