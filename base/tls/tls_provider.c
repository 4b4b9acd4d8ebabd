#include "base/tls/tls_provider.h"

#include "base/alloc.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#define SIGNER_PARAM "lanpost-signer"

typedef void (*function)(void);

/* The public half is an OpenSSL key in the default library context, which does everything that needs no secret. */
struct key {
	const char *type;
	EVP_PKEY *public_half; /* NULL: empty */
	const struct tls_signer *signer;	       /* NULL: no signer */
	unsigned char id[TLS_KEY_ID_LEN];
};

/* --- keys */

static void *key_new(const char *type)
{
	struct key *key = xcalloc(1, sizeof(*key));

	key->type = type;
	return key;
}

static void *rsa_new(void *provider)
{
	(void)provider;
	return key_new("RSA");
}

static void *pss_new(void *provider)
{
	(void)provider;
	return key_new("RSA-PSS");
}

static void *ec_new(void *provider)
{
	(void)provider;
	return key_new("EC");
}

static void *ed25519_new(void *provider)
{
	(void)provider;
	return key_new("ED25519");
}

static void *ed448_new(void *provider)
{
	(void)provider;
	return key_new("ED448");
}

static void key_free(void *context)
{
	struct key *key = context;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->public_half);
	free(key);
}

/* The private half exists, in another process. */
static int key_has(const void *context, int selection)
{
	const struct key *key = context;

	return key != NULL && key->public_half != NULL && (!(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) || key->signer != NULL);
}

static int key_match(const void *one, const void *other, int selection)
{
	(void)selection;
	return EVP_PKEY_eq(((const struct key *)one)->public_half, ((const struct key *)other)->public_half) == 1;
}

static int key_import(void *context, int selection, const OSSL_PARAM params[])
{
	const OSSL_PARAM *signer = OSSL_PARAM_locate_const(params, SIGNER_PARAM);
	struct key *key = context;
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, key->type, NULL);
	int done = maker != NULL && EVP_PKEY_fromdata_init(maker) == 1 &&
		   EVP_PKEY_fromdata(maker, &key->public_half, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) == 1 &&
		   tls_key_id(key->public_half, key->id);

	(void)selection;
	EVP_PKEY_CTX_free(maker);
	if (signer != NULL && signer->data_size == sizeof(key->signer))
		memcpy(&key->signer, signer->data, sizeof(key->signer));
	return done;
}

/* Signatures with the private half are made only here. */
static int key_export(void *context, int selection, OSSL_CALLBACK *callback, void *arg)
{
	const struct key *key = context;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) || key->public_half == NULL)
		return 0;
	return EVP_PKEY_export(key->public_half, EVP_PKEY_PUBLIC_KEY, callback, arg);
}

static const OSSL_PARAM *key_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_octet_string(SIGNER_PARAM, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)selection;
	return types;
}

static int key_get_params(void *context, OSSL_PARAM params[])
{
	const struct key *key = context;

	return EVP_PKEY_get_params(key->public_half, params);
}

static const OSSL_PARAM *key_gettable(void *provider)
{
	static const OSSL_PARAM gettable[] = {
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)provider;
	return gettable;
}

static const char *rsa_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static const char *ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "ECDH";
}

#define KEY_FUNCTIONS(make)                                             \
	{OSSL_FUNC_KEYMGMT_NEW, (function)(make)},                      \
	{OSSL_FUNC_KEYMGMT_FREE, (function)key_free},                   \
	{OSSL_FUNC_KEYMGMT_HAS, (function)key_has},                     \
	{OSSL_FUNC_KEYMGMT_MATCH, (function)key_match},                 \
	{OSSL_FUNC_KEYMGMT_IMPORT, (function)key_import},               \
	{OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (function)key_types},          \
	{OSSL_FUNC_KEYMGMT_EXPORT, (function)key_export},               \
	{OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (function)key_types},          \
	{OSSL_FUNC_KEYMGMT_GET_PARAMS, (function)key_get_params},       \
	{OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (function)key_gettable}

static const OSSL_DISPATCH rsa_keys[] = {
    KEY_FUNCTIONS(rsa_new), {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (function)rsa_operation}, {0, NULL}};
static const OSSL_DISPATCH pss_keys[] = {
    KEY_FUNCTIONS(pss_new), {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (function)rsa_operation}, {0, NULL}};
static const OSSL_DISPATCH ec_keys[] = {
    KEY_FUNCTIONS(ec_new), {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (function)ec_operation}, {0, NULL}};
static const OSSL_DISPATCH ed25519_keys[] = {KEY_FUNCTIONS(ed25519_new), {0, NULL}};
static const OSSL_DISPATCH ed448_keys[] = {KEY_FUNCTIONS(ed448_new), {0, NULL}};

/* --- signatures */

struct signing {
	struct key *key;
	char hash[TLS_SCHEME_MAX];
	bool is_pss;
};

static void *signing_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return xcalloc(1, sizeof(struct signing));
}

static void signing_free(void *context)
{
	free(context);
}

/* The padding is a number or a word; the length of the salt is always that of TLS. */
static int signing_set(void *context, const OSSL_PARAM params[])
{
	const OSSL_PARAM *padding = params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	struct signing *signing = context;
	const char *word;
	int number;

	if (padding == NULL)
		return 1;
	if (padding->data_type == OSSL_PARAM_UTF8_STRING && OSSL_PARAM_get_utf8_string_ptr(padding, &word) == 1)
		signing->is_pss = strcmp(word, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(padding, &number) == 1)
		signing->is_pss = number == RSA_PKCS1_PSS_PADDING;
	return 1;
}

static const OSSL_PARAM *signing_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return settable;
}

static int signing_init(void *context, const char *hash, void *key, const OSSL_PARAM params[])
{
	struct signing *signing = context;
	size_t len = hash == NULL ? 0 : strlen(hash);

	if (key == NULL || len >= sizeof(signing->hash))
		return 0;
	*signing = (struct signing){.key = key};
	signing->is_pss = strcmp(signing->key->type, "RSA-PSS") == 0;
	if (hash != NULL)
		memcpy(signing->hash, hash, len + 1);
	return signing_set(context, params);
}

static int signing_sign(void *context, unsigned char *out, size_t *out_len, size_t out_size, const unsigned char *bytes, size_t len)
{
	const struct signing *signing = context;
	const struct key *key = signing->key;
	struct buf scheme = BUF_INIT(TLS_SCHEME_MAX), signature = BUF_INIT(TLS_SIGNATURE_MAX);
	int done = 0;

	if (key == NULL || key->signer == NULL)
		return 0;
	if (out == NULL) {
		*out_len = (size_t)EVP_PKEY_get_size(key->public_half);
		return 1;
	}
	buf_printf(&scheme, "%s%s", signing->hash, signing->is_pss ? " pss" : "");
	if (key->signer->sign(key->signer->context, key->id, slice_of(buf_text(&scheme)), slice_make((const char *)bytes, len), &signature) &&
	    signature.len > 0 && signature.len <= out_size) {
		memcpy(out, signature.ptr, signature.len);
		*out_len = signature.len;
		done = 1;
	}
	buf_clear(&scheme);
	buf_clear(&signature);
	return done;
}

static const OSSL_DISPATCH signatures[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (function)signing_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (function)signing_free},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (function)signing_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (function)signing_sign},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (function)signing_set},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (function)signing_settable},
    {0, NULL},
};

/* --- the provider */

#define PROPERTIES "provider=" TLS_PROVIDER_NAME

static const OSSL_ALGORITHM all_keys[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, rsa_keys, NULL},
    {"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", PROPERTIES, pss_keys, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROPERTIES, ec_keys, NULL},
    {"ED25519:1.3.101.112", PROPERTIES, ed25519_keys, NULL},
    {"ED448:1.3.101.113", PROPERTIES, ed448_keys, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM all_signatures[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, signatures, NULL},
    {"ECDSA", PROPERTIES, signatures, NULL},
    {"ED25519:1.3.101.112", PROPERTIES, signatures, NULL},
    {"ED448:1.3.101.113", PROPERTIES, signatures, NULL},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT ? all_keys : operation == OSSL_OP_SIGNATURE ? all_signatures : NULL;
}

int tls_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (function)query}, {0, NULL}};

	(void)in;
	*out = functions;
	*provider = (void *)handle; /* no parameters of our own, but not NULL */
	return 1;
}

EVP_PKEY *tls_provider_key(OSSL_LIB_CTX *library, EVP_PKEY *public_key, const struct tls_signer *signer)
{
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(library, EVP_PKEY_get0_type_name(public_key), PROPERTIES);
	OSSL_PARAM *public_half = NULL, *all = NULL;
	OSSL_PARAM more[] = {OSSL_PARAM_construct_octet_string(SIGNER_PARAM, &signer, sizeof(signer)), OSSL_PARAM_construct_end()};
	EVP_PKEY *key = NULL;

	if (maker != NULL && EVP_PKEY_todata(public_key, EVP_PKEY_PUBLIC_KEY, &public_half) == 1)
		all = OSSL_PARAM_merge(public_half, more);
	if (all != NULL && EVP_PKEY_fromdata_init(maker) == 1)
		EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, all);
	OSSL_PARAM_free(public_half);
	OPENSSL_free(all);
	EVP_PKEY_CTX_free(maker);
	return key;
}
