#include "upstream/remote_reason.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/i18n.h"

#include <openssl/x509_vfy.h>

/* What OpenSSL says of a certificate. */
static const struct {
	long result;
	const char *word;
} certificates[] = {
    {X509_V_OK, N_("it is for another name")}, /* libcurl compares that itself */
    {X509_V_ERR_HOSTNAME_MISMATCH, N_("it is for another name")},
    {X509_V_ERR_CERT_HAS_EXPIRED, N_("it has expired")},
    {X509_V_ERR_CERT_NOT_YET_VALID, N_("it is not valid yet: is the clock right?")},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, N_("it is self-signed")},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, N_("its authority is not known here")},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, N_("its authority is not known here")},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, N_("its authority is not known here")},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, N_("its authority is not known here")},
    {X509_V_ERR_CERT_REVOKED, N_("it was revoked")},
    {X509_V_ERR_EE_KEY_TOO_SMALL, N_("its key is too weak")},
    {X509_V_ERR_CA_MD_TOO_WEAK, N_("its signature is too weak")},
    {X509_V_ERR_INVALID_PURPOSE, N_("it is not a server's")},
};

static const struct {
	CURLcode code;
	const char *word;
} codes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, N_("its name cannot be found")},
    {CURLE_COULDNT_RESOLVE_PROXY, N_("the name of the proxy cannot be found")},
    {CURLE_PROXY, N_("the proxy does not let us through")},
    {CURLE_OPERATION_TIMEDOUT, N_("no answer in time")},
    {CURLE_GOT_NOTHING, N_("the connection broke")},
    {CURLE_RECV_ERROR, N_("the connection broke")},
    {CURLE_SEND_ERROR, N_("the connection broke")},
    {CURLE_WEIRD_SERVER_REPLY, N_("its answer is not one of the protocol")},
    {CURLE_SSL_CONNECT_ERROR, N_("no encryption could be agreed on")},
    {CURLE_SSL_CACERT_BADFILE, N_("it is not a file of certificates in PEM form")},
    {CURLE_UNSUPPORTED_PROTOCOL, N_("its protocol is not known")},
    {CURLE_URL_MALFORMAT, N_("it is not a URL")},
};

static const char *certificate_word(CURL *curl)
{
	long result = X509_V_OK;

	curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &result);
	for (size_t i = 0; i < ARRAY_LEN(certificates); i++)
		if (certificates[i].result == result)
			return certificates[i].word;
	return N_("its chain cannot be verified");
}

const char *remote_reason(CURL *curl, CURLcode code)
{
	long number = 0;

	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return certificate_word(curl);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].word;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	return number != 0 ? error_errno_word((int)number) : N_("the connection failed");
}
