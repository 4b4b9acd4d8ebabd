/* The key behind message/dkim/dkim.h. */
#ifndef LANPOST_MESSAGE_DKIM_KEY_H
#define LANPOST_MESSAGE_DKIM_KEY_H

#include "message/dkim/dkim.h"

#include <openssl/evp.h>

struct dkim_key {
	EVP_PKEY *pkey;
	bool is_ed25519;
};

#endif
