/*
 * A small office for tests that need a configuration but no files. Not for conf_free().
 */
#ifndef LANPOST_TESTS_SAMPLE_CONF_H
#define LANPOST_TESTS_SAMPLE_CONF_H

#include "base/alloc.h"
#include "config/conf.h"

/* "secret" */
#define SAMPLE_HASH "$5$lanpost$uDxYGoWIzXiRIlPOwo3DFZM7B6Z0JE5Cr32Xvw8.2X6"

static char *sample_ivan_aliases[] = {"petrov", "i.petrov"};

#define SAMPLE_USER(user)                                                                          \
	.name = (user), .password = "", .scram_sha256 = "", .clear_password = "", .full_name = "", .external_alias = "", .forward = "",      \
	.keep = true, .outside = true

static struct conf_user sample_users[] = {
    {SAMPLE_USER("ivan"), .aliases = {sample_ivan_aliases, 2}},
    {SAMPLE_USER("anna")},
    {SAMPLE_USER("chief")},
    {SAMPLE_USER("admin")},
    {SAMPLE_USER("buh")},
    {SAMPLE_USER("far")},
    {SAMPLE_USER("round1")},
    {SAMPLE_USER("round2")},
    {SAMPLE_USER("self")},
    {SAMPLE_USER("broken")},
};
static char *sample_sales_members[] = {"petrov", "anna", "buh"};
static struct conf_group sample_sales = {
    .name = "sales", .members = {sample_sales_members, 3}}; /* buh's mail goes to anna */
static char *sample_info_members[] = {"ivan", "anna:read"}, *sample_info_aliases[] = {"office"};
static struct conf_shared sample_info = {
    .name = "info", .members = {sample_info_members, 2}, .aliases = {sample_info_aliases, 1}, .external_alias = "info@example.ru"};
static struct conf_smarthost sample_smarthost = {.name = "default"};
static struct conf_net sample_all = {.last = {.s6_addr = {255, 255, 255, 255, 255, 255, 255, 255,
                                                  255, 255, 255, 255, 255, 255, 255, 255}}};

static struct conf_user *sample_user(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sample_users); i++)
		if (strcmp(sample_users[i].name, name) == 0)
			return &sample_users[i];
	return NULL;
}

static struct conf sample_conf(void)
{
	sample_user("ivan")->password = SAMPLE_HASH;
	sample_user("ivan")->external_alias = "ivan@example.ru";
	sample_user("buh")->forward = "anna";
	sample_user("buh")->keep = false;
	sample_user("far")->forward = "far@outside.org";
	sample_user("round1")->forward = "round2";
	sample_user("round1")->keep = false;
	sample_user("round2")->forward = "round1";
	sample_user("round2")->keep = false;
	sample_user("self")->forward = "self";
	sample_user("self")->keep = false;
	sample_user("broken")->external_alias = "no address";
	sample_smarthost.remote.user = "";
	sample_smarthost.default_sender = "";
	return (struct conf){
	    .gateway = {.hostname = "gw.office.lan",
	        .local_domain = "office.lan",
	        .spool = "/nowhere",
	        .postmaster = "admin",
	        .boss = "",
	        .bounce_copies = COPIES_FAILED},
	    .lan = {.timeout = 60,
	        .allow_empty_password = true,
	        .max_sessions = 10,
	        .max_sessions_per_ip = 3,
	        .max_sessions_per_network = 5,
	        .allow = {&sample_all, 1}},
	    .limits = {.max_message_size = 5000000},
	    .users = sample_users,
	    .user_count = ARRAY_LEN(sample_users),
	    .groups = &sample_sales,
	    .group_count = 1,
	    .smarthosts = &sample_smarthost,
	    .smarthost_count = 1,
	};
}

/* Adds the shared mailbox info, which ivan may write and anna may read. */
static inline void sample_share(struct conf *conf)
{
	conf->shareds = &sample_info;
	conf->shared_count = 1;
}

#endif
