/*
 * The tree of a conversation while imap_thread.h builds it: nodes of messages, and of messages that only others name.
 */
#ifndef LANPOST_MESSAGE_THREAD_TREE_H
#define LANPOST_MESSAGE_THREAD_TREE_H

#include "message/imap/imap_thread.h"

struct thread_node {
	const struct imap_thread_message *message; /* NULL: not in the mailbox, or a common parent */
	size_t first; /* position in the mailbox, of a common parent that of its first child: the order of equal dates */
	int64_t date;
	bool is_gone; /* pruned; its children, if any, are those of its parent */
	struct thread_node *parent;
	struct thread_node *child, *next; /* child: the first one, after thread_tree_prune(); both are set again while writing */
};

struct thread_tree {
	struct thread_node **nodes; /* those of the messages first, in their order */
	size_t count, messages;
};

void thread_tree_init(struct thread_tree *tree, const struct imap_thread_message *messages, size_t count);
void thread_tree_clear(struct thread_tree *tree);
/* A node without a message. */
struct thread_node *thread_tree_add(struct thread_tree *tree);
/* Makes `parent` the parent of the node, unless that would be a loop (or the chain above is absurdly long). */
void thread_tree_link(struct thread_node *node, struct thread_node *parent);
/* RFC 5256 REFERENCES step 3: nodes without a message go, and their children take their place; one that would leave several children
 * without a parent stays. */
void thread_tree_prune(struct thread_tree *tree);
/* The nodes without parent, in the order of their dates: new memory. */
size_t thread_tree_roots(struct thread_tree *tree, struct thread_node ***roots);
/* The node's message; of a common parent that of its first child. After thread_tree_prune(). */
const struct imap_thread_message *thread_tree_message(const struct thread_node *node);
/* Gives the children of one common parent to another; the first one is gone then. */
void thread_tree_merge(struct thread_node *from, struct thread_node *to);
/* By date, then by position. */
int thread_tree_compare(const struct thread_node *a, const struct thread_node *b);
/* Appends the threads as the reply has them. */
void thread_tree_write(struct thread_tree *tree, struct buf *out);

#endif
