/* What the files of base/tls share. */
#ifndef LANPOST_BASE_TLS_PRIV_H
#define LANPOST_BASE_TLS_PRIV_H

#include "base/tls.h"

#include <openssl/ssl.h>

struct tls {
	SSL *ssl;
};

#endif
