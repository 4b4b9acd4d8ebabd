/* For tests of power cuts: the state and the intake of a gateway, opened and closed as one. */
#ifndef LANPOST_TESTS_POWER_HOUSE_H
#define LANPOST_TESTS_POWER_HOUSE_H

#include "spool/log/intake.h"

#define NEVER (3600 * 1000)

struct house {
	struct state *state;
	struct intake *intake;
};

static bool house_open(struct house *house, const char *spool)
{
	struct error error;
	struct intake_options options = {.spool = spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = NEVER};

	if (state_open(&house->state, spool, NULL, &error) != 0)
		return false;
	options.state = house->state;
	if (intake_open(&house->intake, &options, NULL, &error) == 0)
		return true;
	state_close(house->state);
	return false;
}

static void house_close(struct house *house)
{
	struct error error;

	intake_close(house->intake, &error); /* on failure all is in the log */
	state_close(house->state);
}

#endif
