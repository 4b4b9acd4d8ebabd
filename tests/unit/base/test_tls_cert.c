/* The self-signed certificate: its names, its renewal, and that its key is kept. */
#include "base/tls/tls.h"

#include "base/alloc.h"
#include "base/net/lan_address.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/remove_tree.h"

static char folder[64];

static int open_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/lanpost-cert-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int close_folder(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static void make(const char *text)
{
	struct strlist names = {NULL, 0};
	struct slice rest = slice_of(text);
	struct error error;

	while (rest.len > 0) {
		char *name = slice_dup(slice_cut(&rest, ' '));

		strlist_add(&names, name);
		free(name);
	}
	if (tls_make_certificate(folder, &names, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	strlist_clear(&names);
}

static FILE *open_file(const char *name, const char *mode)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *file = fopen(path, mode);

	free(path);
	assert_non_null(file);
	return file;
}

static X509 *certificate(void)
{
	FILE *file = open_file("cert.pem", "r");
	X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(cert);
	return cert;
}

static EVP_PKEY *private_key(void)
{
	FILE *file = open_file("key.pem", "r");
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);

	fclose(file);
	assert_non_null(key);
	return key;
}

static bool names_host(X509 *cert, const char *host)
{
	return X509_check_host(cert, host, 0, 0, NULL) == 1;
}

static bool names_address(X509 *cert, const char *address)
{
	return X509_check_ip_asc(cert, address, 0) == 1;
}

/* Writes a certificate that expires in this many seconds; issuer NULL: self-signed. */
static void put(long seconds, const char *issuer)
{
	EVP_PKEY *key = private_key(), *other = issuer == NULL ? NULL : EVP_EC_gen("P-256");
	X509 *cert = certificate();
	FILE *file;

	X509_gmtime_adj(X509_getm_notAfter(cert), seconds);
	if (issuer != NULL) {
		X509_NAME *name = X509_NAME_new();

		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)issuer, -1, -1, 0);
		X509_set_issuer_name(cert, name);
		X509_NAME_free(name);
	}
	assert_true(X509_sign(cert, other != NULL ? other : key, EVP_sha256()) > 0);
	file = open_file("cert.pem", "w");
	PEM_write_X509(file, cert);
	fclose(file);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	X509_free(cert);
}

static void test_it_names_what_people_type(void **state)
{
	X509 *cert;

	(void)state;
	make("gw.office.lan gw localhost 127.0.0.1 ::1 192.168.1.5 bad,name fd00::5");
	cert = certificate();
	assert_true(names_host(cert, "gw.office.lan") && names_host(cert, "gw") && names_host(cert, "localhost"));
	assert_true(names_address(cert, "192.168.1.5") && names_address(cert, "127.0.0.1") && names_address(cert, "::1") &&
		    names_address(cert, "fd00::5"));
	assert_false(names_address(cert, "192.168.1.6") || names_host(cert, "bad"));
	X509_free(cert);
}

static void test_it_is_made_again_with_the_same_key(void **state)
{
	X509 *first, *same, *second, *back;

	(void)state;
	make("gw 192.168.1.5");
	first = certificate();
	make("gw 192.168.1.5");
	same = certificate();
	assert_int_equal(X509_cmp(first, same), 0);
	make("gw 10.0.0.9");
	second = certificate();
	assert_true(X509_cmp(first, second) != 0 && names_address(second, "10.0.0.9") && names_address(second, "192.168.1.5"));
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)), 1);
	make("gw 192.168.1.5"); /* back in the first network: no third certificate */
	back = certificate();
	assert_int_equal(X509_cmp(second, back), 0);
	X509_free(first);
	X509_free(same);
	X509_free(second);
	X509_free(back);
}

static void test_it_is_made_again_before_it_ends(void **state)
{
	X509 *cert, *after;

	(void)state;
	make("gw");
	put(20L * 24 * 3600, NULL);
	cert = certificate();
	make("gw");
	after = certificate();
	assert_true(X509_cmp(cert, after) != 0);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), X509_get0_pubkey(after)), 1);
	X509_free(cert);
	X509_free(after);
}

static void test_another_s_certificate_stays(void **state)
{
	X509 *cert, *after;

	(void)state;
	make("gw");
	put(3600, "An authority");
	cert = certificate();
	make("gw 10.0.0.9");
	after = certificate();
	assert_int_equal(X509_cmp(cert, after), 0);
	X509_free(cert);
	X509_free(after);
}

static void test_names_are_bounded(void **state)
{
	X509 *cert;
	char name[32];

	(void)state;
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "gw 10.0.0.%d", i);
		make(name);
	}
	cert = certificate();
	assert_true(names_address(cert, "10.0.0.59") && names_host(cert, "gw") && !names_address(cert, "10.0.0.1"));
	X509_free(cert);
}

static void test_addresses_of_the_lan(void **state)
{
	struct strlist addresses = {NULL, 0};

	(void)state;
	lan_addresses(&addresses);
	assert_false(strlist_has(&addresses, "127.0.0.1"));
	assert_false(lan_knows("localhost"));
	strlist_clear(&addresses);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_folder, close_folder)
	static const struct CMUnitTest tests[] = {
	    TEST(test_it_names_what_people_type),
	    TEST(test_it_is_made_again_with_the_same_key),
	    TEST(test_it_is_made_again_before_it_ends),
	    TEST(test_another_s_certificate_stays),
	    TEST(test_names_are_bounded),
	    TEST(test_addresses_of_the_lan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
