/*
 * Questions to the process with the password verifiers, and its answers: refused, or exactly one message whose strings are
 * inside it and within their limits, and which is written the same way again. The first byte chooses between question and
 * answer.
 */
#include "lan-server/login/auth_wire.h"
#include "tests/fuzz/common/fuzz.h"

static bool lies_in(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void try_question(struct slice bytes)
{
	struct buf again = BUF_INIT(AUTH_QUESTION_MAX);
	struct auth_question question;

	if (!auth_question_read(bytes, &question))
		return;
	assert(question.kind > 0 && question.kind < ASK_KINDS);
	assert(question.name.len <= AUTH_NAME_MAX && question.text.len <= AUTH_TEXT_MAX && question.proof.len <= AUTH_PROOF_MAX);
	assert(lies_in(question.name, bytes) && lies_in(question.text, bytes) && lies_in(question.proof, bytes));
	auth_question_write(&question, &again);
	assert(!again.overflow && slice_equal(buf_slice(&again), bytes));
	buf_clear(&again);
}

static void try_answer(struct slice bytes)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct buf again = BUF_INIT(2 * AUTH_ANSWER_MAX);

	if (auth_answer_read(bytes, &answer)) {
		assert(answer.verdict < VERDICTS && answer.delays <= AUTH_DELAYS_MAX && answer.bytes.len <= AUTH_ANSWER_MAX);
		auth_answer_write(&answer, &again);
		assert(!again.overflow && slice_equal(buf_slice(&again), bytes));
	}
	buf_clear(&answer.bytes);
	buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_make((const char *)data, size);

	if (fuzz_byte(&bytes) % 2 == 0)
		try_question(bytes);
	else
		try_answer(bytes);
	return 0;
}
