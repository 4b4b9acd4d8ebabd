/*
 * The bytes that the kernel has counted on the line: on the interfaces with a default route.
 *
 * It counts the traffic of all programs there. A line whose default route is in another routing table has no counter here.
 */
#ifndef LANPOST_GATEWAY_LINE_COUNTERS_H
#define LANPOST_GATEWAY_LINE_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_COUNTERS_FOLDER "/proc/self/net"

struct line_counters {
	uint64_t received, sent;
};

/* folder: LINE_COUNTERS_FOLDER. Returns false if there is no default route, or no counters. */
bool line_counters_read(const char *folder, struct line_counters *counters);
/* What has been counted since `before`. Returns false if an interface has gone or begun to count again. */
bool line_counters_since(const struct line_counters *before, const struct line_counters *now, struct line_counters *difference);

#endif
