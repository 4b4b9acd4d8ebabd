#include "base/plural.h"

#include "base/alloc.h"

#define DEPTH_MAX 32

struct parser {
	struct slice rest;
	unsigned long n;
	int depth;
	bool failed;
};

static unsigned long choice(struct parser *p);

static bool take(struct parser *p, const char *token)
{
	size_t len = strlen(token);

	while (p->rest.len > 0 && (p->rest.ptr[0] == ' ' || p->rest.ptr[0] == '\t'))
		p->rest = slice_from(p->rest, 1);
	if (p->rest.len < len || memcmp(p->rest.ptr, token, len) != 0)
		return false;
	p->rest = slice_from(p->rest, len);
	return true;
}

static unsigned long number(struct parser *p)
{
	unsigned long value = 0;

	if (p->rest.len == 0 || p->rest.ptr[0] < '0' || p->rest.ptr[0] > '9')
		p->failed = true;
	while (p->rest.len > 0 && p->rest.ptr[0] >= '0' && p->rest.ptr[0] <= '9') {
		value = value * 10 + (unsigned long)(p->rest.ptr[0] - '0');
		p->rest = slice_from(p->rest, 1);
	}
	return value;
}

static unsigned long operand(struct parser *p)
{
	unsigned long value;

	if (p->failed || ++p->depth > DEPTH_MAX) {
		p->failed = true;
		return 0;
	}
	if (take(p, "!")) {
		value = operand(p) == 0;
	} else if (take(p, "(")) {
		value = choice(p);
		p->failed = p->failed || !take(p, ")");
	} else {
		value = take(p, "n") ? p->n : number(p);
	}
	p->depth--;
	return value;
}

/* Longer ones first: "<=" begins with "<". */
static const struct {
	const char *token;
	int level; /* a higher level binds more tightly */
} operators[] = {
    {"||", 1}, {"&&", 2}, {"==", 3}, {"!=", 3}, {"<=", 4}, {">=", 4}, {"<", 4}, {">", 4}, {"+", 5}, {"-", 5}, {"*", 6}, {"/", 6}, {"%", 6},
};

static unsigned long apply(struct parser *p, const char *token, unsigned long a, unsigned long b)
{
	switch (token[0]) {
	case '|':
		return a != 0 || b != 0;
	case '&':
		return a != 0 && b != 0;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '<':
		return token[1] == '=' ? a <= b : a < b;
	case '>':
		return token[1] == '=' ? a >= b : a > b;
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	default:
		break;
	}
	if (b == 0) {
		p->failed = true;
		return 0;
	}
	return token[0] == '/' ? a / b : a % b;
}

/* Operators of this level and higher ones; all are left-associative. */
static unsigned long binary(struct parser *p, int level)
{
	unsigned long value = level > 6 ? operand(p) : binary(p, level + 1);

	for (size_t i = 0; level <= 6 && !p->failed && i < ARRAY_LEN(operators);) {
		if (operators[i].level != level || !take(p, operators[i].token)) {
			i++;
			continue;
		}
		value = apply(p, operators[i].token, value, binary(p, level + 1));
		i = 0;
	}
	return value;
}

static unsigned long choice(struct parser *p)
{
	unsigned long value = binary(p, 1), yes, no;

	if (p->failed || !take(p, "?"))
		return value;
	if (++p->depth > DEPTH_MAX) {
		p->failed = true;
		return 0;
	}
	yes = choice(p);
	p->failed = p->failed || !take(p, ":");
	no = p->failed ? 0 : choice(p);
	p->depth--;
	return value != 0 ? yes : no;
}

unsigned long plural_form(struct slice expression, unsigned long n)
{
	struct parser p = {.rest = expression, .n = n};
	unsigned long form = choice(&p);

	return p.failed ? 0 : form;
}
