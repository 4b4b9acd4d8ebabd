# lanpost: one non-recursive Makefile. `make help` lists what it can do.
#
# B=FOLDER builds elsewhere, SAN=address,undefined builds with sanitizers,
# CC=clang with another compiler. Every .c file of a folder belongs to its
# library; the programs are their main.c plus the libraries.

B      ?= build
CC     ?= gcc
PKG_CONFIG ?= pkg-config
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SAN    ?=
TIME   ?= 20
JOBS   ?= $(shell nproc)
# Debian's own pytest, even if another python is first in the path.
PYTEST ?= $(if $(wildcard /usr/bin/pytest-3),/usr/bin/pytest-3,python3 -m pytest)

FOLDERS := base message config spool upstream mail sorter fetcher lan-server gateway ui-tui
# Linked from the top layer down, as the includes point.
LIBS    := $(foreach f,ui-tui gateway lan-server fetcher sorter mail upstream spool config message base,$(B)/lib$(f).a)
VERSION := $(shell cat VERSION)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Werror $(if $(findstring clang,$(CC)),,-Wno-format-truncation -Wno-psabi)
HARDENING := -fstack-protector-strong -fPIE
LINK_HARDENING := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifeq ($(SAN),)
OPTIMIZE ?= -O2 -D_FORTIFY_SOURCE=2
else
OPTIMIZE ?= -O1 -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
# Sanitizers have a crypt_r() that calls the real one: its library must be there, though nothing else asks for it.
LINK_HARDENING += -fsanitize=$(SAN) -Wl,--no-as-needed
CFLAGS_SAN := -DLANPOST_SANITIZED
endif
# A char has a sign on arm too: what is tested on one processor is what runs on another.
CFLAGS_ALL = -std=gnu17 -D_GNU_SOURCE -fsigned-char -I. -g $(OPTIMIZE) $(WARNINGS) \
             $(HARDENING) $(CFLAGS_SAN) -pthread -DLANPOST_VERSION='"$(VERSION)"' \
             -DLANPOST_LOCALEDIR='"$(PREFIX)/share/locale"' \
             -DLANPOST_LIBEXECDIR='"$(PREFIX)/libexec/lanpost"' \
             -DLANPOST_SYSCONFDIR='"$(SYSCONFDIR)"' $(CFLAGS_LIBS) $(CFLAGS)

.PHONY: all help deps demo test deb dist sbom try-install try-walk try-arch check tries unit system attack soak month clients replay fuzz fuzz-merge fuzz-run fuzz-merge-run clang asan tsan bench install imap-model clean po pages
all:

help:
	@echo 'make            build $(B)/lanpostd, $(B)/lanpost-lan-server and $(B)/lanpost'
	@echo 'make deps       install the Debian packages that building needs and that are missing (packages.txt)'
	@echo 'make demo       deps, build, and a whole mail session on loopback, explained'
	@echo 'make test       the packages that tests need (mail servers, none started), build, all tests'
	@echo 'make unit | system | attack | replay     parts of the tests (replay: the fuzz seeds)'
	@echo 'make fuzz TIME=20 JOBS=         fuzz each target this many seconds (clang; TARGETS="wal sasl" for some)'
	@echo 'make fuzz-merge                 take what fuzzing has found into the seeds'
	@echo 'make month                      a month of an office of 50, with bad days (LANPOST_MONTH_SEED)'
	@echo 'make soak HOURS=8               hours of mixed load: nothing grows, each message is accounted for (SOAK=--kills)'
	@echo 'make imap-model MINUTES=60      IMAP and POP3 sessions at random against a model (SAN=thread B=build-tsan)'
	@echo 'make clients                    Thunderbird, and Roundcube in Chromium, on the gateway (installs them)'
	@echo 'make asan | tsan                unit tests under sanitizers'
	@echo 'make install DESTDIR= PREFIX=   programs, manuals, service; without DESTDIR the user lanpost and its folders, too'
	@echo 'make deb        the Debian package, in the folder above'
	@echo 'make dist       the tarball of the release, its checksum and its bill of materials, in build/dist (DIST_KEY=KEY: signed)'
	@echo 'make sbom       the bill of materials (SPDX) of the built programs with their libraries, in $(B)/lanpost.spdx.json'
	@echo 'make try-install                the README'"'"'s install in clean roots of Debian 12 and 13 (as root)'
	@echo 'make try-walk                   from the package to a filtered office, as README.md and docs/filter.md say (as root)'
	@echo 'make try-arch ARCH=i386         builds and unit tests for another processor, by gcc and clang: i386, arm64, armhf (as root)'
	@echo 'make pages      refresh the pages that are made of tables'
	@echo 'make po         refresh the translations from the sources'
	@echo 'make clean'

# These run before the libraries can be looked for, so they call make again.
deps:
	@tools/deps.sh build run
demo: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(B)/lanpost demo $(DEMO)
test: deps
	@tools/deps.sh test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@tools/test.sh
deb:
	@tools/deps.sh build run package
	dpkg-buildpackage -us -uc -b $(DEB_FLAGS)
dist:
	@tools/dist.sh
try-install:
	@tests/install/try_install.py $(TRY)
try-walk:
	@tests/install/try_walk.py $(TRY)
try-arch:
	@tests/install/try_arch.py $(TRY) $(ARCH)
clean:
	rm -rf build build-*

EARLY := deps demo test deb dist try-install try-walk try-arch clean help po
ifneq ($(if $(MAKECMDGOALS),$(filter-out $(EARLY),$(MAKECMDGOALS)),all),)
include $(B)/detect.mk
endif
$(B)/detect.mk: tools/detect.sh
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' tools/detect.sh > $@.tmp && mv $@.tmp $@

# --- libraries and programs
# The files of a folder and of its subfolders.
sources = $(filter-out %/main.c %/lan_main.c,$(sort $(wildcard $(1)/*.c $(1)/*/*.c)))
objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
define library
$(B)/lib$(1).a: $$(call objects,$$(call sources,$(1)))
	@rm -f $$@
	@ar rcsD $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call library,$(f))))

$(B)/obj/%.o: %.c $(B)/detect.mk
	@mkdir -p $(@D)
	@echo '  CC   $<'
	@$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

link = $(CC) $(CFLAGS_ALL) $(LINK_HARDENING) $(LDFLAGS) $(1) -o $@ $(LIBS) $(LDLIBS)
$(B)/lanpostd: $(B)/obj/gateway/main.o $(LIBS)
	@echo '  LINK $@'
	@$(call link,$<)
$(B)/lanpost-lan-server: $(B)/obj/gateway/lan_main.o $(LIBS)
	@echo '  LINK $@'
	@$(call link,$<)
$(B)/lanpost: $(B)/obj/ui-tui/main.o $(LIBS)
	@echo '  LINK $@'
	@$(call link,$<)

# --- translations
MO := $(patsubst po/%.po,$(B)/locale/%/LC_MESSAGES/lanpost.mo,$(wildcard po/*.po))
$(B)/locale/%/LC_MESSAGES/lanpost.mo: po/%.po
	@mkdir -p $(@D)
	@msgfmt --check -o $@ $<
po:
	@mkdir -p po
	@xgettext --from-code=UTF-8 --no-location --no-wrap -k_ -kN_ -k_n:1,2 --add-comments=TRANSLATORS --package-name=lanpost -o po/lanpost.pot \
	    $(sort $(wildcard $(addsuffix /*.c,$(FOLDERS)) $(addsuffix /*/*.c,$(FOLDERS))))
	@sed -i '/^"POT-Creation-Date:/d' po/lanpost.pot
	@for po in $(wildcard po/*.po); do msgmerge -q --no-location --no-wrap --no-fuzzy-matching --backup=off -U $$po po/lanpost.pot; done

all: $(B)/lanpostd $(B)/lanpost-lan-server $(B)/lanpost $(MO)

sbom: all
	@tools/sbom.py $(B)/lanpostd $(B)/lanpost-lan-server $(B)/lanpost > $(B)/lanpost.spdx.json

# The pages that are generated from the program's tables; tests check that they are up to date.
pages_in = $(B)/lanpost --lang $(1) config-reference > $(2)/configuration.md && \
    $(B)/lanpost --lang $(1) config-reference man > $(2)/lanpost.conf.5 && \
    $(B)/lanpost --lang $(1) config-reference verbs $(2)/lanpost.1.in > $(2)/lanpost.1
pages: $(B)/lanpost $(MO)
	@$(call pages_in,en,docs)
	@$(call pages_in,ru,docs/ru)
	@tools/folders.py

# --- tests
units = $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*/test_$(1).c))
UNIT := $(call units,*)
ifneq ($(SAN),)
# They start thousands of processes, each of which takes long to start under a sanitizer; test_recover and its neighbours read the same logs.
UNIT := $(filter-out $(call units,power_*),$(UNIT))
endif
ifeq ($(SAN),thread)
# It has one thread, so no races, and takes a minute there.
UNIT := $(filter-out %/test_sorter_safety,$(UNIT))
endif
$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(LIBS)
	@mkdir -p $(@D)
	@$(call link,$<) -lcmocka
# For packagers: needs only the build's own packages, cmocka and python; without pytest the documents are left out.
check:
	@LANPOST_TEST_STEPS='lint headers unit replay documents' tools/test.sh
unit: $(UNIT)
	@tools/run-unit.sh $(UNIT)

# Actions tried from within a sandbox, for tests/system/safety/test_processes.py.
TRIES := $(patsubst %.c,$(B)/%,$(wildcard tests/processes/*.c))
$(B)/tests/processes/%: $(B)/obj/tests/processes/%.o $(LIBS)
	@mkdir -p $(@D)
	@$(call link,$<)
tries: $(TRIES)

SYSTEM ?= tests/system
system: all tries
	@LANPOST_BUILD=$(abspath $(B)) tools/run-system.sh '$(PYTEST)' $(shell expr 3 \* $(JOBS)) $(SYSTEM)

# Attacks on a running gateway.
attack:
	@$(MAKE) --no-print-directory SYSTEM=tests/attack system

# An office under mixed load for hours: nothing grows, each message is accounted for. SOAK=--kills for more.
HOURS   ?=
MINUTES ?= $(if $(HOURS),$(shell expr 60 \* $(HOURS)),10)
soak: all
	@LANPOST_BUILD=$(abspath $(B)) tests/soak/soak.py --minutes $(MINUTES) $(SOAK)

# Sessions of IMAP and POP3 at random against a model: MINUTES=60 SAN=address,undefined B=build-asan for an hour under a sanitizer.
imap-model: all
	@LANPOST_BUILD=$(abspath $(B)) LANPOST_PATIENCE=600 \
	    LANPOST_IMAP_MODEL_SECONDS=$(shell expr 60 \* $(MINUTES)) $(PYTEST) -q -s -p no:xdist tests/system/imap/test_imap_model.py

# A month in a minute: every message is accounted for at the end.
month: all
	@LANPOST_BUILD=$(abspath $(B)) LANPOST_MONTH_DAYS=30 $(PYTEST) -q -s -p no:xdist tests/system/fetch/test_month.py

# Mail programs too heavy for `make test`; see tests/clients/README.md.
clients: all
	@LANPOST_BUILD=$(abspath $(B)) tests/clients/run.sh

# Every fuzz target also replays its seeds with any compiler, as part of the tests.
FUZZED := $(wildcard tests/fuzz/*/fuzz_*.c)
TARGETS := $(patsubst fuzz_%.c,%,$(notdir $(FUZZED)))
define target
$(B)/tests/fuzz/replay_$(1) $(B)/tests/fuzz/run_$(1): $(2)
endef
$(foreach f,$(FUZZED),$(eval $(call target,$(patsubst fuzz_%.c,%,$(notdir $(f))),$(call objects,$(f)))))
$(B)/tests/fuzz/replay_%: $(B)/obj/tests/fuzz/common/replay.o $(LIBS)
	@mkdir -p $(@D)
	@$(call link,$(filter %.o,$^))
.PRECIOUS: $(B)/obj/%.o
replay: $(TARGETS:%=$(B)/tests/fuzz/replay_%)
	@for target in $(TARGETS); do $(B)/tests/fuzz/replay_$$target tests/fuzz/seeds/$$target || exit 1; done

# Fuzzing by libFuzzer (docs/fuzzing.md). The corpus grows from run to run, outside of the tree.
FUZZ_CORPUS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lanpost-fuzz
fuzz_make = $(MAKE) --no-print-directory B=build-fuzz CC=clang SAN=address,undefined \
    OPTIMIZE='-O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' FUZZ_CORPUS='$(FUZZ_CORPUS)'
fuzz:
	@+$(fuzz_make) fuzz-run
fuzz-merge:
	@+$(fuzz_make) fuzz-merge-run
$(B)/tests/fuzz/run_%: $(LIBS)
	@mkdir -p $(@D)
	@$(call link,$(filter %.o,$^)) -fsanitize=fuzzer
fuzz-run: $(TARGETS:%=$(B)/tests/fuzz/run_%)
	@tools/fuzz.sh run $(B) '$(FUZZ_CORPUS)' $(TIME) $(JOBS) $(TARGETS)
fuzz-merge-run: $(TARGETS:%=$(B)/tests/fuzz/run_%)
	@tools/fuzz.sh merge $(B) '$(FUZZ_CORPUS)' $(TARGETS)

# The warnings of clang; the objects are those of the fuzz targets.
clang:
	@+$(fuzz_make) all
# The objects are those of the fuzz targets, which run the seeds themselves.
asan:
	@+$(if $(shell command -v clang),$(fuzz_make) unit,\
	    $(MAKE) --no-print-directory B=build-asan SAN=address,undefined unit replay)
# Each process that ends sleeps a second by default, so that threads left may still race; ours are many.
tsan:
	@TSAN_OPTIONS="atexit_sleep_ms=50 $$TSAN_OPTIONS" $(MAKE) --no-print-directory B=build-tsan SAN=thread unit


# --- benchmarks (bench/README.md): the programs that the scripts run
bench: $(patsubst %.c,$(B)/%,$(wildcard bench/*.c bench/*/*.c))
$(B)/bench/%: $(B)/obj/bench/%.o $(LIBS)
	@mkdir -p $(@D)
	@$(call link,$<)

# --- install
# Manual pages and documents of another language are in docs/LANGUAGE.
MAN  := $(wildcard docs/*.[1-8])
MAN_RU := $(wildcard docs/ru/*.[1-8])
DOCS := README.md README.ru.md NEWS $(wildcard docs/*.md)
# systemd looks below /usr and below /usr/local.
UNITDIR ?= $(PREFIX)/lib/systemd/system
SHARE = $(DESTDIR)$(PREFIX)/share
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(SHARE)/doc/lanpost $(SHARE)/lanpost \
	    $(SHARE)/bash-completion/completions $(SHARE)/zsh/vendor-completions $(SHARE)/fish/vendor_completions.d $(DESTDIR)$(UNITDIR)
	install -m 755 $(B)/lanpost $(DESTDIR)$(PREFIX)/bin/lanpost
	install -m 755 $(B)/lanpostd $(DESTDIR)$(PREFIX)/sbin/lanpostd
	install -D -m 755 $(B)/lanpost-lan-server $(DESTDIR)$(PREFIX)/libexec/lanpost/lanpost-lan-server
	for page in $(MAN); do install -D -m 644 $$page $(SHARE)/man/man$${page##*.}/$${page##*/}; done
	for page in $(MAN_RU); do install -D -m 644 $$page $(SHARE)/man/ru/man$${page##*.}/$${page##*/}; done
	for mo in $(MO:$(B)/%=%); do install -D -m 644 $(B)/$$mo $(SHARE)/$$mo; done
	$(B)/lanpost completion bash > $(SHARE)/bash-completion/completions/lanpost
	$(B)/lanpost completion zsh > $(SHARE)/zsh/vendor-completions/_lanpost
	$(B)/lanpost completion fish > $(SHARE)/fish/vendor_completions.d/lanpost.fish
	install -m 644 $(DOCS) spool/QUEUE.md $(SHARE)/doc/lanpost/
	install -D -m 644 -t $(SHARE)/doc/lanpost/ru $(wildcard docs/ru/*.md)
	install -m 644 docs/lanpost.conf.sample $(SHARE)/lanpost/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|' debian/lanpost.service.in > $(DESTDIR)$(UNITDIR)/lanpost.service
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" -ne 0 ] || PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' debian/postinst configure

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
