/*
 * The sample mail of the demo: a dozen letters as an office gets them, in their real charsets.
 */
#include "spool/mailbox/maildir_deliver.h"
#include "spool/mailbox/maildir_name.h"
#include "ui-tui/demo/demo.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/i18n.h"

#include <iconv.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define LETTER_MAX (64u << 10)

struct letter {
	const char *mailbox; /* at the provider */
	const char *from_name, *from, *to;
	const char *subject, *charset;
	const char *text;
	const char *file, *type; /* attachment, NULL for none */
};

static const struct letter letters[] = {
    {"branch", "Отдел расчётов", "billing@bank.example", "office@example.ru", "Счёт на оплату 118",
	"koi8-r", "Здравствуйте!\n\nСчёт за ноябрь во вложении. Просим оплатить до пятницы.\n",
	"счёт-118.pdf", "application/pdf"},
    {"branch", "Мария Орлова", "orlova@partner.example", "ivan@example.ru",
	"Приглашение на совещание в четверг", "windows-1251",
	"Иван, добрый день!\n\nСобираемся в четверг в 11:00, повестка прежняя.\n\nМария\n", NULL, NULL},
    {"branch", "Павел Никитин", "nikitin@partner.example", "anna@example.ru, ivan@example.ru",
	"График отгрузок на декабрь", "utf-8",
	"Коллеги,\n\nпервая отгрузка 1 декабря, вторая — 15 декабря.\n", NULL, NULL},
    {"branch", "Jane Miller", "jane@supplier.example", "anna@example.ru",
	"Minutes of our meeting, 19 November", "us-ascii",
	"Hello Anna,\n\nplease find our notes below. Delivery stays at six weeks.\n\nJane\n", NULL, NULL},
    {"branch", "Склад", "sklad@partner.example", "anna@example.ru", "Фото со склада", "windows-1251",
	"Паллеты пришли, смотрите снимок.\n", "склад.png", "image/png"},
    {"branch", "Online shop", "hello@shop.example", "info@example.ru", "Whom may we ask about delivery?",
	"us-ascii", "Dear Sir or Madam,\n\nwho deals with deliveries at your office?\n", NULL, NULL},
    {"branch", "Ольга Белова", "belova@audit.example", "buh@example.ru", "Акт сверки за III квартал",
	"koi8-r", "Ольга, посмотрите, пожалуйста, акт. Расхождение в строке 7.\n", "akt.pdf",
	"application/pdf"},
    {"sales", "ООО «Ромашка»", "zakaz@romashka.example", "sales@example.ru",
	"Заказ № 4471: 20 мониторов", "windows-1251",
	"Просим поставить 20 мониторов до 10 декабря.\n", NULL, NULL},
    {"sales", "Blue Harbour Ltd", "buying@harbour.example", "sales@example.ru",
	"Order 4472: 12 keyboards", "us-ascii", "Please confirm price and date.\n", NULL, NULL},
    {"sales", "Тимур Ахметов", "timur@client.example", "sales@example.ru", "Какие сейчас цены на бумагу?",
	"koi8-r", "Добрый день! Пришлите, пожалуйста, прайс-лист.\n", NULL, NULL},
    {"personal", "Железная дорога", "noreply@train.example", "personal@example.ru",
	"Ваш билет: Москва — Казань", "utf-8", "Поезд 024, вагон 7, место 15. Билет во вложении.\n",
	"ticket.pdf", "application/pdf"},
    {"personal", "Peter", "peter@friends.example", "personal@example.ru", "Lunch on Friday?", "us-ascii",
	"Same place, half past twelve?\n", NULL, NULL},
};

static const struct letter late = {"branch", "Юлия Сомова", "somova@partner.example",
    "ivan@example.ru", "Договор подписан", "utf-8", "Иван, договор подписан, оригинал отправили курьером.\n",
    NULL, NULL};

/* --- writing a letter */

static int convert(const char *charset, const char *text, struct buf *out, struct error *error)
{
	iconv_t cd = iconv_open(charset, "UTF-8");
	char room[4096], *from = (char *)text, *to = room;
	size_t left = strlen(text), space = sizeof(room), done;

	if (cd == (iconv_t)-1)
		return error_errno(error, N_("iconv %s"), charset);
	done = iconv(cd, &from, &left, &to, &space);
	iconv_close(cd);
	if (done == (size_t)-1)
		return error_errno(error, N_("iconv %s"), charset);
	return buf_append(out, room, sizeof(room) - space);
}

static void append_base64(struct buf *out, struct slice bytes)
{
	unsigned char line[80];

	for (size_t at = 0; at < bytes.len; at += 54) {
		size_t part = bytes.len - at < 54 ? bytes.len - at : 54;
		int len = EVP_EncodeBlock(line, (const unsigned char *)bytes.ptr + at, (int)part);

		buf_append(out, line, (size_t)len);
		buf_append_text(out, "\r\n");
	}
}

/* An encoded word in the letter's own charset (RFC 2047); the samples are short enough for one. */
static int append_word(struct buf *out, const char *charset, const char *text, struct error *error)
{
	struct buf raw = BUF_INIT(256);
	unsigned char coded[512];
	int result;

	if (strcmp(charset, "us-ascii") == 0)
		return buf_append_text(out, text);
	result = convert(charset, text, &raw, error);
	if (result == 0) {
		EVP_EncodeBlock(coded, (const unsigned char *)raw.ptr, (int)raw.len);
		buf_printf(out, "=?%s?B?%s?=", charset, coded);
	}
	buf_clear(&raw);
	return result;
}

static int append_head(struct buf *out, const struct letter *letter, const char *id,
    struct error *error)
{
	char date[64];

	buf_append_text(out, "From: ");
	if (append_word(out, letter->charset, letter->from_name, error) != 0)
		return -1;
	buf_printf(out, " <%s>\r\nTo: %s\r\nSubject: ", letter->from, letter->to);
	if (append_word(out, letter->charset, letter->subject, error) != 0)
		return -1;
	return buf_printf(out, "\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n",
	    clock_rfc5322(date, sizeof(date), clock_wall() - 3600), id, strchr(letter->from, '@') + 1);
}

/* Header of a text part and its lines with CRLF. */
static int append_text(struct buf *out, const struct letter *letter, struct error *error)
{
	struct slice rest = slice_of(letter->text);
	bool is_ascii = strcmp(letter->charset, "us-ascii") == 0;

	buf_printf(out, "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    letter->charset, is_ascii ? "7bit" : "8bit");
	while (rest.len > 0) {
		char *line = slice_dup(slice_cut(&rest, '\n'));
		int result = convert(letter->charset, line, out, error);

		free(line);
		if (result != 0)
			return -1;
		buf_append_text(out, "\r\n");
	}
	return 0;
}

/* A dummy document, or a real image of one pixel. */
static struct slice attachment(const struct letter *letter)
{
	static const char png[] =
	    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9c"
	    "c\xf8\xcf\xc0\xf0\x1f\0\5\0\1\xff\x56\xc7\x2f\r\0\0\0\0IEND\xae\x42\x60\x82";
	static char pdf[6000];

	if (strcmp(letter->type, "image/png") == 0)
		return slice_make(png, sizeof(png) - 1);
	memset(pdf, '\n', sizeof(pdf));
	memcpy(pdf, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", 15);
	memcpy(pdf + sizeof(pdf) - 6, "%%EOF\n", 6);
	return slice_make(pdf, sizeof(pdf));
}

static int append_parts(struct buf *out, const struct letter *letter, struct error *error)
{
	buf_append_text(out,
	    "Content-Type: multipart/mixed; boundary=\"=-demo\"\r\n\r\n--=-demo\r\n");
	if (append_text(out, letter, error) != 0)
		return -1;
	buf_printf(out, "--=-demo\r\nContent-Type: %s; name=\"", letter->type);
	if (append_word(out, letter->charset, letter->file, error) != 0)
		return -1;
	buf_append_text(out, "\"\r\nContent-Transfer-Encoding: base64\r\n"
			     "Content-Disposition: attachment\r\n\r\n");
	append_base64(out, attachment(letter));
	return buf_append_text(out, "--=-demo--\r\n");
}

static int deliver(const struct conf *provider, const struct letter *letter, struct error *error)
{
	struct msgid id = msgid_new();
	struct buf text = BUF_INIT(LETTER_MAX);
	int result = append_head(&text, letter, id.text, error);

	if (result == 0)
		result = letter->file == NULL ? append_text(&text, letter, error)
					      : append_parts(&text, letter, error);
	if (result == 0) {
		struct slice bytes = buf_slice(&text);
		char *name = maildir_name(clock_wall(), &id, provider->gateway.hostname, text.len);

		result = maildir_deliver(SPOOL_OF(provider), &(struct maildir_target){letter->mailbox, name, NULL}, &bytes, 1, error);
		free(name);
	}
	buf_clear(&text);
	return result;
}

int demo_fill(const struct conf *provider, size_t *count, struct error *error)
{
	*count = 0;
	for (size_t i = 0; i < provider->user_count; i++)
		if (mailbox_make(SPOOL_OF(provider), provider->users[i].name, error) != 0)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(letters); i++, ++*count)
		if (deliver(provider, &letters[i], error) != 0)
			return -1;
	return 0;
}

int demo_deliver_late(const struct conf *provider, struct error *error)
{
	return deliver(provider, &late, error);
}
