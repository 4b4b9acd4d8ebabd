/*
 * Checks of [lan]: ports, certificate, and the clients that the IP filter accepts.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf_check_priv.h"
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
