/* The key behind mail/dkim.h. */
#ifndef LANPOST_MAIL_DKIM_KEY_H
#define LANPOST_MAIL_DKIM_KEY_H

#include "mail/dkim.h"

#include <openssl/evp.h>

struct dkim_key {
	EVP_PKEY *pkey;
	bool is_ed25519;
};

#endif
