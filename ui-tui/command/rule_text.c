#include "ui-tui/command/rule_text.h"

/* "; deliver ivan, olga" */
static void add_list(struct buf *text, const char *key, const struct strlist *names)
{
	for (size_t i = 0; i < names->count; i++)
		buf_printf(text, "%s%s%s", i > 0 ? ", " : text->len > 0 ? "; " : "",
		    i > 0 ? "" : key, names->items[i]);
}

static void add_text(struct buf *text, const char *key, const char *value)
{
	if (value[0] != '\0')
		buf_printf(text, "%s%s%s", text->len > 0 ? "; " : "", key, value);
}

void rule_actions(const struct conf_rule *rule, struct buf *text)
{
	add_list(text, "deliver ", &rule->deliver);
	add_list(text, "copy ", &rule->copy);
	add_list(text, "forward ", &rule->forward);
	add_list(text, "redirect ", &rule->redirect);
	add_list(text, "reject_to ", &rule->reject_to);
	add_text(text, "tag ", rule->tag);
	add_text(text, "subject_prefix ", rule->subject_prefix);
	add_text(text, "", rule->reply[0] == '\0' ? "" : "reply");
	add_text(text, "", rule->drop ? "drop" : "");
	add_text(text, "", rule->stop ? "stop" : "");
}
