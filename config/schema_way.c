/* The keys of [line NAME]: one of several lines. */
#include "config/schema.h"
#include "base/i18n.h"
#include "config/schema_rows.h"

const struct schema_key schema_way_keys[SCHEMA_WAY_KEYS] = {
    {"order", INTEGER(conf_way, order), "0", NULL, RANGE(0, 1000),
	N_("The line with the smallest number is tried first, then the next one; lines with the same number in the order of the file.")},
    {"connect_command", COMMAND(conf_way, connect_command), "", N_("always connected"), ANY,
	N_("As in [line]. If it fails, or there is no route within route_timeout, the next line is tried.")},
    {"disconnect_command", COMMAND(conf_way, disconnect_command), "", N_("none"), ANY, N_("As in [line].")},
    {"proxy", URL(conf_way, proxy), "", N_("none"), ONE_OF("socks5h", "socks5", "socks4a", "socks4", "http", "https"),
	N_("The proxy for all connections over this line.")},
    {"hours", HOURS(conf_way, hours_from), "", N_("all day"), ANY,
	N_("The hours in which sessions may begin to use this line; they may cross midnight.")},
    {"price_per_mb", PRICE(conf_way, price_per_mb), "0", NULL, RANGE(0, 1000000), N_("What a megabyte on this line costs, as in [line].")},
    {"price_per_minute", PRICE(conf_way, price_per_minute), "0", NULL, RANGE(0, 1000000), N_("What a minute of a session costs.")},
    {"price_per_session", PRICE(conf_way, price_per_session), "0", NULL, RANGE(0, 1000000), N_("What each session costs.")},
};
