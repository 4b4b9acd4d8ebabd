/*
 * Checks of [lan] (ports, certificate, and the clients that the IP filter accepts), of [line] and of the sections [line NAME].
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"
#include "config/value.h"

static void check_ports(const struct check *check)
{
	const struct conf_lan *lan = &check->conf->lan;
	const struct {
		const char *key;
		const int64_t *port;
	} ports[] = {
	    {"smtp_port", &lan->smtp_port},
	    {"submission_port", &lan->submission_port},
	    {"smtps_port", &lan->smtps_port},
	    {"pop3_port", &lan->pop3_port},
	    {"pop3s_port", &lan->pop3s_port},
	    {"imap_port", &lan->imap_port},
	    {"imaps_port", &lan->imaps_port},
	};

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		for (size_t j = 0; j < i; j++) {
			if (*ports[i].port == 0 || *ports[i].port != *ports[j].port)
				continue;
			ERROR_AT(check, ports[i].port,
			    conf_place_of(check->source, ports[j].port, check->source->main),
			    N_("%s and %s are both %lld; choose a different port for each"), ports[j].key,
			    ports[i].key, (long long)*ports[i].port);
		}
	}
}

/* --- accepted clients */

static bool is_inside(const struct conf_net *net, const char *range)
{
	struct conf_net whole;

	return value_net(slice_of(range), &whole) && memcmp(&whole.first, &net->first, sizeof(whole.first)) <= 0 &&
	       memcmp(&net->last, &whole.last, sizeof(whole.last)) <= 0;
}

/* Networks that are not reachable from outside, as in the default of `allow`. */
static bool is_private(const struct conf_net *net)
{
	static const char *const ranges[] = {"127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "172.16.0.0/12", "::1/128",
	    "fe80::/10", "fc00::/7"};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (is_inside(net, ranges[i]))
			return true;
	return false;
}

bool conf_check_allows_strangers(const struct check *check)
{
	const struct conf_nets *allow = &check->conf->lan.allow;

	for (size_t i = 0; i < allow->count; i++)
		if (!is_private(&allow->items[i]))
			return true;
	return false;
}

static void check_relay(const struct check *check)
{
	const struct conf_lan *lan = &check->conf->lan;

	if (!lan->require_auth && check->conf->smarthost_count > 0 && conf_check_allows_strangers(check))
		WARN_AT(check, &lan->allow, check->source->main,
		    N_("allow includes public networks, and require_auth = no: anybody there can "
		       "send mail through this gateway. Set require_auth = yes"));
}

void conf_check_lan(const struct check *check)
{
	const struct conf_lan *lan = &check->conf->lan;

	check_ports(check);
	conf_check_readable(check, "tls_cert", &lan->tls_cert, check->source->main);
	conf_check_readable(check, "tls_key", &lan->tls_key, check->source->main);
	if (lan->tls_cert[0] != '\0' && lan->tls_key[0] == '\0')
		ERROR_AT(check, &lan->tls_cert, check->source->main,
		    N_("tls_cert is set, but tls_key is not"));
	if (lan->tls_key[0] != '\0' && lan->tls_cert[0] == '\0')
		ERROR_AT(check, &lan->tls_key, check->source->main,
		    N_("tls_key is set, but tls_cert is not"));
	if (lan->listen.count == 0)
		WARN_AT(check, &lan->listen, check->source->main,
		    N_("listen is empty: no mail program can connect"));
	if (lan->allow.count == 0)
		WARN_AT(check, &lan->allow, check->source->main,
		    N_("allow is empty: nobody may connect"));
	if (lan->max_sessions_per_network >= lan->max_sessions)
		WARN_AT(check, &lan->max_sessions_per_network, check->source->main,
		    N_("max_sessions_per_network is not below max_sessions: one computer with IPv6 "
		       "can use all connections"));
	check_relay(check);
}

/* --- [line] and [line NAME] */

/* With several lines these keys belong to each of them. */
static void check_ways(const struct check *check)
{
	const struct conf_line *line = &check->conf->line;
	const struct {
		const char *name;
		const void *field;
		bool is_set;
	} keys[] = {
	    {"connect_command", &line->connect_command, line->connect_command[0] != '\0'},
	    {"disconnect_command", &line->disconnect_command, line->disconnect_command[0] != '\0'},
	    {"proxy", &line->proxy, line->proxy[0] != '\0'},
	    {"price_per_mb", &line->price_per_mb, line->price_per_mb != 0},
	    {"price_per_minute", &line->price_per_minute, line->price_per_minute != 0},
	    {"price_per_session", &line->price_per_session, line->price_per_session != 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(keys) && check->conf->way_count > 0; i++)
		if (keys[i].is_set)
			ERROR_AT(check, keys[i].field, check->source->main,
			    N_("%s is in [line], but there is [line %s]: move it to a [line NAME] of its own"), keys[i].name, check->conf->ways[0].name);
	for (size_t i = 0; i < check->conf->way_count; i++) {
		const struct conf_way *way = &check->conf->ways[i];

		if (way->disconnect_command[0] != '\0' && way->connect_command[0] == '\0')
			WARN_AT(check, &way->disconnect_command, way->place, N_("disconnect_command is set, but connect_command is not"));
	}
}

/* What brings the line up and down runs for each session. */
static void check_permanent(const struct check *check)
{
	const struct conf_line *line = &check->conf->line;

	if (line->permanent && conf_line_is_dialled(check->conf))
		ERROR_AT(check, &line->permanent, check->source->main, N_("[line] permanent = yes and connect_command contradict each other: a line that is connected for a "
		    "session is not always up"));
	else if (line->permanent && check->conf->way_count > 0)
		ERROR_AT(check, &line->permanent, check->source->main,
		    N_("[line] permanent = yes is for one line, but there is [line %s]"), check->conf->ways[0].name);
}

void conf_check_line(const struct check *check)
{
	const struct conf_line *line = &check->conf->line;

	check_ways(check);
	check_permanent(check);

	if (line->disconnect_command[0] != '\0' && line->connect_command[0] == '\0')
		WARN_AT(check, &line->disconnect_command, check->source->main,
		    N_("disconnect_command is set, but connect_command is not"));
}
