#include "message/imap/thread_tree.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdlib.h>

/* No conversation is this deep; a longer chain is broken into two. It bounds the search for loops. */
#define CHAIN_MAX 1000

struct thread_node *thread_tree_add(struct thread_tree *tree)
{
	struct thread_node *node = xcalloc(1, sizeof(*node));

	node->date = INT64_MAX;
	node->first = SIZE_MAX;
	ARRAY_GROW(tree->nodes, tree->count);
	tree->nodes[tree->count++] = node;
	return node;
}

void thread_tree_init(struct thread_tree *tree, const struct imap_thread_message *messages, size_t count)
{
	*tree = (struct thread_tree){.messages = count};
	for (size_t i = 0; i < count; i++) {
		struct thread_node *node = thread_tree_add(tree);

		node->message = &messages[i];
		node->date = messages[i].date;
		node->first = i;
	}
}

void thread_tree_clear(struct thread_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->nodes[i]);
	free(tree->nodes);
	*tree = (struct thread_tree){NULL, 0, 0};
}

void thread_tree_link(struct thread_node *node, struct thread_node *parent)
{
	size_t steps = 0;

	for (const struct thread_node *above = parent; above != NULL; above = above->parent)
		if (above == node || ++steps > CHAIN_MAX)
			return;
	node->parent = parent;
}

/* --- pruning */

/* The nearest node above that has a message; else the topmost one; NULL if there is nothing above. */
static struct thread_node *real_parent(const struct thread_node *node)
{
	struct thread_node *above = node->parent;

	while (above != NULL && above->message == NULL && above->parent != NULL)
		above = above->parent;
	return above;
}

static void note_child(struct thread_node *parent, const struct thread_node *child)
{
	if (parent->child == NULL || thread_tree_compare(child, parent->child) < 0)
		parent->child = (struct thread_node *)child;
}

void thread_tree_prune(struct thread_tree *tree)
{
	struct thread_node **parents = xcalloc(tree->count + 1, sizeof(struct thread_node *));

	for (size_t i = 0; i < tree->count; i++) {
		tree->nodes[i]->is_gone = tree->nodes[i]->message == NULL;
		parents[i] = tree->nodes[i]->is_gone ? NULL : real_parent(tree->nodes[i]);
		tree->nodes[i]->next = NULL;
	}
	for (size_t i = 0; i < tree->count; i++)
		tree->nodes[i]->parent = parents[i];
	/* A common parent stays if at least two messages are below it: `next` marks that it has one already. */
	for (size_t i = 0; i < tree->messages; i++) {
		struct thread_node *parent = tree->nodes[i]->parent;

		if (parent == NULL || parent->message != NULL)
			continue;
		parent->is_gone = parent->next == NULL;
		parent->next = tree->nodes[i];
		note_child(parent, tree->nodes[i]);
	}
	for (size_t i = 0; i < tree->messages; i++)
		if (tree->nodes[i]->parent != NULL && tree->nodes[i]->parent->is_gone)
			tree->nodes[i]->parent = NULL;
	for (size_t i = tree->messages; i < tree->count; i++)
		if (!tree->nodes[i]->is_gone) {
			tree->nodes[i]->date = tree->nodes[i]->child->date;
			tree->nodes[i]->first = tree->nodes[i]->child->first;
		}
	free(parents);
}

const struct imap_thread_message *thread_tree_message(const struct thread_node *node)
{
	while (node->message == NULL)
		node = node->child;
	return node->message;
}

void thread_tree_merge(struct thread_node *from, struct thread_node *to)
{
	from->parent = to;
	from->is_gone = true;
}

/* --- order */

int thread_tree_compare(const struct thread_node *a, const struct thread_node *b)
{
	if (a->date != b->date)
		return a->date < b->date ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first ? 1 : 0;
}

static int compare(const void *a, const void *b)
{
	return thread_tree_compare(*(const struct thread_node *const *)a, *(const struct thread_node *const *)b);
}

/* All nodes that remain, by date. */
static size_t sort_nodes(const struct thread_tree *tree, struct thread_node ***sorted)
{
	size_t count = 0;

	*sorted = xcalloc(tree->count + 1, sizeof(**sorted));
	for (size_t i = 0; i < tree->count; i++)
		if (!tree->nodes[i]->is_gone)
			(*sorted)[count++] = tree->nodes[i];
	qsort(*sorted, count, sizeof(**sorted), compare);
	return count;
}

size_t thread_tree_roots(struct thread_tree *tree, struct thread_node ***roots)
{
	size_t count = sort_nodes(tree, roots), kept = 0;

	for (size_t i = 0; i < count; i++)
		if ((*roots)[i]->parent == NULL)
			(*roots)[kept++] = (*roots)[i];
	return kept;
}

/* --- writing */

static void write_thread(const struct thread_node *root, struct buf *out)
{
	const struct thread_node *node = root;

	buf_append_byte(out, '(');
	for (;;) {
		if (node->message != NULL)
			buf_printf(out, "%s%" PRIu32, out->ptr[out->len - 1] == '(' ? "" : " ", node->message->number);
		if (node->child != NULL) {
			if (node->child->next != NULL)
				buf_append_text(out, out->ptr[out->len - 1] == '(' ? "(" : " (");
			node = node->child;
			continue;
		}
		while (node != root && node->next == NULL) {
			if (node->parent->child != node)
				buf_append_byte(out, ')');
			node = node->parent;
		}
		if (node == root || out->overflow)
			break;
		buf_append_text(out, ")(");
		node = node->next;
	}
	buf_append_byte(out, ')');
}

/* Lists the children of each node by date: from the last one, so that each is put before those that are there. */
static void list_children(struct thread_node **sorted, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sorted[i]->child = NULL;
	for (size_t i = count; i-- > 0;) {
		struct thread_node *parent = sorted[i]->parent;

		while (parent != NULL && parent->is_gone)
			parent = parent->parent;
		sorted[i]->parent = parent;
		if (parent == NULL)
			continue;
		sorted[i]->next = parent->child;
		parent->child = sorted[i];
	}
}

void thread_tree_write(struct thread_tree *tree, struct buf *out)
{
	struct thread_node **sorted;
	size_t count = sort_nodes(tree, &sorted);

	list_children(sorted, count);
	for (size_t i = 0; i < count; i++)
		if (sorted[i]->parent == NULL)
			write_thread(sorted[i], out);
	free(sorted);
}
