#include "ui-tui/command/cli.h"
#include "ui-tui/wizard/provider.h"
#include "upstream/provider_hint.h"
#include "ui-tui/command/password.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/form.h"
#include "ui-tui/widgets/term.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct schema_key *key_of(const char *section, const char *key)
{
	return schema_find_key(schema_find(section), key);
}

static void type(struct form *form, const char *text)
{
	for (; *text != '\0'; text++)
		form_key(form, *text);
}

static void fields_are_checked_as_they_are_typed(void **state)
{
	static const struct {
		const char *section, *key, *text;
		bool good;
	} cases[] = {
	    {"schedule", "every", "15m", true},
	    {"schedule", "every", "15x", false},
	    {"schedule", "every", "", true}, /* the default */
	    {"lan", "allow", "10.0.0.0/8, 192.168", true},
	    {"lan", "allow", "10.0.0.0/33", false},
	    {"lan", "smtp_port", "70000", false},
	    {"account", "url", "pop3s://pop.example.ru:995", true},
	    {"account", "url", "ftp://example.ru", false},
	    {"account", "url", "", false}, /* must be given */
	    {"user", "external_alias", "ivan", false},
	    {"gateway", "hostname", "gw.office.lan", true},
	    {"smarthost", "retry", "5m, 1h", true},
	    {"smarthost", "retry", "5m, soon", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct form form = {0};

		form_add_key(&form, schema_find(cases[i].section), key_of(cases[i].section, cases[i].key), "");
		type(&form, cases[i].text);
		assert_int_equal(form_check(&form) == NULL, cases[i].good);
		assert_int_equal(form.fields[0]->error[0] == '\0', cases[i].good);
		form_clear(&form);
	}
}

static void choices_go_round(void **state)
{
	struct form form = {0};
	char *text;

	(void)state;
	form_add_key(&form, schema_find("account"), key_of("account", "tls"), "");
	static const char *const round[] = {"required", "opportunistic", "none", "", "required"};
	for (size_t i = 0; i < ARRAY_LEN(round); i++) {
		assert_int_equal(form_key(&form, ' '), FORM_CHANGED);
		text = form_text(form.fields[0]);
		assert_string_equal(text, round[i]);
		free(text);
	}
	form_key(&form, TERM_LEFT);
	form_key(&form, 'o');
	text = form_text(form.fields[0]);
	assert_string_equal(text, "opportunistic");
	free(text);
	assert_int_equal(form_key(&form, 'x'), FORM_NOTHING);
	assert_null(form_check(&form));
	form_clear(&form);
}

static void focus_goes_round_and_buttons_are_pressed(void **state)
{
	struct form form = {0};

	(void)state;
	form_add(&form, "a", "a", FORM_TEXT, "");
	form_add(&form, "b", "b", FORM_TEXT, "");
	form_button(&form, "Save");
	form_button(&form, "Cancel");
	assert_int_equal(form_key(&form, TERM_ENTER), FORM_MOVED);
	assert_int_equal(form.at, 1);
	form_key(&form, TERM_DOWN);
	assert_int_equal(form.at, 2);
	assert_int_equal(form_key(&form, TERM_RIGHT), FORM_MOVED);
	assert_int_equal(form_key(&form, TERM_ENTER), FORM_PRESSED);
	assert_int_equal(form.at - form.count, 1);
	form_key(&form, TERM_TAB);
	assert_int_equal(form.at, 0);
	form_key(&form, TERM_BACK_TAB);
	assert_int_equal(form.at, 3);
	form_key(&form, TERM_UP);
	assert_int_equal(form.at, 1);
	assert_int_equal(form_key(&form, TERM_CTRL('S')), FORM_PRESSED);
	assert_int_equal(form.at - form.count, 0);
	form_focus(&form, form.fields[1]);
	assert_int_equal(form.at, 1);
	form_clear(&form);
}

/* Rarely used fields are behind a button, are also checked, and are shown if wrong. */
static void rare_fields_stand_behind_a_button(void **state)
{
	struct form form = {0};

	(void)state;
	form_add(&form, "a", "a", FORM_TEXT, "");
	form_add(&form, "b", "b", FORM_TEXT, "");
	form_add_key(&form, schema_find("schedule"), key_of("schedule", "every"), "");
	form_button(&form, "Save");
	form_hide(&form, 2, "More");
	assert_int_equal(form.count, 2);
	assert_non_null(form_find(&form, "every"));
	form_key(&form, TERM_BACK_TAB);
	assert_int_equal(form.at - form.count, 1);
	assert_int_equal(form_key(&form, TERM_ENTER), FORM_MOVED);
	assert_int_equal(form.count, 3);
	assert_int_equal(form.at, 2);
	assert_int_equal(form.button_count, 1);
	form_clear(&form);
	form_add(&form, "a", "a", FORM_TEXT, "");
	form_add_key(&form, schema_find("schedule"), key_of("schedule", "every"), "15x");
	form_hide(&form, 1, "More");
	form_focus(&form, form_check(&form));
	assert_int_equal(form.count, 2);
	assert_int_equal(form.at, 1);
	form_clear(&form);
}

/* In both languages a form has room for it, and no key is without one. */
static void every_key_has_a_label(void **state)
{
	static const char *const languages[] = {"en", "ru"};

	(void)state;
	for (size_t l = 0; l < ARRAY_LEN(languages); l++) {
		i18n_start(languages[l]);
		for (size_t i = 0; i < schema_section_count; i++)
			for (size_t j = 0; j < schema_sections[i].key_count; j++) {
				const struct schema_section *section = &schema_sections[i];
				const char *label = schema_label(section, &section->keys[j]);

				if (strcmp(label, section->keys[j].name) == 0 || text_width(label) > 33)
					fail_msg("[%s] %s: give it a label in config/schema_label.c", section->kind, section->keys[j].name);
			}
	}
	i18n_start("en");
}

static void suggestions_leave_what_was_typed(void **state)
{
	struct form form = {0};
	struct form_field *one, *other;
	char *text;

	(void)state;
	one = form_add(&form, "one", "one", FORM_TEXT, "");
	other = form_add(&form, "other", "other", FORM_TEXT, "x");
	assert_false(form_any_changed(&form));
	form_suggest(one, "a");
	form_suggest(one, "b");
	assert_true(form_is_changed(one));
	form.at = 1;
	type(&form, "y");
	form_suggest(other, "z");
	text = form_text(other);
	assert_string_equal(text, "xy");
	free(text);
	text = form_text(one);
	assert_string_equal(text, "b");
	free(text);
	form_suggest(NULL, "nothing");
	form_key(&form, TERM_BACKSPACE);
	assert_false(form_is_changed(other));
	form_clear(&form);
}

static void providers_are_known_by_address(void **state)
{
	static const struct {
		const char *address, *url;
	} cases[] = {
	    {"a@gmail.com", "pop3s://pop.gmail.com:995"}, {"a@YA.ru", "pop3s://pop.yandex.ru:995"},
	    {"a@bk.ru", "pop3s://pop.mail.ru:995"}, {"a@lenta.ru", "pop3s://pop.rambler.ru:995"},
	    {"a@hotmail.com", "pop3s://outlook.office365.com:995"}, {"a@icloud.com", "imaps://imap.mail.me.com:993"},
	    {"a@gmx.de", "pop3s://pop.gmx.net:995"}, {"a@example.ru", NULL}, {"a", NULL}, {"", NULL}, {"a@", NULL},
	    {"a@mail.ru.example", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct provider *provider = provider_of(slice_of(cases[i].address));

		if (cases[i].url == NULL)
			assert_null(provider);
		else
			assert_string_equal(provider->fetch, cases[i].url);
	}
}

/* Suggestions are also valid according to the table of keys. */
static void urls_of_providers_are_good(void **state)
{
	static const char *const addresses[] = {"a@gmail.com", "a@ya.ru", "a@bk.ru", "a@lenta.ru", "a@live.com", "a@me.com",
	    "a@gmx.de", "a@gmx.com", "a@web.de", "a@yahoo.com"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		const struct provider *provider = provider_of(slice_of(addresses[i]));
		struct form form = {0};

		form_add_key(&form, schema_find("account"), key_of("account", "url"), provider->fetch);
		form_add_key(&form, schema_find("smarthost"), key_of("smarthost", "url"), provider->send);
		if (provider_hint_oauth2(provider->fetch) != NULL)
			form_add_key(&form, schema_find("account"), key_of("account", "oauth2"), provider_hint_oauth2(provider->fetch));
		assert_true((provider_hint_oauth2(provider->fetch) != NULL) == (provider_hint_oauth2(provider->send) != NULL));
		assert_null(form_check(&form));
		form_clear(&form);
	}
}

static void servers_without_passwords_are_known(void **state)
{
	static const struct {
		const char *url;
		bool takes_none;
	} cases[] = {
	    {"pop3s://outlook.office365.com:995", true}, {"imaps://OUTLOOK.Office365.com", true}, {"smtp://smtp-mail.outlook.com:587", true},
	    {"pop3s://pop.gmail.com:995", false}, {"imaps://office365.com.example.ru", false}, {"imaps://my-outlook.com", false},
	    {"imaps://example.ru/outlook.office365.com", false}, {"outlook.com", false}, {"", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true((provider_hint_oauth2(cases[i].url) != NULL) == cases[i].takes_none);
}

static void other_domains_are_guessed(void **state)
{
	static const struct {
		const char *address, *url;
	} cases[] = {{"a@example.ru", "pop3s://pop.example.ru:995"}, {"a@example", NULL}, {"a", NULL}, {"a@b c.ru", NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *guess = provider_guess(slice_of(cases[i].address), "pop3s://pop", 995);

		if (cases[i].url == NULL)
			assert_null(guess);
		else
			assert_string_equal(guess, cases[i].url);
		free(guess);
	}
}

static void weak_passwords_are_named(void **state)
{
	static const struct {
		const char *password, *user;
		bool weak;
	} cases[] = {
	    {"", "ivan", true}, {"ivan1990!", "ivan", true}, {"Qwerty-77", "x", true}, {"abc-12", "x", true},
	    {"abcdefghij", "x", true}, {"abcdefghijklmno", "x", false}, {"Sonne-7-Mond", "ivan", false}, {"abc", "", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(password_weakness(cases[i].password, cases[i].user) != NULL, cases[i].weak);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_checked_as_they_are_typed),
	    cmocka_unit_test(choices_go_round),
	    cmocka_unit_test(focus_goes_round_and_buttons_are_pressed),
	    cmocka_unit_test(rare_fields_stand_behind_a_button),
	    cmocka_unit_test(every_key_has_a_label),
	    cmocka_unit_test(suggestions_leave_what_was_typed),
	    cmocka_unit_test(providers_are_known_by_address),
	    cmocka_unit_test(urls_of_providers_are_good),
	    cmocka_unit_test(servers_without_passwords_are_known),
	    cmocka_unit_test(other_domains_are_guessed),
	    cmocka_unit_test(weak_passwords_are_named),
	};

	i18n_start("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
