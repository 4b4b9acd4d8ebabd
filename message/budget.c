#include "message/budget.h"

#include "message/charset.h"

static _Thread_local uint64_t spent;

void budget_begin(void)
{
	spent = 0;
	charset_begin_message();
}

bool budget_spend(uint64_t units)
{
	uint64_t left = spent < BUDGET_UNITS ? BUDGET_UNITS - spent : 0;

	spent = units < left ? spent + units : BUDGET_UNITS;
	return units < left;
}
