#include "ui-tui/command/check_sign_in.h"

#include "base/i18n.h"
#include "base/process/service_user.h"
#include "mail/sign_in.h"

static void check(const struct conf *conf, struct conf_place place, const struct conf_remote *remote, struct conf_problems *problems)
{
	enum sign_in_state state;
	char verb[128];
	int64_t end;

	if (remote->oauth2 == OAUTH2_NONE)
		return;
	state = sign_in_look(conf, remote, &end);
	sign_in_verb(conf, remote, verb, sizeof(verb));
	if (state == SIGN_IN_MISSING)
		conf_problem_add(problems, place, true, N_("nobody has signed in for %s yet; run: %s"), remote->user, verb);
	else if (state == SIGN_IN_UNKNOWN)
		conf_problem_add(problems, place, true, N_("the file of the sign-in of %s cannot be read, or is damaged; run: %s"), remote->user, verb);
	else if (state == SIGN_IN_REFUSED)
		conf_problem_add(problems, place, true, N_("the provider no longer accepts the sign-in of %s; run: %s"), remote->user, verb);
}

void check_sign_in(const struct conf *conf, struct conf_problems *problems)
{
	struct error error;

	if (service_user_act_for(conf->gateway.spool, &error) != 0)
		return;
	for (size_t i = 0; i < conf->account_count; i++)
		if (conf->accounts[i].enabled)
			check(conf, conf->accounts[i].place, &conf->accounts[i].remote, problems);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		check(conf, conf->smarthosts[i].place, &conf->smarthosts[i].remote, problems);
	service_user_pause();
}
