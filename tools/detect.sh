#!/bin/sh
# Prints make variables for the libraries of this machine: CFLAGS_LIBS and LDLIBS.
# Usage: CC=gcc PKG_CONFIG=pkg-config detect.sh
set -eu
CC=${CC:-cc} PKG_CONFIG=${PKG_CONFIG:-pkg-config}
modules='libcurl openssl zlib sqlite3 libpcre2-8 jansson libcrypt ncursesw libqrencode libarchive libmagic libseccomp libjpeg'
$PKG_CONFIG --print-errors --exists $modules || { echo "detect: run 'make deps' first" >&2; exit 1; }
cflags=$($PKG_CONFIG --cflags $modules)
libs=$($PKG_CONFIG --libs $modules)

links() { # links FLAGS: does the program on standard input build with them?
    $CC $cflags -x c - -o /dev/null "$@" 2>/dev/null
}

# Sizes of files, and times (after 2038), with 64 bits where a long has 32. The libraries of Debian's i386 keep times of 32 bits; the times
# that are passed to them (base/file/archive.c, base/tls/tls_cert.c) have their lower half where they are read.
if printf 'int long_has_32_bits[sizeof(long) == 4 ? 1 : -1];\nint main(void) { return 0; }\n' | links; then
    cflags="$cflags -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"
fi

# iniparser 4.1 has no pkg-config file, and Debian keeps its header in a folder of its own.
if $PKG_CONFIG --exists iniparser; then
    cflags="$cflags $($PKG_CONFIG --cflags iniparser)"
    libs="$libs $($PKG_CONFIG --libs iniparser)"
else
    libs="$libs -liniparser"
fi
if printf '#include <iniparser/iniparser.h>\nint main(void) { return 0; }\n' | links; then
    cflags="$cflags -DLANPOST_INIPARSER_IN_FOLDER"
fi

# libunistring has no pkg-config file in any release.
libs="$libs -lunistring"

# iconv: glibc has it built in; elsewhere GNU libiconv renames the symbols by macro.
iconv='#include <iconv.h>\nint main(void) { return iconv_open("UTF-8", "KOI8-R") == (iconv_t)-1; }\n'
if printf "$iconv" | links; then
    :
elif printf "$iconv" | links -liconv; then
    libs="$libs -liconv"
else
    echo 'detect: no iconv in the C library and no libiconv' >&2
    exit 1
fi
# gettext is in glibc too, in libintl elsewhere.
if ! printf '#include <libintl.h>\nint main(void) { return gettext("") == 0; }\n' | links; then
    libs="$libs -lintl"
fi
echo "CFLAGS_LIBS = $cflags"
echo "LDLIBS = $libs -lpthread"
