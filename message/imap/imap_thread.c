#include "message/imap/imap_thread.h"

#include "base/alloc.h"
#include "base/map.h"
#include "message/header.h"
#include "message/imap/imap_subject.h"
#include "message/imap/thread_tree.h"

#include <stdlib.h>

#define FIELD_MAX (64u << 10)
#define ID_MAX 1000
#define NODE_EXTRA 100 /* bytes of an entry in a map, and what each allocation takes */

/* --- what a message says */

/* Cuts the next <id> off, without its brackets and without white space in it. */
static char *take_id(struct slice *text)
{
	struct buf id = BUF_INIT(ID_MAX);
	ptrdiff_t start = slice_find(*text, '<'), end;

	if (start < 0)
		return NULL;
	*text = slice_from(*text, (size_t)start + 1);
	end = slice_find(*text, '>');
	if (end < 0)
		return NULL;
	for (ptrdiff_t i = 0; i < end; i++)
		if (strchr(" \t\r\n\"", text->ptr[i]) == NULL)
			buf_append_byte(&id, text->ptr[i]);
	*text = slice_from(*text, (size_t)end + 1);
	return buf_take(&id);
}

static void add_reference(struct strlist *references, const char *id)
{
	if (references->count == IMAP_THREAD_REFERENCES_MAX) {
		free(references->items[0]);
		memmove(references->items, references->items + 1, (references->count - 1) * sizeof(*references->items));
		references->count--;
	}
	strlist_add(references, id);
}

/* The ids of a field, at most `most`. */
static void read_ids(struct slice header, const char *name, size_t most, struct strlist *ids)
{
	struct header_field field;
	char *id;

	if (!header_find(header, name, &field))
		return;
	if (field.body.len > FIELD_MAX)
		field.body = slice_from(field.body, field.body.len - FIELD_MAX);
	while (most-- > 0 && (id = take_id(&field.body)) != NULL) {
		if (id[0] != '\0')
			add_reference(ids, id);
		free(id);
	}
}

void imap_thread_message_read(struct imap_thread_message *message, struct slice header, struct slice subject)
{
	struct buf base = BUF_INIT(FIELD_MAX);
	struct strlist own = {NULL, 0};

	message->is_reply = imap_subject_base(subject, &base);
	message->subject = buf_take(&base);
	read_ids(header, "Message-ID", 1, &own);
	message->message_id = own.count > 0 ? xstrdup(own.items[0]) : NULL;
	strlist_clear(&own);
	message->references = (struct strlist){NULL, 0};
	read_ids(header, "References", SIZE_MAX, &message->references);
	if (message->references.count == 0)
		read_ids(header, "In-Reply-To", 1, &message->references);
}

void imap_thread_message_clear(struct imap_thread_message *message)
{
	free(message->subject);
	free(message->message_id);
	strlist_clear(&message->references);
}

/* Twice: the tree finds each id by a copy. */
static size_t bytes_of(const char *id)
{
	return id == NULL ? 0 : 2 * strlen(id) + sizeof(struct thread_node) + NODE_EXTRA;
}

size_t imap_thread_message_bytes(const struct imap_thread_message *message)
{
	size_t bytes = sizeof(*message) + strlen(message->subject) + bytes_of(message->message_id);

	for (size_t i = 0; i < message->references.count; i++)
		bytes += bytes_of(message->references.items[i]);
	return bytes;
}

/* --- ORDEREDSUBJECT */

static int compare_subjects(const void *a, const void *b)
{
	const struct thread_node *x = *(const struct thread_node *const *)a, *y = *(const struct thread_node *const *)b;
	int result = strcmp(x->message->subject, y->message->subject);

	if (result != 0)
		return result;
	return thread_tree_compare(x, y);
}

void imap_thread_by_subject(const struct imap_thread_message *messages, size_t count, struct buf *out)
{
	struct thread_tree tree;
	struct thread_node **sorted = xcalloc(count + 1, sizeof(*sorted)), *first = NULL;

	thread_tree_init(&tree, messages, count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = tree.nodes[i];
	qsort(sorted, count, sizeof(*sorted), compare_subjects);
	for (size_t i = 0; i < count; i++) {
		if (first != NULL && strcmp(first->message->subject, sorted[i]->message->subject) == 0)
			sorted[i]->parent = first;
		else
			first = sorted[i];
	}
	thread_tree_write(&tree, out);
	thread_tree_clear(&tree);
	free(sorted);
}

/* --- REFERENCES */

/* Steps 1 and 2: the node of each id, also of ids that only other messages name. */
static struct thread_node *node_of(struct thread_tree *tree, struct map *by_id, const char *id)
{
	struct thread_node *node = map_get(by_id, slice_of(id));

	if (node == NULL) {
		node = thread_tree_add(tree);
		map_put(by_id, slice_of(id), node);
	}
	return node;
}

/* A second message with the same id is a message of its own. */
static void claim_id(struct map *by_id, struct thread_node *node)
{
	const char *id = node->message->message_id;

	if (id != NULL && map_get(by_id, slice_of(id)) == NULL)
		map_put(by_id, slice_of(id), node);
}

static void link_references(struct thread_tree *tree, struct map *by_id, struct thread_node *node)
{
	const struct strlist *references = &node->message->references;
	struct thread_node *last = NULL;

	for (size_t i = 0; i < references->count; i++) {
		struct thread_node *next = node_of(tree, by_id, references->items[i]);

		if (last != NULL && next->parent == NULL)
			thread_tree_link(next, last);
		last = next;
	}
	if (last == NULL)
		return;
	node->parent = NULL;
	thread_tree_link(node, last);
}

/* Steps 4 and 5: threads whose first messages have one subject are one thread. */
static void merge_subject(struct thread_tree *tree, struct map *by_subject, struct thread_node *root)
{
	const struct imap_thread_message *message = thread_tree_message(root);
	struct thread_node *held = map_get(by_subject, slice_of(message->subject));

	if (held == NULL || held == root)
		return;
	if (held->message == NULL && root->message == NULL) {
		thread_tree_merge(root, held);
	} else if (held->message == NULL || (message->is_reply && !thread_tree_message(held)->is_reply)) {
		root->parent = held;
	} else {
		struct thread_node *both = thread_tree_add(tree); /* held is the earlier one: the roots come in order */

		both->child = held;
		both->date = held->date;
		both->first = held->first;
		held->parent = root->parent = both;
		map_put(by_subject, slice_of(message->subject), both);
	}
}

static void note_subject(struct map *by_subject, struct thread_node *root)
{
	const struct imap_thread_message *message = thread_tree_message(root);
	struct thread_node *held;

	if (message->subject[0] == '\0')
		return;
	held = map_get(by_subject, slice_of(message->subject));
	if (held == NULL || (held->message != NULL && (root->message == NULL || (thread_tree_message(held)->is_reply && !message->is_reply))))
		map_put(by_subject, slice_of(message->subject), root);
}

void imap_thread_by_references(const struct imap_thread_message *messages, size_t count, struct buf *out)
{
	struct map by_id = MAP_INIT, by_subject = MAP_INIT;
	struct thread_node **roots;
	struct thread_tree tree;
	size_t root_count;

	thread_tree_init(&tree, messages, count);
	for (size_t i = 0; i < count; i++)
		claim_id(&by_id, tree.nodes[i]);
	for (size_t i = 0; i < count; i++)
		link_references(&tree, &by_id, tree.nodes[i]);
	thread_tree_prune(&tree);
	root_count = thread_tree_roots(&tree, &roots);
	for (size_t i = 0; i < root_count; i++)
		note_subject(&by_subject, roots[i]);
	for (size_t i = 0; i < root_count; i++)
		merge_subject(&tree, &by_subject, roots[i]);
	thread_tree_write(&tree, out);
	map_clear(&by_id);
	map_clear(&by_subject);
	free(roots);
	thread_tree_clear(&tree);
}
