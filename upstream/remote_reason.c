#include "upstream/remote_reason.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/i18n.h"

#include <openssl/x509_vfy.h>

static const char other_name[] = N_("it was issued for another name");

/* OpenSSL's results of a certificate check. */
static const struct {
	long result;
	const char *word;
} certificates[] = {
    {X509_V_OK, other_name}, /* libcurl compares that itself, and leaves one of these */
    {X509_V_ERR_UNSPECIFIED, other_name},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, other_name},
    {X509_V_ERR_HOSTNAME_MISMATCH, other_name},
    {X509_V_ERR_CERT_HAS_EXPIRED, N_("it has expired")},
    {X509_V_ERR_CERT_NOT_YET_VALID, N_("it is not valid yet; check the clock")},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, N_("it is self-signed")},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, N_("its certificate authority is unknown")},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, N_("its certificate authority is unknown")},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, N_("its certificate authority is unknown")},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, N_("its certificate authority is unknown")},
    {X509_V_ERR_CERT_REVOKED, N_("it was revoked")},
    {X509_V_ERR_EE_KEY_TOO_SMALL, N_("its key is too weak")},
    {X509_V_ERR_CA_MD_TOO_WEAK, N_("its signature is too weak")},
    {X509_V_ERR_INVALID_PURPOSE, N_("it was not issued for a server")},
};

static const struct {
	CURLcode code;
	const char *word;
} codes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, N_("host name not found")},
    {CURLE_COULDNT_RESOLVE_PROXY, N_("the host name of the proxy was not found")},
    {CURLE_PROXY, N_("the proxy refuses the connection")},
    {CURLE_OPERATION_TIMEDOUT, N_("timed out")},
    {CURLE_GOT_NOTHING, N_("connection lost")},
    {CURLE_RECV_ERROR, N_("connection lost")},
    {CURLE_SEND_ERROR, N_("connection lost")},
    {CURLE_WEIRD_SERVER_REPLY, N_("invalid reply")},
    {CURLE_SSL_CONNECT_ERROR, N_("no common encryption method")},
    {CURLE_SSL_CACERT_BADFILE, N_("it is not a PEM file with certificates")},
    {CURLE_UNSUPPORTED_PROTOCOL, N_("unknown protocol")},
    {CURLE_URL_MALFORMAT, N_("it is not a URL")},
};

static const char *certificate_word(CURL *curl)
{
	long result = X509_V_OK;

	curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &result);
	for (size_t i = 0; i < ARRAY_LEN(certificates); i++)
		if (certificates[i].result == result)
			return certificates[i].word;
	return N_("its certificate chain cannot be verified");
}

bool remote_reason_is_name(CURL *curl, CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION && certificate_word(curl) == other_name;
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
