/*
 * The order in which a session fetches its accounts: those with a lower `priority` wait until those with a higher one are done, whether
 * they have succeeded or not. Accounts of the same priority are fetched at the same time, but those with `duplicates = drop` one after the other, as they are in the configuration: so
 * each knows what the ones before have fetched.
 *
 * It belongs to one session and is shared by its threads.
 */
#ifndef LANPOST_GATEWAY_ACCOUNT_ORDER_H
#define LANPOST_GATEWAY_ACCOUNT_ORDER_H

#include "config/conf.h"

#include <pthread.h>

struct account_order {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct account_order_item {
		enum conf_priority priority;
		bool takes_turns;
		bool is_done;
	} *items;
	size_t count;
};

void account_order_init(struct account_order *order);
void account_order_clear(struct account_order *order);
/* Adds an account, before the first one waits. Its number is that of the accounts before. */
void account_order_add(struct account_order *order, const struct conf_account *account);
/* Waits until it is the turn of this account; returns false if *cancelled meanwhile. */
bool account_order_wait(struct account_order *order, size_t number, const atomic_bool *cancelled);
/* It is done, or will never begin. */
void account_order_done(struct account_order *order, size_t number);

#endif
