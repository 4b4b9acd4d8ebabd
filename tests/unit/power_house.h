/* For tests of power cuts: the state and the intake of a gateway, opened and closed as one. */
#ifndef LANPOST_TESTS_POWER_HOUSE_H
#define LANPOST_TESTS_POWER_HOUSE_H

#include "spool/storage/intake.h"

#define NEVER (3600 * 1000)

static bool house_open(struct spool *house, const char *folder)
{
	struct error error;
	struct intake_options options = {.spool = house, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = NEVER,
	    .reuse_after = 1};

	*house = spool_at((char *)(uintptr_t)folder);
	if (state_open(&house->state, house, NULL, &error) != 0)
		return false;
	options.state = house->state;
	if (intake_open(&house->intake, &options, NULL, &error) == 0)
		return true;
	state_close(house->state);
	return false;
}

static void house_close(struct spool *house)
{
	struct error error;

	intake_close(house->intake, &error); /* on failure all is in the log */
	state_close(house->state);
}

#endif
