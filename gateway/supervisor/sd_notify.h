/*
 * Reports the state of the gateway to systemd (Type=notify); does nothing without systemd.
 */
#ifndef LANPOST_GATEWAY_SD_NOTIFY_H
#define LANPOST_GATEWAY_SD_NOTIFY_H

/* state: "READY=1", "RELOADING=1", "STOPPING=1" (see sd_notify(3)). */
void sd_notify_state(const char *state);

#endif
